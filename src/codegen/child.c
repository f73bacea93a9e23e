/* SPDX-License-Identifier: MIT */
#include "codegen/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status.h"

extern char **environ;

static int spawn(const char *program, int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    char *const args[] = {(char *)program, NULL};

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    int rc = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (rc == 0) {
        rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    }
    if (rc == 0) {
        rc = posix_spawnp(pid, program, &actions, NULL, args, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* "protoc-gen-c" in the folder of our own program; false if that cannot be told. */
static bool beside_us(char *path, size_t size)
{
    char own[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own));

    if (len <= 0 || (size_t)len >= sizeof(own)) {
        return false;
    }
    while (len > 0 && own[len - 1] != '/') {
        len--;
    }
    int n = snprintf(path, size, "%.*sprotoc-gen-c", (int)len, own);
    return n > 0 && (size_t)n < size;
}

static int start(int in, int out, pid_t *pid, struct ugrpc_status *st)
{
    const char *program = getenv("PROTOC_GEN_C");
    char path[PATH_MAX];
    int rc = spawn(program && *program ? program : "protoc-gen-c", in, out, pid);

    if (rc == ENOENT && !(program && *program) && beside_us(path, sizeof(path))) {
        rc = spawn(path, in, out, pid);
    }
    if (rc != 0) {
        return status_set(st, UGRPC_UNAVAILABLE, "cannot run %s: %s%s",
            program && *program ? program : "protoc-gen-c", strerror(rc),
            rc == ENOENT ? " (Debian has it in protobuf-c-compiler)" : "");
    }
    return 0;
}

/* Writes and reads at once, so that neither side waits for the other for ever. Takes both descriptors. */
static bool exchange(int to, int from, const struct text *input, struct text *output)
{
    size_t written = 0;
    bool ok = fcntl(to, F_SETFL, O_NONBLOCK) == 0;

    while (ok) {
        if (to >= 0 && written == input->len) {
            close(to);
            to = -1;
        }
        struct pollfd fds[] = {{.fd = from, .events = POLLIN}, {.fd = to, .events = POLLOUT}};
        if (poll(fds, 2, -1) < 0) {
            ok = errno == EINTR;
            continue;
        }
        if (fds[1].revents) {
            ssize_t n = write(to, input->data + written, input->len - written);
            ok = n >= 0 || errno == EAGAIN || errno == EINTR;
            written += n > 0 ? (size_t)n : 0;
        }
        if (fds[0].revents) {
            char chunk[16384];
            ssize_t n = read(from, chunk, sizeof(chunk));
            if (n == 0) {
                break;
            }
            ok = ok && (n > 0 || errno == EINTR);
            text_add(output, chunk, n > 0 ? (size_t)n : 0);
        }
    }
    if (to >= 0) {
        close(to);
    }
    close(from);
    return ok;
}

int child_run(const struct text *input, struct text *output, struct ugrpc_status *st)
{
    int to[2];
    int from[2];
    pid_t pid = -1;

    if (pipe2(to, O_CLOEXEC) != 0) {
        return status_set(st, UGRPC_INTERNAL, "cannot make a pipe: %s", strerror(errno));
    }
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return status_set(st, UGRPC_INTERNAL, "cannot make a pipe: %s", strerror(errno));
    }
    int rc = start(to[0], from[1], &pid, st);
    close(to[0]);
    close(from[1]);
    if (rc != 0) {
        close(to[1]);
        close(from[0]);
        return rc;
    }
    bool ok = exchange(to[1], from[0], input, output);
    int ended = 0;
    while (waitpid(pid, &ended, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
        return status_set(st, UGRPC_INTERNAL, "protoc-gen-c failed (%s %d)",
            WIFEXITED(ended) ? "exit status" : "signal",
            WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended));
    }
    return ok ? 0 : status_set(st, UGRPC_INTERNAL, "protoc-gen-c did not read its request");
}
