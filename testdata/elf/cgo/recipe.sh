#!/bin/sh
# Builds `app` on a system with glibc, as a builder stage on Debian would.
# The shipped file: Go 1.19.8, GCC 12.2, glibc 2.36, x86-64.
set -eu
cd "$(dirname "$0")"
CGO_ENABLED=1 GOOS=linux GOARCH=amd64 \
    go build -trimpath -buildvcs=false -ldflags '-s -w' -o app main.go
