/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "codegen/child.h"
#include "codegen/plugin.h"

static const char help[] =
    "protoc-gen-ugrpc: makes C for gRPC servers of .proto files. It is a plugin, run by protoc:\n"
    "\n"
    "    protoc --ugrpc_out=DIR greet.proto\n"
    "\n"
    "writes greet.pb-c.h and .c (the messages, by protobuf-c) and greet.ugrpc.h and .c (short names,\n"
    "presence, services). Compile both .c files and link libugrpc and libprotobuf-c.\n"
    "\n"
    "    --ugrpc_opt=map=PACKAGE=C_PACKAGE   C names of PACKAGE, and of packages inside it, begin with\n"
    "                                        C_PACKAGE instead; repeatable, the longest match counts\n"
    "\n"
    "Environment: PROTOC_GEN_C is the program that writes the messages (default: protoc-gen-c on the PATH,\n"
    "or beside this program).\n";

static bool read_all(int fd, struct text *text)
{
    char chunk[65536];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n == 0) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
        text_add(text, chunk, n > 0 ? (size_t)n : 0);
    }
}

static int work(struct arena *arena)
{
    struct text input = {.arena = arena};
    struct text output = {.arena = arena};
    struct ugrpc_status st = {0};

    text_puts(&input, "");
    if (!read_all(STDIN_FILENO, &input)) {
        fprintf(stderr, "protoc-gen-ugrpc: cannot read stdin: %s\n", strerror(errno));
        return 1;
    }
    if (plugin_run(&input, child_run, &output, &st) != 0) {
        fprintf(stderr, "protoc-gen-ugrpc: %s\n", st.message);
        return 1;
    }
    if (fwrite(output.data, 1, output.len, stdout) != output.len || fflush(stdout) != 0) {
        fprintf(stderr, "protoc-gen-ugrpc: cannot write stdout: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("protoc-gen-ugrpc " UGRPC_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (argc > 1) {
        fprintf(stderr, "protoc-gen-ugrpc: unknown argument \"%s\": try --help\n", argv[1]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a generator that died early is told by its exit status */
    struct arena arena = {0};
    int rc = work(&arena);
    arena_done(&arena);
    return rc;
}
