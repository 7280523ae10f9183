#!/usr/bin/env python3
"""Holds `ldd -r` of imgldd against a rootfs' own loader: which symbols nothing defines.

Every program and a number of libraries are traced in a chroot with LD_WARN and LD_BIND_NOW set, as the script `ldd -r`
does; the set of `undefined symbol: S[, version V]\\t(OBJECT)` lines of each must be that of imgldd called as `ldd`.
Few things are undefined in a whole system, so `--shrink N` takes symbols away first, on an overlay: in each of N libraries
that many objects need it renames every seventh exported symbol in its string table, which leaves the hash tables without it.

usage: symbols.py DIR --imgldd PATH [--libraries 300] [--shrink N]
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import time

import support
from whole_rootfs import overlay, survey, with_loaders

UNDEFINED = re.compile(rb"^(undefined symbol: .*)\t\((.*)\)$")


def lines_of(text):
    """The lines about symbols, each once."""
    return {match.groups() for match in map(UNDEFINED.match, text.splitlines()) if match}


def real(cage, question):
    """What the loader says of one file; None where it does not get as far as symbols."""
    env = {"PATH": "/usr/bin:/bin", "LD_TRACE_LOADED_OBJECTS": "1", "LD_WARN": "yes", "LD_BIND_NOW": "yes"}
    argv = [question.path] if question.kind == "program" else [question.loader, question.path]
    ran = cage.run(argv, env, None, merged=True, seconds=60)
    if ran.errno or ran.signal or ran.status not in (0, 1):
        return None
    return lines_of(ran.out)


def ours(binary, root, questions):
    """The same of imgldd, of all files in one run: each has a heading where there are several."""
    with tempfile.TemporaryDirectory() as place:
        ldd = os.path.join(place, "ldd")
        os.symlink(binary, ldd)
        names = [question.path for question in questions]
        env = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "IMGLDD_"))}
        done = subprocess.run([ldd, "--root", root, "-r", *names], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False)
    found, current = {}, names[0]
    headings = {os.fsencode(name) + b":": name for name in names}
    for line in done.stdout.splitlines():
        if line in headings:
            current = headings[line]
            found.setdefault(current, set())
        elif (match := UNDEFINED.match(line)) is not None:
            found.setdefault(current, set()).add(match.groups())
    return found, done.stderr


def shrink(root, libraries, count):
    """Takes symbols from the libraries that the most objects need; `[(path, symbols)]`."""
    needs = collections.Counter()
    for path in libraries:
        done = subprocess.run(["readelf", "-dW", root + path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        needs.update(name.decode(errors="surrogateescape") for name in re.findall(rb"\(NEEDED\).*\[(.*)\]", done.stdout))
    taken, inodes = [], set()
    for name, _ in needs.most_common():
        for path in sorted(libraries):
            if len(taken) >= count or name in ("libc.so.6", "ld-linux-x86-64.so.2"):
                break
            inode = os.stat(root + path).st_ino
            if os.path.basename(path) != name and not os.path.basename(path).startswith(name + "."):
                continue
            if inode in inodes:
                continue
            number = rename_symbols(root + path)
            if number:
                inodes.add(inode)
                taken.append((path, number))
    return taken


def rename_symbols(path):
    """Makes the first byte of every seventh exported function's name another one, as far as no other name shares it."""
    done = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    names = sorted({line.split()[0].split(b"@")[0] for line in done.stdout.splitlines() if line.split()[1:2] == [b"T"]})
    with open(path, "rb") as file:
        data = bytearray(file.read())
    number = 0
    for name in names[::7]:
        at = data.find(b"\0" + name + b"\0")
        if len(name) > 3 and at >= 0:
            data[at + 1] = ord("#")
            number += 1
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.chmod(path + ".new", os.stat(path).st_mode)
    os.rename(path + ".new", path)
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dir")
    parser.add_argument("--imgldd", required=True, help="the binary under test")
    parser.add_argument("--libraries", type=int, default=300)
    parser.add_argument("--shrink", type=int, default=0, metavar="N", help="take symbols from so many libraries first")
    parser.add_argument("--show", type=int, default=20, help="print at most so many differing files")
    options = parser.parse_args()
    support.need_root()
    support.need_tools("nm", "readelf")
    binary = support.need_imgldd(options.imgldd)
    if not os.path.isdir(options.dir):
        sys.exit(f"error: `{options.dir}` is not a directory")
    root = os.path.realpath(options.dir)
    support.private_mounts()
    support.mount(root, root, None, support.MS_BIND)
    # In a mount without setuid nothing runs in secure mode, in which the loader refuses to trace.
    support.mount("none", root, None, support.MS_BIND | support.MS_REMOUNT | support.MS_NOSUID)
    with support.scratch("symbols.") as scratch:
        return examine(options, root, binary, scratch)


def examine(options, root, binary, scratch):
    """Survey, trace, ask, compare, report."""
    questions, machine, libraries = survey(root, options.libraries, False)
    if options.shrink:
        root = overlay(root, scratch)
        support.mount("none", root, None, support.MS_REMOUNT | support.MS_NOSUID)
        for path, number in shrink(root, libraries, options.shrink):
            print(f"{path}: without {number} symbols")
    questions = [q for q in with_loaders(root, questions) if q.elf.machine == machine[1] and q.loader and not q.musl]
    began = time.monotonic()
    with support.Cage(root) as cage:
        answers = {question.path: real(cage, question) for question in questions}
    traced = time.monotonic() - began
    began = time.monotonic()
    found, said = ours(binary, root, questions)
    asked = time.monotonic() - began
    if said:
        print(said.decode(errors="replace")[:2000])
    differing, symbols, untold = [], 0, 0
    for question in questions:
        wanted = answers[question.path]
        if wanted is None:
            untold += 1
            continue
        symbols += len(wanted)
        got = found.get(question.path, set())
        if got != wanted:
            differing.append((question.path, wanted - got, got - wanted))
    for path, lacking, extra in differing[:options.show]:
        print(f"{path}: the loader has {len(lacking)} more, imgldd {len(extra)}")
        for sign, lines in (("loader ", lacking), ("imgldd ", extra)):
            for words, where in sorted(lines)[:3]:
                print(f"  {sign}{support.show(words)} ({support.show(where)})")
    with_some = sum(1 for wanted in answers.values() if wanted)
    print(f"{len(questions)} files, {with_some} with undefined symbols, {symbols} lines, {untold} that the loader does not get to; "
          f"loader {traced:.1f} s, imgldd {asked:.2f} s: {len(differing)} differences")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
