#!/usr/bin/env python3
"""Builds the roots on which other tools were seen to err, asks each tool, and holds its answer against the real loader.

The truth is the kernel and the loader in a chroot: for each library that the program needs, the very file (inode) that is
loaded, or none. A tool is right where it names that file for each library, and wrong where it names another, none, or
one where the loader finds none. Where the kernel does not find the interpreter, a tool that has the libraries right and
passes over that is right about the libraries only.

usage: peers.py --imgldd PATH [--write README.md | --check [README.md]]
       prints the table; --write puts it between the markers of the README; --check asks imgldd alone (and, with a README,
       compares its column there), which needs no other tool
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

import support
from support import Cage, field

BEGIN, END = "<!-- peers:begin -->", "<!-- peers:end -->"
LIBDIR = "/lib/x86_64-linux-gnu"
USRLIBDIR = "/usr/lib/x86_64-linux-gnu"
LOADER = "/lib64/ld-linux-x86-64.so.2"
NEEDED = ("libgreet.so", "libc.so.6")

# The heading of each column, and how that tool was run (ROOT: the target's directory).
COLUMNS = {
    "ldd": ("`ldd`", "`ldd ROOT/app`, on the host (glibc's script)"),
    "ldd-chroot": ("`ldd`, chroot", "`ldd /app` in a chroot of the target, `ldd` and bash lent to it; this executes the target's loader"),
    "libtree": ("`libtree`", "`libtree -vvv -p ROOT/app`, on the host"),
    "libtree-chroot": ("`libtree`, chroot", "`libtree -vvv -p /app` in a chroot of the target, `libtree` and its libc lent to it"),
    "lddtree": ("`lddtree --root`", "`lddtree --root ROOT /app`, on the host (pax-utils)"),
    "imgldd": ("`imgldd --root`", "`imgldd --root ROOT /app`, on the host"),
}


# ------------------------------------------------------------------------------------------------ the cases

class Builder:
    """Compiles the two programs and makes roots of them."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.work = f"{scratch}/work"
        os.mkdir(self.work)
        with open(f"{self.work}/greet.c", "w", encoding="ascii") as file:
            file.write("#include <stdio.h>\nvoid greet(void) { puts(\"hello\"); }\n")
        with open(f"{self.work}/app.c", "w", encoding="ascii") as file:
            file.write("void greet(void);\nint main(void) { greet(); return 0; }\n")
        self.cc("-shared", "-fPIC", "-o", "libgreet.so", "greet.c", "-Wl,-soname,libgreet.so")

    def cc(self, *arguments):
        """The host's C compiler, in the work directory."""
        done = subprocess.run(["gcc", *arguments], cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            sys.exit(f"error: gcc: {done.stdout.decode(errors='replace')}")

    def versioned(self, version):
        """A directory with `libgreet.so`, whose one function has this version."""
        place = f"{self.work}/{version}"
        os.mkdir(place)
        with open(f"{place}/map", "w", encoding="ascii") as file:
            file.write(version + " { global: greet; local: *; };\n")
        self.cc("-shared", "-fPIC", "-o", f"{place}/libgreet.so", "greet.c", "-Wl,-soname,libgreet.so", f"-Wl,--version-script={place}/map")
        return place

    def root(self, name, runpath=None, greet=None, loader=LOADER, libc=True, conf=(LIBDIR, USRLIBDIR), ldconfig=True, linked_in="."):
        """A root with `/app`, a libc, `libgreet.so` at `greet`, a conf and a cache, as wanted. `/app` is linked with what `linked_in` has."""
        root = f"{self.scratch}/{name}"
        os.makedirs(f"{root}/proc")
        os.makedirs(f"{root}/.tools")
        flags = [] if runpath is None else ["-Wl,--enable-new-dtags", f"-Wl,-rpath,{runpath}"]
        self.cc("-o", f"{root}/app", "app.c", f"-L{linked_in}", "-lgreet", *flags)
        if libc:
            for source, target in ((LOADER, loader), (f"{LIBDIR}/libc.so.6", f"{LIBDIR}/libc.so.6")):
                os.makedirs(os.path.dirname(root + target), exist_ok=True)
                shutil.copy2(os.path.realpath(source), root + target)
        if loader != LOADER:
            os.makedirs(os.path.dirname(root + LOADER), exist_ok=True)
            os.symlink(loader, root + LOADER)
        if greet is not None:
            os.makedirs(os.path.dirname(root + greet), exist_ok=True)
            shutil.copy2(f"{self.work}/libgreet.so", root + greet)
        if conf is not None:
            os.makedirs(f"{root}/etc", exist_ok=True)
            with open(f"{root}/etc/ld.so.conf", "w", encoding="ascii") as file:
                file.write("".join(line + "\n" for line in conf))
            if ldconfig:
                subprocess.run(["/sbin/ldconfig", "-r", root], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return root


def empty_root(build):
    """FROM scratch, COPY app."""
    return build.root("empty", libc=False, conf=None)


def host_only_link(build):
    """The link's target exists where the tool runs and not in the target."""
    root = build.root("link")
    os.makedirs(root + USRLIBDIR)
    os.symlink(f"{build.work}/libgreet.so", f"{root}{USRLIBDIR}/libgreet.so")
    return root


def linked_loader(build):
    """The interpreter's name is a link that is right inside the target alone."""
    return build.root("loader", greet=f"{USRLIBDIR}/libgreet.so", loader="/opt/glibc/lib/ld-inside.so")


def absolute_runpath(build):
    """RUNPATH /opt/app/lib is a directory of the target."""
    return build.root("runpath", runpath="/opt/app/lib", greet="/opt/app/lib/libgreet.so")


def origin_runpath(build):
    """RUNPATH $ORIGIN/vendor, beside the program."""
    return build.root("origin", runpath="$ORIGIN/vendor", greet="/vendor/libgreet.so")


def linked_directory(build):
    """The same, the directory being a link that is absolute, as releases that are switched by a link have it."""
    root = build.root("directory", runpath="$ORIGIN/vendor", greet="/opt/vendor-1.2/libgreet.so")
    os.symlink("/opt/vendor-1.2", f"{root}/vendor")
    return root


def distroless(build):
    """The libraries lie in the loader's built-in directories; there is no /etc."""
    return build.root("distroless", greet=f"{USRLIBDIR}/libgreet.so", conf=None)


def stale_conf(build):
    """A directory was added to ld.so.conf and ldconfig has not run: the loader reads the cache alone."""
    root = build.root("conf", greet="/opt/conf/libgreet.so")
    with open(f"{root}/etc/ld.so.conf", "a", encoding="ascii") as file:
        file.write("/opt/conf\n")
    return root


def missing_version(build):
    """The library of the right name is an older build: it lacks the version that the program was linked with."""
    root = build.root("version", greet=f"{USRLIBDIR}/libgreet.so", linked_in=build.versioned("GREET_2"))
    shutil.copy2(f"{build.versioned('GREET_1')}/libgreet.so", f"{root}{USRLIBDIR}/libgreet.so")
    return root


CASES = [
    ("empty root (`FROM scratch`)", empty_root),
    ("absolute symlink whose target only the host has", host_only_link),
    ("loader behind an absolute symlink", linked_loader),
    ("absolute `RUNPATH`", absolute_runpath),
    ("`RUNPATH` with `$ORIGIN`", origin_runpath),
    ("the same, its directory an absolute symlink", linked_directory),
    ("distroless: no `ld.so.conf`, no `ld.so.cache`", distroless),
    ("`ld.so.conf` edited, `ldconfig` not run", stale_conf),
    ("the library lacks a version that the program needs", missing_version),
]


# ------------------------------------------------------------------------------------------------ the truth, the tools

def inode(path):
    """Which file a path of this machine leads to."""
    try:
        found = os.stat(path)
        return (found.st_dev, found.st_ino)
    except OSError:
        return None


def device_of(root):
    """Inodes inside are of the root's own device."""
    return os.stat(root).st_dev


def truth(cage, root):
    """`(libraries: name to inode or None, in words)` as the kernel and the loader decide."""
    ran = cage.run(["/app"], {"LD_TRACE_LOADED_OBJECTS": "1"})
    if ran.errno:
        return dict.fromkeys(NEEDED), f"exec fails: {os.strerror(ran.errno).lower()}"
    libraries = dict.fromkeys(NEEDED)
    libraries.update(from_trace(ran.out.decode(), lambda path: inside(cage, root, path)))
    lost = [name for name, file in libraries.items() if file is None]
    if lost:
        return libraries, f"`{lost[0]}` not found"
    said = cage.run(["/app"], {}, merged=True).out.decode(errors="replace")
    version = re.search(r"version `(\S+)' not found", said)
    return libraries, f"version `{version[1]}` not found" if version else "starts"


def inside(cage, root, path):
    """Which file a path means inside the chroot."""
    (code, number, _), = cage.stat([path])
    return (device_of(root), number) if code == 0 else None


def from_trace(text, find):
    """ldd's grammar: the libraries that we ask about."""
    found = {}
    for name, path in re.findall(r"^\s+(\S+) => (\S+(?: found)?)", text, re.M):
        if name in NEEDED:
            found[name] = None if path == "not found" else find(path)
    return found


def answer(tool, root, cage, binary):
    """What one tool says: `(name to inode or None, or None where it says nothing, its own words)`."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}

    def host(*command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, timeout=60, check=False)
        return done.stdout.decode(errors="replace")

    def lent(*command):
        ran = cage.run(["/.tools/ld.so", "--library-path", "/.tools/lib", *command], {"PATH": "/.tools", "LC_ALL": "C"}, merged=True)
        return ran.out.decode(errors="replace") if not ran.errno else os.strerror(ran.errno)

    within = lambda path: inside(cage, root, path)  # noqa: E731 (a name for the table below)
    if tool == "ldd":
        text = host("ldd", f"{root}/app")
        return from_trace(text, inode), text
    if tool == "ldd-chroot":
        text = lent("/.tools/bash", "/.tools/ldd", "/app")
        return from_trace(text, within), text
    if tool == "libtree":
        text = host("libtree", "-vvv", "-p", f"{root}/app")
        return from_libtree(text, inode), text
    if tool == "libtree-chroot":
        text = lent("/.tools/libtree", "-vvv", "-p", "/app")
        return from_libtree(text, within), text
    if tool == "lddtree":
        text = host(shutil.which("python3", path="/usr/bin") or "python3", shutil.which("lddtree"), "--root", root, "/app")
        # It prints some paths with the root before them and some without; the first are opened here, as it does.
        return from_trace(text, lambda path: inode(path if path.startswith(root) else root + path)), text
    done = subprocess.run([binary, "--root", root, "--json", "/app"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={"PATH": env["PATH"]}, timeout=60, check=False)
    subject = json.loads(done.stdout)["subjects"][0]
    found = {}
    for library in subject["libraries"]:
        name = os.fsdecode(field(library, "name"))
        if name in NEEDED:
            found[name] = within(os.fsdecode(field(library, "path"))) if library["status"] == "found" else None
    said = subject["outcome"]
    return found, "starts" if said["starts"] else f"{said['stage']} {said['errno'] or said['message']}"


def from_libtree(text, find):
    """libtree's tree with -p: a path and the rule in brackets, or `not found`."""
    found = {}
    for line in text.splitlines():
        bare = re.sub(r"^[\s│├└─]+", "", re.sub(r"\x1b\[[0-9;]*m", "", line)).strip()
        missing = re.match(r"(\S+) not found", bare)
        name = missing[1] if missing else None
        if name in NEEDED:
            found.setdefault(name, None)
            continue
        taken = re.match(r"(/\S+)( \[.*\])?$", bare)
        if taken and os.path.basename(taken[1]) in NEEDED:
            found[os.path.basename(taken[1])] = find(taken[1])
    return found


def judge(real, said, interpreter, passed_over):
    """`right`, or what is wrong first. `interpreter`: None where it is there, else what the tool says of it. `passed_over`:
    the version that is missing and that the tool does not name."""
    if all(name not in said for name in NEEDED):
        return "**wrong**: names no library"
    for name in NEEDED:
        wanted, got = real[name], said.get(name)
        if wanted == got:
            continue
        if name not in said:
            return f"**wrong**: does not name `{name}`"
        if got is None:
            return f"**wrong**: `{name}` not found"
        if wanted is None:
            return f"**wrong**: `{name}` found"
        return f"**wrong**: another `{name}`"
    if passed_over:
        return f"**wrong**: does not name `{passed_over}`"
    return "right" if interpreter in (None, "missing") else f"right about the libraries; {interpreter}"


def interpreter_words(tool, text):
    """What a tool says of an interpreter that is not there."""
    if tool == "imgldd":
        return "missing" if text == "exec ENOENT" else "**wrong** about the interpreter"
    named = re.search(r"interpreter => (\S+)", text)
    if named and named[1] != "None":
        return "names the interpreter that is not there"
    return "missing" if named else "silent on the interpreter"


def lend(root, tools):
    """Puts bash, ldd and libtree with the host's libc into a tmpfs over `/.tools`, so they run where there is no libc."""
    place = f"{root}/.tools"
    support.mount("tmpfs", place, "tmpfs", 0, "mode=755")
    os.mkdir(f"{place}/lib")
    shutil.copy2(os.path.realpath(LOADER), f"{place}/ld.so")
    for name in tools:
        found = shutil.which(name)
        shutil.copy2(os.path.realpath(found), f"{place}/{name}")
        for path in re.findall(r"=> (/\S+)", subprocess.run(["ldd", found], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()):
            shutil.copy2(os.path.realpath(path), f"{place}/lib/{os.path.basename(path)}")


# ------------------------------------------------------------------------------------------------ the table

def versions(tools):
    """One line that says which releases were asked."""
    words = []
    for name, command, pattern in (("ldd", ["ldd", "--version"], r"GLIBC ([^)]*)"), ("libtree", ["libtree", "--version"], r"(\S+)\s*$"),
                                   ("lddtree", ["scanelf", "--version"], r"pax-utils-(\S+?):")):
        if any(tool.startswith(name) for tool in tools) and shutil.which(command[0]):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            found = re.search(pattern, done.stdout.decode(errors="replace").splitlines()[0])
            text = found[1] if found else "?"
            words.append(f"{'pax-utils' if name == 'lddtree' else 'glibc' if name == 'ldd' else name} {text}")
    return ", ".join(words)


def table(rows, tools):
    """Markdown: a row for each case, then how each tool was run."""
    lines = ["| case | the real loader | " + " | ".join(COLUMNS[tool][0] for tool in tools) + " |", "|---" * (len(tools) + 2) + "|"]
    lines += [f"| {name} | {words} | " + " | ".join(cells[tool] for tool in tools) + " |" for name, words, cells in rows]
    lines += ["", "How each was run (`ROOT` is the target's directory):", ""]
    lines += [f"- {COLUMNS[tool][0]}: {COLUMNS[tool][1]}" for tool in tools]
    lines += ["", f"Right means: for each of the program's libraries the very file that the kernel and the loader take in a chroot of the target, "
              f"or none where they take none; and a version that is missing is named. Measured with {versions(tools)}."]
    return "\n".join(lines)


def column(text):
    """imgldd's cells of a README's table, by case."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) > 3 and cells[0] != "case":
            found[cells[0]] = cells[-1]
    return found


def between(path):
    """A README cut at the markers."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        sys.exit(f"error: `{path}` wants one `{BEGIN}` and after it one `{END}`")
    head, rest = text.split(BEGIN)
    body, tail = rest.split(END)
    return head, body, tail


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--imgldd", help="the binary under test; without it the peers alone are asked")
    parser.add_argument("--write", metavar="README")
    parser.add_argument("--check", metavar="README", nargs="?", const="")
    parser.add_argument("--verbose", action="store_true", help="print what each tool said")
    options = parser.parse_args()
    support.need_root()
    support.need_tools("gcc", "ldd")
    if not os.path.exists(LOADER) or not os.path.exists(f"{LIBDIR}/libc.so.6"):
        support.skip("the roots are made of an amd64 Debian's loader and libc")
    binary = support.need_imgldd(options.imgldd) if options.imgldd else None
    tools = ["imgldd"] if options.check is not None else list(COLUMNS)
    if options.check is None:
        support.need_tools("libtree", "lddtree", "bash")
    if binary is None:
        tools.remove("imgldd")
    kept = between(options.write) if options.write else None
    support.private_mounts()
    rows, wrong = [], []
    with support.scratch("peers.") as scratch:
        build = Builder(scratch)
        for name, make in CASES:
            root = make(build)
            if len(tools) > 1:
                lend(root, ["bash", "ldd", "libtree"])
            with Cage(root) as cage:
                real, words = truth(cage, root)
                cells = {}
                for tool in tools:
                    said, text = answer(tool, root, cage, binary)
                    there = not words.startswith("exec fails")
                    version = re.fullmatch(r"version `(\S+)` not found", words)
                    passed_over = version[1] if version and version[1] not in text else None
                    cells[tool] = judge(real, said, None if there else interpreter_words(tool, text), passed_over)
                    if options.verbose:
                        print(f"--- {name}: {tool}: {cells[tool]}\n{text}")
                    if tool == "imgldd":
                        starts = words == "starts"
                        if (text == "starts") != starts:
                            cells[tool] = f"**wrong**: `{text}`"
                        if cells[tool] != "right":
                            wrong.append(f"{name}: the loader: {words}; imgldd: {cells[tool]} ({text})")
            rows.append((name, words, cells))
    if options.check:
        written = column(between(options.check)[1])
        for name, _, cells in rows:
            if written.get(name) != cells.get("imgldd"):
                wrong.append(f"{name}: {options.check} says {written.get(name)}, measured {cells.get('imgldd')}")
    if options.check is None:
        text = table(rows, tools)
        if kept:
            with open(options.write, "w", encoding="utf-8") as file:
                file.write(f"{kept[0]}{BEGIN}\n{text}\n{END}{kept[2]}")
            print(f"wrote the table to {options.write}")
        else:
            print(text)
            print()
    for line in wrong:
        print(line)
    rights = {tool: sum(cells[tool] == "right" for _, _, cells in rows) for tool in tools}
    print(f"{len(rows)} cases; right: " + ", ".join(f"{tool} {count}" for tool, count in rights.items()) + f"; {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
