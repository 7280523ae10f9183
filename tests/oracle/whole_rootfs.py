#!/usr/bin/env python3
"""Holds imgldd against a rootfs' own loader: every program, and a number of its libraries.

Each program is executed in a chroot with LD_TRACE_LOADED_OBJECTS=1 (musl: `LOADER --list PROGRAM`), each library is
given to the loader of its machine; what is traced must have the names, paths and order of imgldd's `libraries`. What
the kernel refuses must be refused with the same errno. A program that both sides say cannot start (something missing, or
a candidate that stops the loader) is then started for real, as an unprivileged user, and its loader's text compared with
`outcome.message`; that is safe as it never gets to run. Where a candidate stops the loader there is no whole trace to
compare: imgldd goes on as if it were absent, the loader does not.

`--delete NAMES` removes libraries first, on an overlay; `auto:N` picks N that many objects need. A rootfs of another
architecture is traced under qemu-user, which is handed in as an open descriptor, so the rootfs stays as it is.

usage: whole_rootfs.py DIR --imgldd PATH [--libraries 300] [--delete auto:5] [--env K=V] [--jobs 2]
"""

import argparse
import collections
import errno
import hashlib
import os
import re
import shutil
import stat
import sys
import threading
import time

import support
from support import Cage, ET_DYN, field, show

LINE = re.compile(rb"^\t(?:(?P<name>.*) => )?(?P<path>.*?)(?: \(0x[0-9a-f]+\))?$", re.S)

# `real`: the program itself where `path` is a link to it.
Question = collections.namedtuple("Question", "path kind elf loader musl real")
Entry = collections.namedtuple("Entry", "name path")


class Answer:
    """What one side says of one file: entries in load order, or why there is none; `stopped`: by an unusable file."""

    def __init__(self, entries=None, failure=None, stopped=False):
        self.entries, self.failure, self.stopped = entries, failure, stopped

    def __eq__(self, other):
        return self.entries == other.entries and self.failure == other.failure


# ------------------------------------------------------------------------------------------------ what is asked

def survey(root, wanted, links):
    """Every program, `wanted` libraries chosen by a hash of their path, and the links that lead to programs."""
    programs, libraries, symlinks = {}, {}, []
    for here, folders, files in os.walk(root):
        inside = here[len(root):] or "/"
        if inside in ("/proc", "/sys", "/dev"):
            folders.clear()
            continue
        folders.sort()
        for name in sorted(files):
            real = os.path.join(here, name)
            path = os.path.join(inside, name)
            mode = os.lstat(real).st_mode
            if stat.S_ISLNK(mode):
                symlinks.append(path)
            elif stat.S_ISREG(mode):
                elf = support.read_elf(real)
                if elf is None or elf.type not in (support.ET_EXEC, ET_DYN):
                    continue
                if elf.interp is not None:
                    programs[path] = (elf, mode)
                elif elf.type == ET_DYN and elf.dynamic and not elf.pie and b".so" in os.fsencode(name):
                    libraries[path] = (elf, mode)
    if not programs and not libraries:
        support.skip(f"no ELF program in {root}")
    machine = collections.Counter((elf.cls, elf.machine) for elf, _ in (programs or libraries).values()).most_common(1)[0][0]
    chosen = [path for path, (elf, _) in libraries.items() if (elf.cls, elf.machine) == machine]
    chosen.sort(key=lambda path: hashlib.sha256(os.fsencode(path)).digest())
    questions = []
    for path, (elf, mode) in programs.items():
        # Without the x bit exec has nothing to say; the loader can still be asked, as for a library.
        kind = "program" if mode & 0o111 else "library"
        questions.append(Question(path, kind, elf, None, False, path))
    for path in sorted(chosen[:wanted]):
        questions.append(Question(path, "library", libraries[path][0], None, False, path))
    if links:
        with Cage(root, proc=False) as cage:
            by_inode = {os.lstat(root + path).st_ino: path for path in programs if programs[path][1] & 0o111}
            for path, (code, inode, mode) in zip(symlinks, cage.stat(symlinks)):
                if code == 0 and inode in by_inode and stat.S_ISREG(mode):
                    real = by_inode[inode]
                    questions.append(Question(path, "link", programs[real][0], None, False, real))
    return questions, machine, libraries


def with_loaders(root, questions):
    """A library is traced by the loader that its machine's programs name; musl roots have musl's."""
    named = collections.Counter()
    for question in questions:
        if question.elf.interp is not None:
            named[(question.elf.cls, question.elf.machine, question.elf.interp.decode(errors="surrogateescape"))] += 1
    best = {}
    for (cls, machine, interp), _ in named.most_common():
        best.setdefault((cls, machine), interp)
    result = []
    for question in questions:
        key = (question.elf.cls, question.elf.machine)
        if question.elf.interp is not None:
            loader = os.fsdecode(question.elf.interp)
        else:
            loader = best.get(key) or support.LOADERS.get(key)
        result.append(question._replace(loader=loader, musl=loader is not None and "ld-musl" in loader))
    return result


# ------------------------------------------------------------------------------------------------ the real side

def surroundings(qemu, variables):
    """`(environment, words before the program, what to execute)`; qemu itself must not see the target's LD_*."""
    if qemu is None:
        return {"PATH": "/usr/bin:/bin", **variables}, [], None
    words = [word for key, value in variables.items() for word in ("-E", f"{key}={value}")]
    return {"PATH": "/usr/bin:/bin"}, [qemu[1], *words], qemu[0]


def trace(cage, question, qemu, variables):
    """One file through the real kernel and loader."""
    wanted = dict(variables)
    if not question.musl:
        wanted["LD_TRACE_LOADED_OBJECTS"] = "1"
    env, prefix, exe = surroundings(qemu, wanted)
    if question.musl:
        # As a command the loader takes $ORIGIN from the path that it is given, exec takes it from the file.
        argv = [question.loader, "--list", question.real]
    elif question.kind == "library":
        argv = [question.loader, question.path]
    else:
        argv = [question.path]
    ran = cage.run(prefix + argv, env, exe, merged=question.musl)
    if ran.errno:
        return Answer(failure=f"exec: {errno.errorcode.get(ran.errno, ran.errno)}")
    if ran.signal is not None:
        return Answer(failure=f"signal {ran.signal}")
    if question.musl:
        texts = {missing[2] for missing in map(MUSL_MISSING.match, ran.out.split(b"\n")) if missing}
        return Answer(entries=musl_entries(ran.out, question.loader), stopped=bool(texts - MUSL_ABSENT))
    if ran.status != 0:
        text = ran.err.decode(errors="replace").strip()
        return Answer(failure=f"exit {ran.status}: {text}", stopped=ran.status == 127 and "loading shared libraries" in text)
    if ran.out == b"\tstatically linked\n" and "LD_PRELOAD" in variables:
        # The trace says so wherever the file itself needs nothing, and does not list what it preloaded all the same.
        return Answer()
    return Answer(entries=glibc_entries(ran.out, question.loader))


def glibc_entries(text, loader):
    """The lines of LD_TRACE_LOADED_OBJECTS; the vDSO is the kernel's, not the rootfs'."""
    entries = []
    for line in text.split(b"\n"):
        if not line or line == b"\tstatically linked":
            continue
        if line.endswith(b" => not found"):
            entries.append(Entry(line[1:-len(b" => not found")], None))
            continue
        parts = LINE.match(line)
        if parts is None:
            raise ValueError(f"a trace line that is not understood: {line!r}")
        name, path = parts["name"], parts["path"]
        if (name or path).startswith((b"linux-vdso", b"linux-gate")):
            continue
        entries.append(Entry(b"(loader)" if path == os.fsencode(loader) else name or path, path))
    return entries


MUSL_MISSING = re.compile(rb"^Error loading shared library (.*): (.*) \(needed by (.*)\)$", re.S)
# What musl says where it took no file at all; any other text is about a file that it took.
MUSL_ABSENT = {b"No such file or directory", b"Permission denied", b"Symbolic link loop", b"No error information", b"Not a directory"}


def musl_entries(text, loader):
    """musl's `--list`: the loader first and once for each reserved class, so it is left out; errors in their place."""
    entries = []
    for line in text.split(b"\n"):
        missing = MUSL_MISSING.match(line)
        if missing:
            entries.append(Entry(missing[1], None))
        elif line.startswith(b"\t"):
            parts = LINE.match(line)
            if parts["path"] != os.fsencode(loader):
                entries.append(Entry(parts["name"] or parts["path"], parts["path"]))
    return entries


def real_start(cage, question, qemu, variables):
    """Starts a program whose trace says that it cannot start; the loader's whole text, or None where exec does not get to it."""
    env, prefix, exe = surroundings(qemu, variables)
    ran = cage.run(prefix + [question.path], env, exe, user=65534, seconds=20)
    if ran.errno or (qemu is not None and ran.status == 255):
        return None
    return ran


# ------------------------------------------------------------------------------------------------ imgldd's side

def told(subject, question):
    """The same from imgldd's JSON."""
    outcome = subject["outcome"]
    if question.kind != "library" and outcome["stage"] == "exec":
        return Answer(failure=f"exec: {outcome['errno']}")
    entries = []
    # A preload that cannot be had is a warning, and no part of the trace.
    stopped = any(library["status"] == "unusable" and library["found_by"] != "preload" for library in subject["libraries"])
    for library in subject["libraries"]:
        status, name, path = library["status"], field(library, "name"), field(library, "path")
        if status == "already_loaded" or status != "found" and library["found_by"] == "preload":
            continue
        if library["found_by"] == "loader_itself":
            if not question.musl:
                entries.append(Entry(b"(loader)", path))
        elif status == "found":
            entries.append(Entry(name, path))
        elif status in ("missing", "allowed_missing"):
            entries.append(Entry(name, None))
        else:
            entries.append(Entry(name, b"%s: %s" % (status.encode(), path or b"")))
    return Answer(entries=entries, stopped=stopped)


def compare(question, real, subject):
    """Readable lines for one file; none where both sides agree."""
    if subject is None:
        return [f"{show(os.fsencode(question.path))}: imgldd has no answer for it"]
    said = told(subject, question)
    lines = []
    if real.entries is None and real.failure is None:
        return []
    if real.stopped or said.stopped:
        if real.stopped != said.stopped or subject["outcome"]["starts"] is not False and question.kind != "library":
            lines.append(f"{show(os.fsencode(question.path))}: the loader: {real.failure or ('stops' if real.stopped else 'is not stopped')}; "
                         f"imgldd: {'an unusable library' if said.stopped else 'none unusable'}, starts {subject['outcome']['starts']}")
        return lines
    if real != said:
        head = show(os.fsencode(question.path))
        if real.failure or said.failure:
            return [f"{head}: the loader: {real.failure or 'starts'}; imgldd: {said.failure or 'starts'}"]
        lines.append(f"{head}: {len(real.entries)} entries traced, {len(said.entries)} from imgldd")
        common = 0
        while common < min(len(real.entries), len(said.entries)) and real.entries[common] == said.entries[common]:
            common += 1
        for side, entries in (("loader", real.entries), ("imgldd", said.entries)):
            for entry in entries[common:common + 3]:
                lines.append(f"    {side} #{common}: {show(entry.name)} => {show(entry.path) if entry.path is not None else 'not found'}")
        only = [set(real.entries) - set(said.entries), set(said.entries) - set(real.entries)]
        if not only[0] and not only[1]:
            lines.append("    the same entries in another order")
    if question.kind != "library" and real.entries is not None:
        whole = all(entry.path is not None for entry in real.entries)
        starts = subject["outcome"]["starts"]
        if starts is not whole:
            lines.append(f"{show(os.fsencode(question.path))}: `starts` is {starts}, "
                         f"the loader {'found everything' if whole else 'missed something'}")
    return lines


def compare_start(question, ran, subject):
    """The text and the exit status of a program that cannot start."""
    outcome = subject["outcome"]
    real = ran.err.decode(errors="replace").rstrip("\n").split("\n")
    said = (outcome["message"] or "").split("\n")
    if question.musl:
        # Relocation errors belong to the diagnosis of symbols, not to resolution.
        real = [line for line in real if not line.startswith("Error relocating")]
        said = [line for line in said if not line.startswith("Error relocating")]
    lines = []
    if real != said:
        lines.append(f"{show(os.fsencode(question.path))}: the text differs")
        lines += [f"    loader: {line}" for line in real] + [f"    imgldd: {line}" for line in said]
    if ran.status != outcome["exit_status"]:
        lines.append(f"{show(os.fsencode(question.path))}: ended with {ran.status}, imgldd says {outcome['exit_status']}")
    return lines


# ------------------------------------------------------------------------------------------------ deleting

def overlay(root, scratch):
    """A writable view of `root` that leaves it alone."""
    for name in ("upper", "work", "merged"):
        os.mkdir(os.path.join(scratch, name))
    merged = os.path.join(scratch, "merged")
    support.mount("overlay", merged, "overlay", 0, f"lowerdir={root},upperdir={scratch}/upper,workdir={scratch}/work")
    return merged


def popular(root, questions, libraries, subjects_needed, count):
    """`count` libraries that much depends on, the libc's own left out; deterministic, most needed first."""
    order = [name for name, _ in sorted(subjects_needed.items(), key=lambda item: (-item[1], item[0]))
             if not name.startswith(("libc.", "ld-", "libm.", "libc-"))]
    # Not the top alone: one that half of the system needs hides what the others would show.
    step = max(1, min(7, len(order) // max(1, count)))
    return order[:step * count:step]


def delete(root, names):
    """Removes names (paths, or file names wherever they are): a link alone, or for each second name its target too."""
    gone = []
    for number, name in enumerate(names):
        for here, _, files in os.walk(root):
            for file in files:
                full = os.path.join(here, file)
                if (full[len(root):] == name) if "/" in name else (file == name):
                    target = os.path.join(here, os.readlink(full)) if os.path.islink(full) else None
                    if number % 2 and target and not os.readlink(full).startswith("/") and os.path.lexists(target):
                        # The link stays and dangles.
                        os.unlink(target)
                        gone.append(target[len(root):])
                    else:
                        os.unlink(full)
                        gone.append(full[len(root):])
    return gone


# ------------------------------------------------------------------------------------------------ all of it

def trace_all(root, questions, qemu, options):
    """Every question put to the real side, by so many helpers."""
    answers = {}
    cages = [Cage(root) for _ in range(options.jobs)]

    def work(cage, share):
        for question in share:
            answers[question.path] = trace(cage, question, qemu, options.env)

    threads = [threading.Thread(target=work, args=(cage, questions[number::options.jobs])) for number, cage in enumerate(cages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers) != len({question.path for question in questions}):
        sys.exit("error: a helper died on the way")
    return answers, cages


def choose_qemu(machine):
    """`(descriptor, name)` of the emulator this rootfs needs, or None where it is this machine's own."""
    own = {"x86_64": (62, 3), "aarch64": (183,), "i686": (3,)}.get(os.uname().machine, ())
    if machine in own:
        return None
    name = f"qemu-{support.QEMU.get(machine, machine)}-static"
    found = shutil.which(name)
    if found is None:
        support.skip(f"not installed: {name} (package qemu-user-static)")
    descriptor = os.open(found, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    return descriptor, name


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dir")
    parser.add_argument("--imgldd", help="the binary under test; without it only the real side runs")
    parser.add_argument("--libraries", type=int, default=300)
    parser.add_argument("--delete", default="", help="file names or paths, separated by commas, or auto:N")
    parser.add_argument("--env", action="append", default=[], metavar="K=V", help="a variable for both sides, as LD_LIBRARY_PATH; repeatable")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-links", action="store_true", help="leave out the symlinks that lead to programs")
    parser.add_argument("--show", type=int, default=20, help="print at most so many differing files")
    options = parser.parse_args()
    options.env = dict(pair.split("=", 1) for pair in options.env)
    support.need_root()
    binary = support.need_imgldd(options.imgldd) if options.imgldd else None
    if not os.path.isdir(options.dir):
        sys.exit(f"error: `{options.dir}` is not a directory")
    root = os.path.realpath(options.dir)
    support.private_mounts()
    # In a mount without setuid nothing runs in secure mode, in which the loader refuses to trace.
    support.mount(root, root, None, support.MS_BIND)
    support.mount("none", root, None, support.MS_BIND | support.MS_REMOUNT | support.MS_NOSUID)
    with support.scratch("whole-rootfs.") as scratch:
        return examine(options, root, binary, scratch)


def examine(options, root, binary, scratch):
    """Survey, trace, ask, compare, report."""
    questions, machine, libraries = survey(root, options.libraries, not options.no_links)
    questions = with_loaders(root, questions)
    qemu = choose_qemu(machine[1])
    deleted = []
    if options.delete:
        if options.delete.startswith("auto:"):
            needs = collections.Counter()
            answers, cages = trace_all(root, [q for q in questions if q.kind == "program"], qemu, options)
            for cage in cages:
                cage.close()
            for answer in answers.values():
                # Needed by path would vanish without a search; names alone are deleted.
                needs.update(os.fsdecode(entry.name) for entry in answer.entries or () if b"/" not in entry.name and entry.path and entry.name != b"(loader)")
            names = popular(root, questions, libraries, needs, int(options.delete[5:]))
        else:
            names = options.delete.split(",")
        root = overlay(root, scratch)
        support.mount("none", root, None, support.MS_REMOUNT | support.MS_NOSUID)
        deleted = delete(root, names)
        if not deleted:
            sys.exit(f"error: nothing in {options.dir} is called {' or '.join(names)}")
        gone = set(deleted)
        questions = [question for question in questions if question.path not in gone and os.path.exists(root + question.path)
                     or question.kind == "link"]
        print(f"deleted: {' '.join(deleted)}")

    began = time.monotonic()
    answers, cages = trace_all(root, questions, qemu, options)
    traced = time.monotonic() - began
    kinds = collections.Counter(question.kind for question in questions)
    entries = sum(len(answer.entries or ()) for answer in answers.values())
    missing = sum(entry.path is None for answer in answers.values() for entry in answer.entries or ())
    refused = sum(answer.failure is not None for answer in answers.values())
    figures = (f"{kinds['program']} programs, {kinds['library']} libraries, {kinds['link']} links to programs "
               f"({support.MACHINES.get(machine[1], machine[1])}): {entries} entries, {missing} not found, {refused} refused")
    if binary is None:
        for cage in cages:
            cage.close()
        for path, answer in sorted(answers.items()):
            if answer.failure:
                print(f"{show(os.fsencode(path))}: {answer.failure}")
        print(f"the real side alone: {figures}; traced in {traced:.1f} s")
        return 0

    extra = [word for key, value in options.env.items() for word in ("--env", f"{key}={value}")]
    if machine[1] == 62 and support.host_cpu_level():
        extra += ["--cpu", support.host_cpu_level()]
    began = time.monotonic()
    subjects, errors = support.subjects_of(binary, root, [question.path for question in questions], extra)
    asked = time.monotonic() - began

    differing = []
    started = 0
    for question in questions:
        lines = compare(question, answers[question.path], subjects.get(question.path))
        real = answers[question.path]
        subject = subjects.get(question.path)
        # Both sides must say that it cannot start before it is started.
        if (question.kind == "program" and subject
                and (real.stopped or any(entry.path is None for entry in real.entries or ()))
                and subject["outcome"]["starts"] is False):
            ran = real_start(cages[0], question, qemu, options.env)
            if ran is not None:
                started += 1
                lines += compare_start(question, ran, subject)
        if lines:
            differing.append(lines)
    for cage in cages:
        cage.close()
    for record in errors:
        differing.append([f"imgldd reports an error: {record.get('path')}: {record.get('message')}"])
    for lines in differing[:options.show]:
        print("\n".join(lines))
    if len(differing) > options.show:
        print(f"… and {len(differing) - options.show} more")
    print(f"{figures}, {started} failing starts compared; loader {traced:.1f} s, imgldd {asked:.2f} s: {len(differing)} differences")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
