/* The floor for a raw tar archive: its headers, one pread each, and nothing done with them.
 * usage: walk_tar FILE   prints how many headers there were */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t size_of(const unsigned char *field) {
    uint64_t value = 0;
    if (field[0] & 0x80) {
        for (int i = 1; i < 12; i++) value = value << 8 | field[i];
        return value;
    }
    for (int i = 0; i < 12; i++)
        if (field[i] >= '0' && field[i] <= '7') value = value << 3 | (uint64_t)(field[i] - '0');
    return value;
}

int main(int argc, char **argv) {
    unsigned char block[512];
    uint64_t at = 0;
    unsigned long headers = 0;
    int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0) return 2;
    while (pread(file, block, sizeof block, (off_t)at) == sizeof block && block[0]) {
        at += 512 + (size_of(block + 124) + 511) / 512 * 512;
        headers++;
    }
    printf("%lu\n", headers);
    return 0;
}
