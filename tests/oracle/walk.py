#!/usr/bin/env python3
"""Holds imgldd's path look-ups against the kernel's, in random trees of symlinks.

Each tree is drawn from a fixed seed: absolute and relative links, `..`, `.`, `//`, slashes at the end, loops, chains of up to
45 links, links through files, dangling ones, names of 255 and 256 bytes, paths and link texts next to 4,096 bytes, names that
are not UTF-8, directories closed to some. The kernel answers from inside a chroot (an open for reading), as root and as user 65534; imgldd
answers through `examples/walk`, by openat2 and by its own walk. Wanted is the same inode or the same errno.

The kernel itself wavers about one thing: when a fast walk has to be begun again (someone mounts or renames meanwhile), the
links followed in vain stay in the count, so a walk of more than 20 links may be told ELOOP once and not the next time.
Where ELOOP stands on one side only, both are asked again, and the wavering is counted apart.

usage: walk.py --imgldd PATH [--walk PATH] [--look-ups 100000] [--trees 20] [--seed 1]
       (--walk: the built example, by default `examples/walk` beside imgldd)
"""

import argparse
import collections
import errno
import os
import random
import subprocess
import sys
import time

import support

NOBODY = 65534
# Owner, group and mode; user 65534 meets each class of each.
CLOSED = [(0, 0, 0o700), (0, 0, 0o711), (0, 0, 0o744), (NOBODY, 0, 0o700), (NOBODY, 0, 0o677), (NOBODY, NOBODY, 0o077),
          (0, NOBODY, 0o750), (0, NOBODY, 0o705), (0, NOBODY, 0o710), (0, 0, 0o000)]
ODD = [b"with blank", b"new\nline", b"\xff\xfe", b"\xc3\xa9", b"-dash", b"...", b".hidden", b"a" * 255, b"b" * 254, b"\\", b"*"]


class Tree:
    """One drawn tree below `root`; `entries` are its paths as seen from inside."""

    def __init__(self, root, seed):
        self.root, self.random = os.fsencode(root), random.Random(seed)
        self.folders, self.files, self.links = [b""], [], []
        self.grow()

    def name(self, stem):
        """A plain name, at times an odd one."""
        return self.random.choice(ODD) if self.random.random() < 0.08 else b"%s%d" % (stem, self.random.randrange(1000))

    def free(self, stem):
        """A path that is not taken."""
        while True:
            path = self.random.choice(self.folders) + b"/" + self.name(stem)
            if not os.path.lexists(self.root + path):
                return path

    def grow(self):
        """Folders, files, links; the closed folders last, as we go through them ourselves no more after that."""
        draw = self.random
        for _ in range(60):
            path = self.free(b"d")
            os.mkdir(self.root + path)
            os.chmod(self.root + path, 0o755)
            self.folders.append(path)
        for number in range(50):
            path = self.free(b"f")
            if number == 0:
                os.mkfifo(self.root + path)
            else:
                with open(self.root + path, "wb"):
                    pass
            self.files.append(path)
        for _ in range(160):
            path = self.free(b"l")
            text = self.link_text(path)
            os.symlink(text, self.root + path)
            self.links.append(path)
        for end in (draw.choice(self.files), draw.choice(self.folders) or b"/", b"/nowhere"):
            self.chain(end, draw.choice((b"", b"/", b"/.")))
        # Two names that double at each step: a walk without a budget would take 2^40 steps.
        folder = self.free(b"d")
        os.mkdir(self.root + folder)
        os.chmod(self.root + folder, 0o755)
        for number in range(42):
            os.symlink(b"e%d/../e%d" % (number + 1, number + 1) if number < 41 else b".", self.root + folder + b"/e%d" % number)
            self.links.append(folder + b"/e%d" % number)
        for path in draw.sample(self.folders[1:], 6):
            owner, group, mode = draw.choice(CLOSED)
            os.chown(self.root + path, owner, group)
            os.chmod(self.root + path, mode)
        self.close_files()

    def close_files(self):
        """Some files cannot be read by all, which matters to an open and not to a walk through."""
        for path in self.random.sample(self.files[1:], 15):
            owner, group, mode = self.random.choice(CLOSED)
            os.chown(self.root + path, owner, group)
            os.chmod(self.root + path, mode)

    def link_text(self, path):
        """Where a link leads: anything, existing or not."""
        draw = self.random
        kind = draw.random()
        if kind < 0.06:
            return os.path.basename(path)
        if kind < 0.12:
            return self.name(b"nowhere")
        if kind < 0.15:
            # Texts next to PATH_MAX; one byte more cannot be made.
            end = draw.choice(self.files + self.folders) or b"/"
            room = draw.choice((4095, 4094, 4000)) - len(end)
            return (b"/." * (room // 2 + 1))[:room // 2 * 2] + end
        end = draw.choice(self.files + self.folders * 2 + (self.links or [b"/x"]) * 2)
        if kind < 0.5:
            return self.spoil(end or b"/")
        up = os.path.relpath(end or b"/", os.path.dirname(path) or b"/")
        if kind < 0.6:
            up = b"../" * draw.randrange(1, 9) + up
        return self.spoil(up)

    def chain(self, end, tail):
        """45 links in a row, and the whole row as prefixes: the limit is on the sum of the walk."""
        folder = self.free(b"d")
        os.mkdir(self.root + folder)
        os.chmod(self.root + folder, 0o755)
        for number in range(46):
            before = b"%s/c%d" % (folder if number % 2 else b".", number - 1)
            os.symlink(end if number == 0 else before + tail, self.root + folder + b"/c%d" % number)
            self.links += [folder + b"/c%d" % number] * (3 if 37 <= number <= 42 else 1)

    def spoil(self, path):
        """The same place, or nearly, in other words."""
        draw = self.random
        parts = path.split(b"/")
        for _ in range(draw.choice((0, 0, 0, 1, 1, 2, 3))):
            at = draw.randrange(len(parts) + 1)
            parts[at:at] = [draw.choice((b".", b"", b"..", b"..", b"x", os.path.basename(draw.choice(self.folders + self.files)), b"." * 3))]
        text = b"/".join(parts)
        if draw.random() < 0.12:
            text += draw.choice((b"/", b"//", b"/.", b"/./", b"/..", b"/../"))
        # A link needs a text, and of at most 4,095 bytes.
        return (text or b".")[:4095]

    def question(self):
        """One absolute path to look up."""
        draw = self.random
        kind = draw.random()
        entries = draw.choice((self.links, self.links, self.files, self.folders))
        path = draw.choice(entries) or b"/"
        if kind < 0.35:
            # On through a link, as if it were a directory.
            path = path + b"/" + os.path.relpath(draw.choice(self.links + self.files + self.folders) or b"/",
                                                 draw.choice(self.folders) or b"/")
        elif kind < 0.38:
            path = path + b"/" + b"n" * draw.choice((254, 255, 256, 257, 1000))
        elif kind < 0.40:
            room = draw.choice((4093, 4094, 4095, 4096, 4097, 5000)) - len(path)
            path = draw.choice((b"/", b"/.", b"//.")) * 5000
            path = path[:max(room, 0)] + draw.choice(entries)
        elif kind < 0.42:
            path = b"/" + b"/".join(draw.choice((b"..", b".", b"", b"...", b"x")) for _ in range(draw.randrange(6)))
        path = self.spoil(path) if draw.random() < 0.6 and len(path) < 4000 else path
        return path if path.startswith(b"/") else b"/" + path


def ask(walk, root, paths, extra):
    """What imgldd's walk says, one answer for each path."""
    done = subprocess.run([walk, *extra, root], input=b"".join(path + b"\0" for path in paths), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300, check=False)
    lines = done.stdout.decode(errors="replace").split("\n")[:-1]
    if done.returncode != 0 or len(lines) != len(paths):
        sys.exit(f"error: `{walk} {' '.join(extra)} {root}` ended with {done.returncode} and {len(lines)} answers to {len(paths)} "
                 f"paths: {done.stderr.decode(errors='replace').strip()}")
    return lines


def answers(root, user, paths):
    """The kernel's, in the words of `examples/walk`."""
    with support.Cage(root, user=user, proc=False) as cage:
        return [f"ino {inode}" if code == 0 else errno.errorcode[code] for code, inode, _ in cage.open(paths)]


def again(walk, root, path, user, extra):
    """Both sides several times over: what each says when it says no ELOOP, if it ever does."""
    def settled(said):
        return next((word for word in said if word != "ELOOP"), "ELOOP")

    return settled(answers(root, user, [path] * 9)), settled(ask(walk, root, [path] * 9, extra))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--imgldd", help="the binary; its `examples/walk` is what answers")
    parser.add_argument("--walk", help="the example itself")
    parser.add_argument("--look-ups", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20, help="print at most so many differences")
    options = parser.parse_args()
    support.need_root()
    walk = options.walk or (os.path.join(os.path.dirname(os.path.abspath(options.imgldd)), "examples", "walk") if options.imgldd else None)
    if walk is not None:
        walk = support.need_imgldd(walk)
    support.private_mounts()
    each = -(-options.look_ups // options.trees)
    ways = [("openat2", None, []), ("own walk", None, ["--own"])]
    ways += [(f"{name} as {NOBODY}", NOBODY, [*extra, "--user", f"{NOBODY}:{NOBODY}"]) for name, _, extra in ways[:2]]
    spread, differences, began, wavered = collections.Counter(), [], time.monotonic(), collections.Counter()
    total = 0
    # A filesystem of our own: inodes of one device.
    with support.scratch("walk.") as scratch:
        for number in range(options.trees):
            root = f"{scratch}/{number}"
            os.mkdir(root)
            os.chmod(root, 0o755)
            tree = Tree(root, options.seed * 1000 + number)
            paths = [tree.question() for _ in range(each)]
            total += len(paths)
            real = {}
            for user in (None, NOBODY):
                real[user] = answers(root, user, paths)
                spread.update((user, word.split()[0]) for word in real[user])
            if walk is None:
                continue
            for name, user, extra in ways:
                said = ask(walk, root, paths, extra)
                for path, kernel, ours in zip(paths, real[user], said):
                    if kernel != ours and "ELOOP" in (kernel, ours):
                        kernel, ours = again(walk, root, path, user, extra)
                        wavered[name] += kernel == ours
                    if kernel != ours:
                        text = support.show(path)
                        text = text if len(text) < 300 else f"{text[:120]}… ({len(path)} bytes) …{text[-120:]}"
                        differences.append(f"tree {number}, {name}: {text}\n    kernel: {kernel}\n    imgldd: {ours}")
    for line in differences[:options.show]:
        print(line)
    if len(differences) > options.show:
        print(f"… and {len(differences) - options.show} more")
    for user in (None, NOBODY):
        print(f"the kernel's answers as {'root' if user is None else user}: "
              + ", ".join(f"{word} {count}" for (whose, word), count in spread.most_common() if whose == user))
    if wavered:
        print("the kernel wavered about ELOOP: " + ", ".join(f"{name} {count}" for name, count in wavered.items()))
    print(f"{total} look-ups in {options.trees} trees" + ("" if walk is None else f", each {len(ways)} ways: {len(differences)} differences")
          + f"; {time.monotonic() - began:.1f} s")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
