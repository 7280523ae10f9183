#!/bin/sh
# Builds `app`, a static program for another machine than the other files here.
# The shipped file: GCC 12.2, aarch64.
set -eu
cd "$(dirname "$0")"
aarch64-linux-gnu-gcc -Os -s -static -nostdlib -ffreestanding -fno-asynchronous-unwind-tables \
    -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,max-page-size=4096 -o app main.c
