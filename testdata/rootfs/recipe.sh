#!/bin/sh
# Builds the roots beside this file.
#   musl     a root of one libc and one shell, laid out as Alpine lays out its own.
#            The loader is Debian's package musl 1.2.3-1, unchanged.
#   scratch  no program and no loader: what a final stage without a base holds.
set -eu
cd "$(dirname "$0")"
mkdir -p musl/bin musl/etc musl/lib musl/usr/share/doc/musl scratch/etc
cp /usr/lib/x86_64-linux-musl/libc.so musl/lib/ld-musl-x86_64.so.1
chmod 755 musl/lib/ld-musl-x86_64.so.1
ln -sfn ld-musl-x86_64.so.1 musl/lib/libc.musl-x86_64.so.1
cp /usr/share/doc/musl/copyright musl/usr/share/doc/musl/copyright
cat > musl/etc/os-release <<'EOF'
ID=minimusl
NAME="Minimal musl root"
VERSION_ID=1
PRETTY_NAME="Minimal musl root (test data)"
EOF
for root in musl scratch; do
    printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > $root/etc/passwd
done
sh ../elf/sh/recipe.sh
