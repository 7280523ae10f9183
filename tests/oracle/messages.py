#!/usr/bin/env python3
"""Prints what imgldd says of the mistakes that people make most, each made here for real.

To be read by a person: is the message at least as clear as the one that is wanted? It only checks that each has the code
that it is about.
    messages.py --imgldd target/debug/imgldd
"""

import argparse
import os
import pathlib
import subprocess
import sys
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
    imgldd = parser.parse_args().imgldd.resolve()
    failed = []
    with tempfile.TemporaryDirectory() as directory:
        for title, code, arguments in cases(pathlib.Path(directory)):
            ran = subprocess.run([imgldd, *arguments], capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
            print(f"== {title}\n\n{ran.stdout}{ran.stderr}")
            if f"[{code}]" not in ran.stdout:
                failed.append(f"{title}: no {code}")
    print("\n".join(failed) or "every message has its code")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
