#!/usr/bin/env python3
"""Prints what imgldd says of the mistakes that people make most, each made here for real.

To be read by a person: is the message at least as clear as the one that is wanted? It only checks that each has the code
that it is about, and the words without which it would not do. With --roots DIR the messages about whole systems too: DIR
gets a Debian 11 and a Debian 12, made by mmdebstrap, unless they are there (as root; their packages are downloaded).
    messages.py --imgldd target/debug/imgldd [--roots DIR]
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]


def program(directory, name, text, *options):
    source = directory / f"{name}.c"
    source.write_text(text)
    subprocess.run(["gcc", "-o", directory / name, source, *options], check=True)
    return directory / name


def script(directory, name, text):
    path = directory / name
    path.write_bytes(text)
    path.chmod(0o755)
    return path


def image(path, *layers, entry, architecture="amd64"):
    """An archive as `docker save` writes it. A layer is how it was made, and files by their path in it, or a whole root."""
    with tarfile.open(path, "w") as archive:
        def add(name, content):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        names, digests = [], []
        for number, (_, files) in enumerate(layers):
            content = io.BytesIO()
            with tarfile.open(fileobj=content, mode="w") as layer:
                if isinstance(files, pathlib.Path):
                    layer.add(files, ".", filter=lambda member: None if member.ischr() else member)
                else:
                    for name, source in files.items():
                        layer.add(source, name)
            names.append(f"{number}/layer.tar")
            digests.append("sha256:" + hashlib.sha256(content.getvalue()).hexdigest())
            add(names[-1], content.getvalue())
        config = {"architecture": architecture, "os": "linux", "config": {"Entrypoint": entry}, "rootfs": {"type": "layers", "diff_ids": digests},
                  "history": [{"created_by": made} for made, _ in layers]}
        add("config.json", json.dumps(config).encode())
        add("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["shop/api:1.4"], "Layers": names}]).encode())
    return path


def library(directory, soname):
    """An empty library to link with."""
    return program(directory, soname, "", "-shared", f"-Wl,-soname,{soname}")


def system(roots, release):
    """A small Debian."""
    root = roots / release
    if not root.exists():
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", release, root], check=True)
    return root


def whole_systems(directory, roots):
    """The same of images of whole systems: title, code, what to ask, words that must be there."""
    base = "FROM debian"
    api = program(directory, "api", "#include <pthread.h>\nvoid *f(void *p) { return p; }\nint main(void) { pthread_t t; return pthread_create(&t, 0, f, 0); }")
    path = image(directory / "api.tar", (base, system(roots, "bullseye")), ("COPY --from=build /src/api /usr/local/bin/api", {"usr/local/bin/api": api}), entry=["/usr/local/bin/api"])
    yield "built on a newer release", "glibc-too-old", ["-i", path], ["GLIBC_2.34", "Debian 11", "Debian 12", "Ubuntu 22.04", "layer 2/2: COPY --from=build", "FROM debian:12-slim", "debian:11 AS build", "glibc 2.31"]
    bookworm = system(roots, "bookworm")
    needs = [library(directory, name) for name in ("libGL.so.1", "libgthread-2.0.so.0")]
    cv2 = program(directory, "cv2.abi3.so", "", "-shared", "-Wl,--no-as-needed", *needs, "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../opencv_python.libs")
    where = "usr/local/lib/python3.11/site-packages/cv2/cv2.abi3.so"
    path = image(directory / "cv2.tar", (base, bookworm), ("RUN pip install opencv-python", {where: cv2}), entry=["/bin/true"])
    yield "a Python module's libraries", "needed-missing", ["-i", path, f"/{where}"], ["libgl1", "libglib2.0-0", "opencv_python.libs", "layer 2/2", "libgl1 libglib2.0-0"]
    server = TOP / "testdata/elf/aarch64/app"
    path = image(directory / "server.tar", (base, bookworm), ("COPY server /srv/server", {"srv/server": server}), entry=["/srv/server"])
    yield "built for another CPU, in an image", "arch-mismatch", ["-i", path], ["aarch64", "183", "linux/amd64", "layer 2/2: COPY server", "exec format error"]


def cases(directory):
    """Title, the code that is wanted, and what to ask."""
    data = TOP / "testdata"
    musl = ["--root", data / "rootfs/musl"]
    crlf = script(directory, "entry.sh", b"#!/bin/sh -e\r\necho hello\r\n")
    bash = script(directory, "start.sh", b"#!/usr/bin/env -S bash -e\necho hello\n")
    static = program(directory, "lookup", "#include <pwd.h>\nint main(void) { return !getpwnam(\"root\"); }", "-static")
    plain = program(directory, "server", "int main(void) { return 0; }")
    yield "Go with cgo on musl", "glibc-on-musl", ["-i", data / "images/app.tar.gz"]
    yield "the same on nothing", "dynamic-in-scratch", ["-i", data / "images/scratch.tar"]
    yield "C on musl", "glibc-on-musl", [*musl, "--copy", f"{plain}:/srv/server"]
    yield "Windows line endings", "shebang-crlf", [*musl, "--copy", f"{crlf}:/entry.sh"]
    yield "a script for bash", "shebang-interp-missing", [*musl, "--copy", f"{static}:/usr/bin/env", "--copy", f"{bash}:/start.sh", "/start.sh"]
    yield "a library that is not there", "needed-missing", [*musl, "--copy", f"{data}/elf/missing-library/app:/app"]
    yield "a program for another CPU", "arch-mismatch", [*musl, "--copy", f"{data}/elf/aarch64/app:/srv/server"]
    yield "static, with glibc's look-ups", "static-glibc-nss", ["-i", "scratch", "--copy", f"{static}:/srv/server"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imgldd", default=TOP / "target/debug/imgldd", type=pathlib.Path)
    parser.add_argument("--roots", type=pathlib.Path)
    options = parser.parse_args()
    imgldd = options.imgldd.resolve()
    failed = []
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        asked = [(*case, []) for case in cases(directory)]
        if options.roots:
            asked += whole_systems(directory, options.roots)
        for title, code, arguments, words in asked:
            ran = subprocess.run([imgldd, *arguments], capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
            print(f"== {title}\n\n{ran.stdout}{ran.stderr}")
            if f"[{code}]" not in ran.stdout:
                failed.append(f"{title}: no {code}")
            failed += [f"{title}: does not say `{word}`" for word in words if word not in ran.stdout]
    print("\n".join(failed) or "every message has its code")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
