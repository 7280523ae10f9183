#!/bin/sh
# Builds the images beside this file, as root; nothing is fetched.
#   app.tar.gz    docker-archive: a musl root, and a program built for glibc copied
#                 into it. It cannot start.
#   fixed.tar.gz  the same with the program built without cgo. It starts.
#   scratch.tar   OCI: the program built for glibc, and nothing else.
#   deleted.tar   OCI by umoci: a program, its library, a layer that deletes it.
#   zstd.tar   the same by skopeo, layers in zstd.
#   platforms.tar OCI: an index in an index, for linux/amd64 and linux/arm64/v8.
# The shipped files: buildah 1.28.2, umoci 0.4.7, skopeo 1.9.3, GNU tar 1.34, gzip 1.12.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work"

in_store() {
    buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"
}

platform=linux/amd64

# build NAME PROGRAM ROOTFS: the Dockerfile on standard input. Times are fixed, and
# the OCI format holds no names of containers, so that a second run makes the same.
build() {
    context=$(mktemp -d)
    cp -a "$3" "$context/rootfs"
    cp "$2" "$context/app"
    cat > "$context/Dockerfile"
    in_store build --quiet --layers --format oci --isolation chroot --timestamp 1700000000 \
        --platform "$platform" --tag "docker.io/$1" "$context" > /dev/null
}

# docker_archive NAME FILE
docker_archive() {
    in_store push --quiet "docker.io/$1" "docker-archive:$work/image.tar:$1"
    gzip -9 -n -c "$work/image.tar" > "$2"
    rm "$work/image.tar"
}

on_musl='FROM scratch
ADD rootfs /
ENV PATH=/usr/bin:/bin
COPY app /app
ENTRYPOINT ["/app"]'

echo "$on_musl" | build shop/api:1.4 ../elf/cgo/app ../rootfs/musl
docker_archive shop/api:1.4 app.tar.gz

echo "$on_musl" | build shop/api:1.5 ../elf/nocgo/app ../rootfs/musl
docker_archive shop/api:1.5 fixed.tar.gz

# archive LAYOUT FILE
archive() {
    tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
        -cf "$2" blobs index.json oci-layout
}

build shop/bare:1.4 ../elf/cgo/app ../rootfs/scratch <<'DOCKERFILE'
FROM scratch
COPY app /app
ENTRYPOINT ["/app"]
DOCKERFILE
in_store push --quiet --format oci docker.io/shop/bare:1.4 "oci:$work/layout:1.4"
archive "$work/layout" scratch.tar

# A program, its library, and a layer that deletes the library.
deleted=$work/deleted
epoch=2023-11-14T22:13:20Z
insert() {
    created_by=$1
    shift
    umoci insert --image "$deleted:1.4" --history.created "$epoch" \
        --history.created_by "$created_by" "$@"
}
install -m 755 ../elf/missing-library/app "$work/app"
install -m 644 ../elf/missing-library/libgreet.so.1 "$work/libgreet.so.1"
touch -d "$epoch" "$work/app" "$work/libgreet.so.1"
umoci init --layout "$deleted"
umoci new --image "$deleted:1.4"
insert 'COPY app /app' "$work/app" /app
insert 'COPY libgreet.so.1 /lib/libgreet.so.1' "$work/libgreet.so.1" /lib/libgreet.so.1
insert 'RUN rm /lib/libgreet.so.1' --whiteout /lib/libgreet.so.1
umoci config --image "$deleted:1.4" --architecture amd64 --os linux --created "$epoch" \
    --config.entrypoint /app --history.created "$epoch" --history.created_by 'ENTRYPOINT ["/app"]'
umoci gc --layout "$deleted"
archive "$deleted" deleted.tar
skopeo --insecure-policy copy --quiet --dest-compress --dest-compress-format zstd \
    --format oci "oci:$deleted:1.4" "oci:$work/zstd:1.4"
archive "$work/zstd" zstd.tar

# One name, two platforms.
one_program='FROM scratch
COPY app /app
ENTRYPOINT ["/app"]'
echo "$one_program" | build shop/hello:amd64 ../elf/missing-library/app ../rootfs/scratch
platform=linux/arm64/v8
echo "$one_program" | build shop/hello:arm64 ../elf/aarch64/app ../rootfs/scratch
in_store manifest create shop/hello:1.4 > /dev/null
in_store manifest add shop/hello:1.4 docker.io/shop/hello:amd64 > /dev/null
in_store manifest add shop/hello:1.4 docker.io/shop/hello:arm64 > /dev/null
in_store manifest push --quiet --all shop/hello:1.4 "oci:$work/platforms:1.4" > /dev/null
archive "$work/platforms" platforms.tar
