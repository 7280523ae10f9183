#!/usr/bin/env python3
"""Holds what imgldd says of symbol versions against a rootfs' own loader.

Every program of DIR is executed in a chroot with LD_TRACE_LOADED_OBJECTS=1 and LD_VERBOSE=1. The lines about versions
that the loader writes to stderr must be those of imgldd's `outcome.message`, in their order, and the list under
`Version information:` that of `imgldd -o ldd -v`. With `--libc OTHER` the libc, libm, loader and libstdc++ of another,
older root of the same layout are laid over DIR on an overlay first, so that much fails. Programs that both sides say
cannot start are then started, as an unprivileged user, for the whole text and the exit status.

usage: versions.py DIR --imgldd PATH [--libc OTHER]
"""

import argparse
import glob
import os
import shutil
import stat
import sys

import support
from support import Cage, show

LAID_OVER = ("lib*/*/libc.so.6", "lib*/*/libm.so.6", "lib*/*/libpthread.so.0", "lib*/*/libdl.so.2", "lib*/*/librt.so.1",
             "lib*/*/libutil.so.1", "lib*/*/libresolv.so.2", "lib64/ld-linux-x86-64.so.2", "usr/lib/*/libstdc++.so.6",
             "usr/lib/*/libz.so.1")
MARKS = ("version `", "no version information available")


def programs(root):
    """Every file with an interpreter and an x bit; no setgid ones, which are deaf to the variables of a trace."""
    found = []
    for here, folders, files in os.walk(root):
        inside = here[len(root):] or "/"
        if inside in ("/proc", "/sys", "/dev"):
            folders.clear()
            continue
        for name in sorted(files):
            mode = os.lstat(os.path.join(here, name)).st_mode
            if stat.S_ISREG(mode) and mode & 0o111 and not mode & stat.S_ISGID:
                elf = support.read_elf(os.path.join(here, name))
                # Programs for another word size have another libc.
                if elf is not None and elf.cls == 2 and elf.interp == b"/lib64/ld-linux-x86-64.so.2":
                    found.append(os.path.join(inside, name))
    return found


def lay_over(root, other, scratch):
    """An overlay of `root` with the C library of `other`."""
    for name in ("upper", "work", "merged"):
        os.mkdir(os.path.join(scratch, name))
    merged = os.path.join(scratch, "merged")
    support.mount("overlay", merged, "overlay", 0, f"lowerdir={root},upperdir={scratch}/upper,workdir={scratch}/work")
    count = 0
    for pattern in LAID_OVER:
        for path in glob.glob(os.path.join(other, pattern)):
            name = os.path.relpath(path, other)
            target = os.path.join(merged, name)
            if not os.path.lexists(target):
                continue
            source = path
            while os.path.islink(source):
                link = os.readlink(source)
                source = other + link if link.startswith("/") else os.path.join(os.path.dirname(source), link)
            folder = os.path.dirname(target)
            if os.path.realpath(folder) != folder and not os.path.realpath(folder).startswith(merged):
                sys.exit(f"error: `{name}` leads out of the root")
            os.unlink(target)
            shutil.copy2(source, target)
            count += 1
    if count == 0:
        sys.exit(f"error: nothing of `{other}` has a place in `{root}`")
    return merged


def about_versions(text):
    """The lines about versions; the trace has others, of symbols and preloads."""
    return [line for line in text.split("\n") if any(mark in line for mark in MARKS)]


def main():
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("root")
    parser.add_argument("--imgldd", required=True)
    parser.add_argument("--libc")
    options = parser.parse_args()
    support.need_root()
    imgldd = support.need_imgldd(options.imgldd)
    support.private_mounts()
    with support.scratch("imgldd-versions-") as scratch:
        root = os.path.realpath(options.root)
        if options.libc:
            root = lay_over(root, os.path.realpath(options.libc), scratch)
        names = programs(root)
        if not names:
            support.skip(f"no program in {root}")
        level = support.host_cpu_level()
        subjects, _ = support.subjects_of(imgldd, root, names, ["--cpu", level] if level else [])
        differences, faults, started, listed = [], 0, 0, 0
        with Cage(root) as cage:
            for name in names:
                subject = subjects.get(name)
                if subject is None:
                    differences.append(f"{show(os.fsencode(name))}: imgldd has no answer for it")
                    continue
                wanted = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_VERBOSE": "1", "PATH": "/usr/bin:/bin"}
                # As root, or a setuid program would be deaf to these variables.
                ran = cage.run([name], wanted)
                real = about_versions(ran.err.decode(errors="replace"))
                message = (subject["outcome"]["message"] or "").split("\n")
                said = about_versions("\n".join(message))
                # A library that is missing ends a start before versions are looked at; the trace goes on.
                if subject["outcome"]["exit_status"] == 127:
                    continue
                faults += len(real)
                if real != said:
                    differences.append(f"{name}: the loader: {real[:3]}; imgldd: {said[:3]}")
                    continue
                own = [v for need in subject["elf"]["version_needs"] for v in need["versions"]]
                theirs = ran.out.decode(errors="replace").partition("Version information:\n")[2].split("\n")
                block = [line for line in theirs[1:] if line][:len(own)]
                real_found = [not line.endswith("=> not found") for line in block if line.startswith("\t\t")]
                if real_found and real_found != [v["found"] is True for v in own]:
                    differences.append(f"{name}: `found` differs from the loader's list")
                listed += len(real_found)
                if real and subject["outcome"]["starts"] is False:
                    ran = cage.run([name], {"PATH": "/usr/bin:/bin"}, user=65534, seconds=20)
                    if ran.errno:
                        # Not for everyone to execute.
                        continue
                    started += 1
                    text = ran.err.decode(errors="replace").rstrip("\n").split("\n")
                    if text != message or ran.status != subject["outcome"]["exit_status"]:
                        differences.append(f"{name}: exit {ran.status} {text[:3]}; imgldd: exit "
                                           f"{subject['outcome']['exit_status']} {message[:3]}")
        codes = ("glibc-too-old", "libstdcxx-too-old", "other-version-missing", "relr-unsupported", "unversioned-provider",
                 "version-need-stale")
        findings = sum(finding["code"] in codes for subject in subjects.values() for finding in subject["findings"])
        for line in differences[:40]:
            print(line)
        print(f"{len(names)} programs, {listed} versions listed, {faults} lines about versions, {started} started, "
              f"{findings} findings: {len(differences)} differences")
        return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
