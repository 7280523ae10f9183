"""A Debian system in layers: the states that the oracles about images make images of.

The two lower layers are states of one mmdebstrap run: Debian's essential packages, and what perl and openssl bring beside
them. The upper ones are laid out here: programs with private libraries, hard links, links that are absolute, a set-uid
program; then what people do to such images: libraries deleted though the cache still lists them, a directory that becomes
a link, a file that becomes a directory, something deleted that a later layer brings back, a mode that alone is changed.

None of it is a case on which container engines disagree: no layer writes below a link of a lower one, none removes and
makes the same name.
"""

import collections
import os
import shutil
import stat
import subprocess
import sys

SUITE = "bookworm"
PACKAGES = "perl,openssl"
# Nothing in them is a program, and they are half of the bytes.
EXCLUDED = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man", "info", "zoneinfo", "lintian", "bug")]
EMPTIED = ("dev", "proc", "sys", "tmp", "run", "var/cache/apt", "var/lib/apt/lists")
LIBDIR = "usr/lib/x86_64-linux-gnu"

# `adds` is a directory laid over the system, `removes` are paths that go first; `modes` changes what is there.
Layer = collections.namedtuple("Layer", "name adds removes modes")


def run(*command, cwd=None, env=None, source=None):
    """Runs a build step and returns what it wrote; that is shown only when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, stdin=source or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
        sys.exit(f"error: `{' '.join(command[:8])} …` ended with {done.returncode}:\n{said}")
    return done.stdout


# ------------------------------------------------------------------------------------------------ Debian

def debian(place):
    """`(essential, full)`: two states of one system under `place`, made unless they are there from before."""
    essential, full = f"{place}/essential", f"{place}/full"
    if not os.path.isdir(full):
        os.makedirs(place, exist_ok=True)
        # The hook runs when the essential packages are configured and the others are not yet unpacked. What it copies
        # has mmdebstrap's mounts in it, hence -x.
        run("mmdebstrap", "--variant=minbase", "--mode=root", "--quiet", f"--include={PACKAGES}", *EXCLUDED,
            f'--essential-hook=cp -a -x "$1/." "{essential}"', SUITE, f"{full}.part")
        for root in (essential, f"{full}.part"):
            for name in EMPTIED:
                empty(f"{root}/{name}")
            os.chmod(root, 0o755)
        os.rename(f"{full}.part", full)
    return essential, full


def empty(folder):
    """Removes what is in a directory, and leaves the directory."""
    for name in os.listdir(folder):
        path = f"{folder}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def between(lower, upper, place):
    """The layer that makes `lower` into `upper`: what differs is copied to `place`."""
    wanted, removes = [], []
    for here, folders, files in os.walk(upper):
        inside = os.path.relpath(here, upper)
        for name in sorted(folders + files):
            path = os.path.normpath(f"{inside}/{name}")
            if identity(f"{lower}/{path}") != identity(f"{upper}/{path}"):
                wanted.append(path)
    for here, folders, files in os.walk(lower):
        inside = os.path.relpath(here, lower)
        for name in sorted(folders + files):
            path = os.path.normpath(f"{inside}/{name}")
            if not os.path.lexists(f"{upper}/{path}"):
                removes.append(path)
    copy(upper, place, wanted)
    return Layer("the packages", place, [path for path in removes if os.path.dirname(path) not in removes], {})


def identity(path):
    """What tells whether a file is the same as another of that name."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    told = (stat.S_IFMT(found.st_mode), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
    if stat.S_ISDIR(found.st_mode):
        return told
    if stat.S_ISLNK(found.st_mode):
        return told + (os.readlink(path),)
    return told + (found.st_size, found.st_mtime_ns // 10**9)


def copy(source, target, names):
    """Copies names, each for itself, hard links among them kept."""
    os.makedirs(target, exist_ok=True)
    listed = f"{target}.names"
    with open(listed, "wb") as file:
        file.write(b"".join(os.fsencode(name) + b"\0" for name in names))
    run("sh", "-ec", 'tar -C "$0" --format=posix --no-recursion --null --files-from "$2" -cf - . | tar -C "$1" -xpf -', source, target, listed)
    os.unlink(listed)


# ------------------------------------------------------------------------------------------------ programs

class Shop:
    """Compiles small programs and libraries into the directories that become layers."""

    def __init__(self, place):
        self.place = place
        os.makedirs(place, exist_ok=True)

    def library(self, path, soname, function, *needed, calls=(), flags=()):
        """A shared library that has `function`, which calls others."""
        body = "".join(f"int {call}(void);\n" for call in calls) + f"int {function}(void) {{ return 1{''.join(f' + {call}()' for call in calls)}; }}\n"
        self.compile(path, body, "-shared", "-fPIC", f"-Wl,-soname,{soname}", *flags, *needed)

    def program(self, path, *needed, calls=(), flags=()):
        """A program that calls functions of its libraries and ends with 0."""
        body = "".join(f"int {call}(void);\n" for call in calls) + f"int main(void) {{ return 0{''.join(f' * {call}()' for call in calls)}; }}\n"
        self.compile(path, body, *flags, *needed)

    def compile(self, path, text, *flags):
        """One C text, through gcc."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        source = f"{self.place}/source.c"
        with open(source, "w", encoding="ascii") as file:
            file.write(text)
        run("gcc", "-O1", "-o", path, source, "-Wl,--no-as-needed", *flags)


def text(path, content, mode=0o644):
    """A small file."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(content)
    os.chmod(path, mode)


def link(path, target):
    """A symbolic link."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def programs(place):
    """The layer with an application: what it has is what the later layers take apart."""
    shop, top = Shop(f"{place}.build"), f"{place}/opt/app"
    lib = f"{top}/lib"
    shop.library(f"{lib}/libword.so.1", "libword.so.1", "word")
    shop.library(f"{place}/usr/local/lib/greet/libgreet.so.1.0", "libgreet.so.1", "greet", f"{lib}/libword.so.1", calls=["word"],
                 flags=["-Wl,--enable-new-dtags,-rpath,$ORIGIN:/opt/app/lib"])
    link(f"{lib}/libgreet.so.1", "/usr/local/lib/greet/libgreet.so.1.0")
    link(f"{lib}/libgreet.so", "libgreet.so.1")
    greet = f"{place}/usr/local/lib/greet/libgreet.so.1.0"
    near = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib"
    beside = f"-Wl,-rpath-link,{lib}"
    shop.program(f"{top}/bin/hello", greet, calls=["greet"], flags=[near, beside])
    shop.program(f"{top}/bin/hello-rpath", greet, calls=["greet"], flags=["-Wl,--disable-new-dtags,-rpath,/opt/app/lib", beside])
    shop.program(f"{top}/bin/no-path", greet, calls=["greet"], flags=[beside])
    shop.program(f"{top}/bin/static", flags=["-static"])
    shop.program(f"{top}/bin/plain")
    shop.program(f"{top}/bin/root-only", greet, calls=["greet"], flags=["-Wl,--enable-new-dtags,-rpath,/opt/app/lib", beside])
    os.chmod(f"{top}/bin/root-only", 0o4755)
    for name in ("gone", "back", "late"):
        shop.library(f"{lib}/lib{name}.so.1", f"lib{name}.so.1", name)
        shop.program(f"{top}/bin/needs-{name}", f"{lib}/lib{name}.so.1", calls=[name], flags=[near])
    shop.library(f"{top}/plugins/libplug.so", "libplug.so", "plug")
    shop.program(f"{top}/bin/needs-plug", f"{top}/plugins/libplug.so", calls=["plug"], flags=["-Wl,--enable-new-dtags,-rpath,/opt/app/plugins"])
    shop.library(f"{top}/swap/libold.so", "libold.so", "swap")
    shop.program(f"{top}/bin/needs-old", f"{top}/swap/libold.so", calls=["swap"], flags=["-Wl,--enable-new-dtags,-rpath,/opt/app/swap"])
    shop.library(f"{top}/data/libdata.so", "libdata.so", "data")
    shop.program(f"{top}/bin/needs-data", f"{top}/data/libdata.so", calls=["data"], flags=["-Wl,--enable-new-dtags,-rpath,/opt/app/data"])
    shutil.rmtree(f"{top}/data")
    text(f"{top}/data", "a file where a later layer has a directory\n")
    text(f"{top}/bin/run.sh", "#!/bin/sh\nexec /opt/app/bin/hello\n", 0o755)
    text(f"{top}/bin/run.pl", "#!/usr/bin/perl\nexit 0;\n", 0o755)
    os.makedirs(f"{place}/usr/bin", exist_ok=True)
    os.link(f"{top}/bin/hello", f"{place}/usr/bin/hello-hard")
    os.link(f"{lib}/libword.so.1", f"{top}/bin/libword-hard.so")
    link(f"{place}/usr/local/bin/hello", "/opt/app/bin/hello")
    return Layer("the application", place, [], {})


def taken_apart(place):
    """The layer that deletes and replaces."""
    shop, top = Shop(f"{place}.build"), f"{place}/opt/app"
    shop.library(f"{top}/data/libdata.so", "libdata.so", "data")
    shop.library(f"{top}/swap/libnew.so", "libnew.so", "swap")
    # As `rm` in a Dockerfile: the cache of ldconfig still names the first.
    removes = [f"{LIBDIR}/libssl.so.3", "opt/app/lib/libgone.so.1", "opt/app/lib/libback.so.1", "opt/app/plugins", "opt/app/data",
               "opt/app/swap", "usr/share/perl5", "usr/bin/hello-hard"]
    return Layer("what it deletes", place, removes, {})


def brought_back(place):
    """The last layer: one library comes back, another is replaced, a mode is changed."""
    shop, top = Shop(f"{place}.build"), f"{place}/opt/app"
    shop.library(f"{top}/lib/libback.so.1", "libback.so.1", "back", "-lm")
    shop.library(f"{top}/lib/liblate.so.1", "liblate.so.1", "late", f"{top}/lib/libback.so.1", calls=["back"], flags=["-Wl,--enable-new-dtags,-rpath,$ORIGIN"])
    # The directory went with the layer below. umoci, where one layer has both, writes the whiteouts of what was in the
    # directory behind the link, and so deletes from wherever the link leads.
    link(f"{top}/plugins", "/opt/app/plugins2")
    shop.library(f"{top}/plugins2/libplug.so", "libplug.so", "plug")
    return Layer("what comes back", place, ["opt/app/bin/run.pl"], {"opt/app/bin/plain": 0o644})


def layers(debian_place, place):
    """Every layer, the lowest first."""
    essential, full = debian(debian_place)
    return [Layer("the essential packages", essential, [], {}), between(essential, full, f"{place}/packages"), programs(f"{place}/programs"),
            taken_apart(f"{place}/apart"), brought_back(f"{place}/back")]


def apply(layer, root):
    """Changes a system as a layer says."""
    for path in layer.removes:
        full = f"{root}/{path}"
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        else:
            os.unlink(full)
    if layer.adds:
        run("cp", "-a", "--remove-destination", f"{layer.adds}/.", f"{root}/")
    for path, mode in layer.modes.items():
        os.chmod(f"{root}/{path}", mode)
