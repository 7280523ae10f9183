/* Starts one program and says what it cost: `launch [-c ROOT] PROGRAM ARGUMENTS...`.
 *
 * The clock stands around vfork, exec and wait alone, in a process of a few pages, and the chroot is entered before it
 * starts: so every tool pays the same for being started, inside a chroot or not. (A child's ru_maxrss begins with the
 * memory of the process that started it, so the starter must be small for that figure too.)
 *
 * Written to descriptor 3: nanoseconds, peak KiB (the largest of the program and what it started), user and system
 * microseconds, the exit status.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int first = 1;
    if (argc > 3 && strcmp(argv[1], "-c") == 0) {
        if (chroot(argv[2]) != 0 || chdir("/") != 0) {
            perror("launch: chroot");
            return 2;
        }
        first = 3;
    }
    if (first >= argc)
        return 2;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    pid_t pid = vfork();
    if (pid == 0) {
        close(3);
        execv(argv[first], argv + first);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long spent = (after.tv_sec - before.tv_sec) * 1000000000LL + (after.tv_nsec - before.tv_nsec);
    dprintf(3, "%lld %ld %lld %lld %d\n", spent, usage.ru_maxrss,
            usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec,
            usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
