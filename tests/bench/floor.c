/* What the bare system calls cost, for a floor below every tool.
 *
 *   floor files ROOT LIST   opens each path of LIST (NUL-separated, as the loader found them) inside ROOT with openat2,
 *                           asks for its size, reads its head and a window for its tables; no parsing, no searching
 *   floor tree ROOT         walks ROOT, reads 64 bytes of each regular file, and of an ELF file head and window too
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char buffer[1 << 16];
static unsigned long files, objects;

static void tables(int fd)
{
    struct stat found;
    if (fstat(fd, &found) != 0)
        return;
    if (pread(fd, buffer, 4096, 0) < 64 || memcmp(buffer, "\177ELF", 4) != 0)
        return;
    objects++;
    if (pread(fd, buffer, 1 << 13, 4096) < 0)
        return;
}

static void walk(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_type == DT_DIR) {
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                walk(fd, entry->d_name);
        } else if (entry->d_type == DT_REG) {
            int file = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
            if (file < 0)
                continue;
            files++;
            if (pread(file, buffer, 64, 0) == 64 && memcmp(buffer, "\177ELF", 4) == 0)
                tables(file);
            close(file);
        }
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "tree") == 0) {
        walk(AT_FDCWD, argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "files") == 0) {
        int root = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
        int list = open(argv[3], O_RDONLY | O_CLOEXEC);
        static char names[1 << 20];
        ssize_t length = read(list, names, sizeof names - 1);
        struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_IN_ROOT};
        for (char *name = names; name < names + length; name += strlen(name) + 1) {
            int fd = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
            if (fd < 0)
                continue;
            files++;
            tables(fd);
            close(fd);
        }
    } else {
        return 2;
    }
    printf("%lu files, %lu ELF\n", files, objects);
    return 0;
}
