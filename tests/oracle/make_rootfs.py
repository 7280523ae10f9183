#!/usr/bin/env python3
"""Builds the roots that `whole_rootfs.py` examines.

  minbase the smallest Debian that apt can add to, untouched
  debian  a Debian of this machine's architecture with enough packages for well over 1,500 ELF files: private library
          directories, $ORIGIN, rpath, a 32-bit libc beside the 64-bit one
  arm64   a foreign Debian, unpacked and not configured, so no emulator is needed to build it (and it has no ld.so.cache)
  musl    Debian's musl and a generated tree of programs and libraries
  tangle  the same generated tree for glibc, with this machine's loader and libc

The two generated kinds draw graphs of libraries from a fixed seed: rpath and runpath, absolute, relative, with $ORIGIN,
directories behind links, libraries behind links and under two names, needs by path, sonames that are not file names, and
some that nothing provides; copies for another machine or class, texts and directories in place of libraries, glibc-hwcaps. No two machines draw different ones.

usage: make_rootfs.py KIND DIR [--programs 60] [--seed 1]
"""

import argparse
import glob
import os
import random
import shutil
import subprocess
import sys
import time

import support

SUITE = "bookworm"
DEBIAN = ("ffmpeg gdb python3 git perl vim-nox curl openssh-client gnupg imagemagick systemd samba openjdk-17-jre-headless "
          "libc6-i386 busybox postgresql-client gstreamer1.0-plugins-good qemu-utils g++").split()
ARM64 = "python3-minimal,ca-certificates,libcurl4,openssl,apt,libnss-systemd,perl,git,systemd,ffmpeg,gdb,samba-libs,openssh-client"


def run(*command):
    """Runs a build step; what it says is shown only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.exit(f"error: `{' '.join(command[:6])} …` ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-3000:]}")
    return done.stdout


def minbase(target, _):
    """What `FROM debian` starts from, or a little more."""
    run("mmdebstrap", "--variant=minbase", "--mode=root", "--quiet", SUITE, target)


def debian(target, _):
    """minbase and packages; dpkg runs in it, so ldconfig has run too."""
    run("mmdebstrap", "--variant=minbase", "--mode=root", "--quiet", f"--include={','.join(DEBIAN)}",
        "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*", SUITE, target)


def arm64(target, _):
    """Packages unpacked without a maintainer script: needs no emulator."""
    run("mmdebstrap", "--variant=extract", "--mode=root", "--quiet", "--architectures=arm64", "--skip=check/qemu",
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--include=?essential", f"--include={ARM64}", SUITE, target)


def musl(target, options):
    """Debian's own musl as it is installed here, and the tangle."""
    support.need_tools("musl-gcc")
    for path in ("lib/x86_64-linux-musl/libc.so", "usr/lib/x86_64-linux-musl/libc.so"):
        found = os.path.realpath("/" + path)
        if os.path.isfile(found):
            break
    else:
        support.skip("no musl loader here (package musl)")
    skeleton(target)
    os.makedirs(f"{target}/lib/x86_64-linux-musl", exist_ok=True)
    shutil.copy2(found, f"{target}/lib/x86_64-linux-musl/libc.so")
    os.symlink("x86_64-linux-musl/libc.so", f"{target}/lib/ld-musl-x86_64.so.1")
    # Not Debian's own two lines: a third directory shows that the file replaces the built-in list, a blank is part of a name.
    with open(f"{target}/etc/ld-musl-x86_64.path", "w", encoding="ascii") as file:
        file.write("/lib/x86_64-linux-musl\n/usr/lib:/opt/shared\n /opt/blank\n")
    Tangle(target, options, ["musl-gcc"], "lib/x86_64-linux-musl").build()


def tangle(target, options):
    """This machine's glibc, a cache made by its ldconfig, and the tangle."""
    support.need_tools("gcc", "ldconfig")
    skeleton(target)
    loader = "/lib64/ld-linux-x86-64.so.2"
    if not os.path.exists(loader):
        support.skip("the tangle for glibc is made on x86-64 only")
    os.makedirs(target + os.path.dirname(loader), exist_ok=True)
    shutil.copy2(os.path.realpath(loader), target + loader)
    libdir = os.path.dirname(subprocess.run(["gcc", "-print-file-name=libc.so.6"], stdout=subprocess.PIPE, check=True).stdout.decode().strip())
    libdir = "/lib/x86_64-linux-gnu" if os.path.exists("/lib/x86_64-linux-gnu/libc.so.6") else os.path.realpath(libdir)
    os.makedirs(target + libdir, exist_ok=True)
    shutil.copy2(os.path.realpath(libdir + "/libc.so.6"), target + libdir + "/libc.so.6")
    with open(f"{target}/etc/ld.so.conf", "w", encoding="ascii") as file:
        file.write("/opt/shared\n/opt/blank\n")
    Tangle(target, options, ["gcc"], libdir.lstrip("/")).build()
    # One library goes after the cache was written, one comes; a cache of a real system is seldom quite true either.
    run("ldconfig", "-r", target)
    listed = [path for path in sorted(glob.glob(f"{target}/opt/shared/lib*.so")) if os.path.isfile(path) and not os.path.islink(path)]
    if len(listed) > 3:
        os.unlink(listed[1])
        late = f"{target}{libdir}/{os.path.basename(listed[1])}"
        # Never through a link: what is absolute in the root would be the host's here.
        if not os.path.lexists(late):
            shutil.copy2(listed[2], late)


def skeleton(target):
    """What a chroot wants."""
    for name in ("proc", "dev", "etc", "tmp", "usr/lib", "usr/local/lib", "lib", "bin", "opt/shared", "opt/blank"):
        os.makedirs(os.path.join(target, name), exist_ok=True)


class Tangle:
    """A drawn graph of libraries and programs.

    Libraries are compiled in the order of their numbers and need only lower ones, or, some of them, a higher one by a
    stub that is not installed: so there are cycles too. A need becomes DT_NEEDED through a stub library that has
    nothing but the wanted soname; so what is needed, what it is called and where it lies are drawn independently.
    """

    def __init__(self, target, options, compiler, libdir):
        self.target, self.options, self.compiler, self.libdir = target, options, compiler, libdir
        self.random = random.Random(options.seed)
        self.work = os.path.join(target, ".work")
        self.stubs = {}
        self.places = ["/opt/shared", "/opt/shared", "/opt/shared", "/opt/blank", "/usr/lib", "/usr/local/lib", "/" + libdir]
        self.trees = [f"/srv/t{number}" for number in range(8)]

    def build(self):
        """All of it, then away with the scaffolding."""
        os.makedirs(self.work, exist_ok=True)
        with open(f"{self.work}/empty.c", "w", encoding="ascii") as file:
            file.write("int unused_by_anyone;\n")
        with open(f"{self.work}/main.c", "w", encoding="ascii") as file:
            file.write("int main(void) { return 0; }\n")
        for tree in self.trees:
            for sub in ("bin", "lib", "lib/deep", "plugins", "empty"):
                os.makedirs(self.target + tree + "/" + sub, exist_ok=True)
            # Directories behind links: absolute, relative, one that loops, one that dangles, a file in place of one.
            os.symlink(f"{tree}/lib", f"{self.target}{tree}/abs")
            os.symlink("lib/deep", f"{self.target}{tree}/rel")
            os.symlink("nowhere", f"{self.target}{tree}/dangling")
            with open(f"{self.target}{tree}/file", "w", encoding="ascii") as file:
                file.write("not a directory\n")
        count = self.options.programs
        libraries = [f"libt{number}.so" for number in range(2 * count)]
        self.home = {name: self.trees[number % len(self.trees)] for number, name in enumerate(libraries)}
        for name in libraries:
            self.library(name, libraries)
        for number in range(count):
            self.program(number, libraries)
        shutil.rmtree(self.work)

    def draw(self, *choices):
        """One of `(weight, value)`."""
        return self.random.choices([value for _, value in choices], [weight for weight, _ in choices])[0]

    def stub(self, soname):
        """A library to link against that has `soname` and is nowhere in the root."""
        if soname not in self.stubs:
            path = f"{self.work}/stub{len(self.stubs)}.so"
            run(*self.compiler, "-shared", "-nostdlib", "-o", path, f"{self.work}/empty.c", f"-Wl,-soname,{soname}")
            self.stubs[soname] = path
        return self.stubs[soname]

    def paths(self, tree):
        """An rpath or runpath: a few elements of every sort, or none."""
        kinds = [(20, "$ORIGIN/../lib"), (8, "$ORIGIN"), (8, "${ORIGIN}/../plugins"), (15, f"{tree}/lib"), (6, f"{tree}/abs"),
                 (6, f"{tree}/rel"), (6, f"{tree}/lib/deep"), (1, f"{tree}/dangling"), (1, f"{tree}/file"), (1, f"{tree}/missing"),
                 (1, f"{tree}/rel/../"), (1, "/opt/blank//"), (1, f"$ORIGIN/../abs/deep"), (1, ""), (1, f"{self.draw(*[(1, t) for t in self.trees])}/lib"),
                 (1, f"{tree}/lib/deep/../../../..{tree}/plugins"), (1, "srv"), (1, "$LIB"), (1, "$ORIGINAL/x"), (1, "/x$ORIGIN")]
        return ":".join(self.draw(*kinds) for _ in range(self.draw((1, 1), (3, 2), (2, 3), (1, 5))))

    def flags(self, tree):
        """Linker flags for no path, an rpath, a runpath."""
        kind = self.draw((3, None), (3, "--disable-new-dtags"), (4, "--enable-new-dtags"))
        return [] if kind is None else [f"-Wl,{kind}", f"-Wl,-rpath,{self.paths(tree)}"]

    def needs(self, home, libraries, count):
        """Drawn needs: mostly names that exist, now and then one that does not, or one by path."""
        stubs = []
        for _ in range(count):
            # Mostly of its own tree, or next to nothing would be found.
            name = self.draw(*[(40 if self.home[library] == home else 1, library) for library in libraries])
            tree = self.draw(*[(1, each) for each in self.trees])
            stubs.append(self.stub(self.draw((30, name), (1, f"libnone{self.random.randrange(9)}.so"), (2, f"soname-of-{name}"), (1, f"alias-{name}"),
                                             (1, f"{tree}/lib/{name}"), (1, f"lib/{name}"), (1, "libm.so.6"), (1, "libcx.so"))))
        return list(dict.fromkeys(stubs))

    def library(self, name, libraries):
        """One library at one or two places, some behind links."""
        tree = self.home[name]
        near = [other for other in libraries if other != name]
        soname = self.draw((5, name), (2, f"soname-of-{name}"), (2, None))
        first = self.draw((8, f"{tree}/lib"), (2, f"{tree}/lib/deep"), (2, f"{tree}/plugins"), (6, self.draw(*[(1, place) for place in self.places])))
        path = f"{self.target}{first}/{name}"
        command = [*self.compiler, "-shared", "-o", path, f"{self.work}/empty.c", "-Wl,--no-as-needed", "-Wl,--unresolved-symbols=ignore-all"]
        if self.draw((2, True), (1, False)):
            command.append("-nostdlib")
        if soname:
            command.append(f"-Wl,-soname,{soname}")
        run(*command, *self.flags(tree), *self.needs(tree, near, self.draw((3, 0), (4, 1), (3, 2), (1, 4))))
        # A library needs no x bit, and in most systems has none.
        os.chmod(path, self.draw((1, 0o755), (1, 0o644)))
        for _ in range(self.draw((4, 0), (4, 1), (2, 2))):
            other = self.draw(*[(1, each) for each in self.trees])
            place = self.draw((3, f"{other}/lib"), (1, f"{other}/lib/deep"), (1, f"{other}/plugins"), (2, self.draw(*[(1, each) for each in self.places])))
            # What glibc puts before a plain directory; musl knows none of it.
            place += self.draw((8, ""), (1, "/glibc-hwcaps/x86-64-v2"), (1, "/glibc-hwcaps/x86-64-v3"), (0.6, "/glibc-hwcaps/x86-64-v4"),
                               (0.4, "/glibc-hwcaps/other"), (0.6, "/tls"))
            os.makedirs(self.target + place, exist_ok=True)
            second = f"{self.target}{place}/{self.draw((5, name), (1, f'alias-{name}'))}"
            if os.path.lexists(second):
                continue
            kind = self.draw((3, "absolute"), (3, "relative"), (2, "hard"), (2, "copy"), (1, "dangling"), (1, "loop"), (1, "machine"), (1, "class"),
                             (0.4, "folder"), (0.4, "text"), (0.4, "empty"))
            if kind == "absolute":
                os.symlink(f"{first}/{name}", second)
            elif kind == "relative":
                os.symlink(os.path.relpath(path, os.path.dirname(second)), second)
            elif kind == "hard":
                os.link(path, second)
            elif kind == "copy":
                shutil.copy2(path, second)
            elif kind == "dangling":
                os.symlink("/nowhere/at/all.so", second)
            elif kind == "loop":
                os.symlink(os.path.basename(second), second)
            elif kind in ("machine", "class"):
                # glibc passes over both, musl looks at neither.
                shutil.copy2(path, second)
                with open(second, "r+b") as file:
                    file.seek(18 if kind == "machine" else 4)
                    file.write(b"\xb7" if kind == "machine" else b"\x01")
            elif kind == "folder":
                os.mkdir(second)
            else:
                with open(second, "w", encoding="ascii") as file:
                    file.write("" if kind == "empty" else "/* GNU ld script */ INPUT(-lc)\n" * 9)

    def program(self, number, libraries):
        """One program, and for every other a link from elsewhere."""
        tree = self.trees[number % len(self.trees)]
        place = self.draw((5, f"{tree}/bin"), (1, f"{tree}"), (1, f"{tree}/lib"))
        path = f"{self.target}{place}/p{number}"
        run(*self.compiler, "-o", path, f"{self.work}/main.c", "-Wl,--no-as-needed", "-Wl,--unresolved-symbols=ignore-all",
            *self.flags(tree), *self.needs(tree, libraries, self.draw((1, 1), (3, 2), (3, 4), (2, 7))))
        if number % 2:
            os.symlink(self.draw((1, f"{place}/p{number}"), (1, f"..{place}/p{number}")), f"{self.target}/bin/l{number}")


def main():
    kinds = {"minbase": minbase, "debian": debian, "arm64": arm64, "musl": musl, "tangle": tangle}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("dir")
    parser.add_argument("--programs", type=int, default=60, help="of a generated tree; it has twice as many libraries")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if os.path.exists(options.dir) and os.listdir(options.dir):
        sys.exit(f"error: `{options.dir}` is not empty")
    if options.kind in ("debian", "arm64"):
        support.need_root()
        support.need_tools("mmdebstrap")
    os.makedirs(options.dir, exist_ok=True)
    began = time.monotonic()
    target = os.path.realpath(options.dir)
    os.chmod(target, 0o755)
    kinds[options.kind](target, options)
    objects = 0
    for here, folders, files in os.walk(target):
        for name in files:
            full = os.path.join(here, name)
            if not os.path.islink(full) and os.path.isfile(full) and support.read_elf(full):
                objects += 1
    print(f"{options.kind}: {objects} ELF files in {options.dir}, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
