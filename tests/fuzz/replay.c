/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over every file of the folders named, without a fuzzer: what once broke stays mended. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    static uint8_t buffer[1 << 20];
    size_t size = fread(buffer, 1, sizeof(buffer), file);
    int failed = ferror(file);
    fclose(file);
    if (failed) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return -1;
    }
    uint8_t *data = input_copy((struct input){buffer, size});
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int replay_folder(const char *folder, int *count)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    int rc = n < 0 ? -1 : 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && rc == 0) {
            rc = replay_file(path);
            (*count)++;
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return rc;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (replay_folder(argv[i], &count) != 0) {
            return 1;
        }
    }
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
