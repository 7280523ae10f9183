#!/bin/sh
# Builds `app` and `libgreet.so.1` with musl's compiler wrapper.
# The shipped files: GCC 12.2, musl 1.2.3, x86-64.
set -eu
cd "$(dirname "$0")"
common='-Os -s -fno-asynchronous-unwind-tables -Wl,--build-id=none -Wl,-z,noseparate-code'
# shellcheck disable=SC2086  # a list of options
musl-gcc $common -nostartfiles -fPIC -shared -Wl,-soname,libgreet.so.1 -o libgreet.so.1 greet.c
# shellcheck disable=SC2086
musl-gcc $common -pie -fPIE -Wl,-rpath,'$ORIGIN/lib' -o app main.c ./libgreet.so.1
