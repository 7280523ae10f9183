#!/bin/sh
# Builds the shell of the musl root, dynamically linked: testdata/rootfs/musl/bin/sh.
# The shipped file: GCC 12.2, musl 1.2.3, x86-64.
set -eu
cd "$(dirname "$0")"
mkdir -p ../../rootfs/musl/bin
musl-gcc -Os -s -pie -fPIE -fno-asynchronous-unwind-tables \
    -Wl,--build-id=none -Wl,-z,noseparate-code -o ../../rootfs/musl/bin/sh sh.c
