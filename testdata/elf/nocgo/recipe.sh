#!/bin/sh
# Builds `app` from the source beside it in ../cgo, without cgo: a static program.
# The shipped file: Go 1.19.8, x86-64.
set -eu
cd "$(dirname "$0")"
CGO_ENABLED=0 GOOS=linux GOARCH=amd64 \
    go build -trimpath -buildvcs=false -ldflags '-s -w' -o app ../cgo/main.go
