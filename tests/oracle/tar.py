#!/usr/bin/env python3
"""Holds imgldd's reading of tar archives against that of Go's archive/tar, with which container engines read layers.

About 300 intact archives (Python's tarfile and GNU tar in all their formats, sparse files included, and headers that no writer
writes), then as many changed ones as wanted: bits of headers, with and without a right checksum, numbers in odd encodings, PAX
records, blocks moved, cut ends. Wanted are the same entries with the same name, link, type, size, mode, owner, capability and
content, read as a stream and by ranges; or a refusal of ours that names the offset.

What counts as a difference: other entries where both go on, an entry of ours that Go does not give, and a refusal that is neither
Go's, nor a limit, nor about a sparse file whose map and data disagree far behind what is read here (Go finds that at the end).
Go before 1.25.2 has no limit on sparse maps.

Beside them, with `--peers`: Python's tarfile on every tenth archive, GNU tar on every hundredth.

usage: tar.py --list PATH [--count 100000] [--seed 1] [--batch 5000] [--write N FILE] [--peers]
       (--list: the built example `examples/tar_list`; --write: saves the archive with that number, and ends)
"""

import argparse
import collections
import io
import itertools
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

import support
import tar_archives

# As much as tar_list and tar_go read of one file.
MOST = 256 << 10
HERE = os.path.dirname(os.path.abspath(__file__))


def archives(seed, count, go, place):
    """Numbered archives: the intact ones, then the changed ones. Those that Go accepts are changed most."""
    whole = list(tar_archives.intact())
    packed = pack(place, whole)
    weights = [1 if said.error else 8 for said in ask([[go, "--packed", packed]])[0]]
    yield from enumerate(whole)
    for number in range(len(whole), len(whole) + count):
        yield number, tar_archives.Change(f"{seed}:{number}", whole, weights).make()


def pack(place, batch):
    """A file with archives in it, each behind its length."""
    path = f"{place}/packed"
    with open(path, "wb") as file:
        for archive in batch:
            file.write(struct.pack("<Q", len(archive)) + archive)
    return path


def build_go(place):
    """The Go program, built; a reason to skip where that cannot be."""
    support.need_tools("go")
    path = f"{place}/tar_go"
    done = subprocess.run(["go", "build", "-o", path, f"{HERE}/tar_go/main.go"], env={**os.environ, "GO111MODULE": "off", "CGO_ENABLED": "0"}, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        support.skip(f"the Go program does not build: {done.stderr.strip()}")
    return path


class Said:
    """What a reader made of one archive."""

    def __init__(self):
        self.entries, self.error, self.is_limit = [], None, False


def parse(text):
    """The output of tar_list or tar_go, by archive."""
    for line in text.splitlines():
        value = json.loads(line)
        if "archive" in value:
            said = Said()
            yield said
        elif "error" in value:
            said.error, said.is_limit = value["error"], value.get("limit", False)
        else:
            said.entries.append(value)


def ask(commands):
    """Runs readers side by side, and gives what each said."""
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    # One after the other: the pipe of the second fills up meanwhile, which only makes it wait.
    texts = [process.communicate()[0] for process in running]
    for process, command in zip(running, commands):
        if process.returncode != 0:
            sys.exit(f"error: {command[0]} ended with {process.returncode}")
    return [list(parse(text)) for text in texts]


def same(ours, go):
    """Whether two entries agree."""
    unsure = go.get("unsure", False)
    return all(ours[key] == value for key, value in go.items() if key != "unsure" and not (unsure and key == "name"))


def judge(ours, go):
    """One of the classes that are counted, and whether it is a difference."""
    pairs = list(zip(ours.entries, go.entries))
    if not all(same(*pair) for pair in pairs):
        return "SILENT DIFFERENCE: another entry", True
    few, many = len(go.entries), len(ours.entries)
    if many > few:
        return ("Go refuses, we go on: " + go.error if go.error else "SILENT DIFFERENCE: more entries"), True
    if many < few and not ours.error:
        return "SILENT DIFFERENCE: fewer entries", True
    if not ours.error:
        return ("Go refuses, we accept: " + go.error, True) if go.error else ("equal", False)
    if "offset 0x" not in ours.error:
        return "a refusal without an offset: " + ours.error, True
    if go.error and many == few:
        return "both refuse", False
    where = "earlier than Go" if go.error else "Go accepts"
    if ours.is_limit:
        return f"we refuse, {where}: limit: " + reason(ours.error), False
    # Go gives the entry, and finds out when it has read all of it.
    is_unread = many < few and go.entries[many]["read"] == MOST
    if is_unread and re.match("sparse map malformed: (more|less) data than is stored", ours.error):
        return f"we refuse, {where}, having read {MOST} bytes of it: " + reason(ours.error), False
    return f"we refuse, {where}: " + reason(ours.error), True


def reason(error):
    """An error without its numbers."""
    return re.sub(r"\d[\d.]* ?(GiB|MiB|KiB|bytes)?|`.*`", "…", error.split(" (offset")[0])


# ---------------------------------------------------------------------------------------------------------------- peers


NO_DATA = {b"1", b"2", b"3", b"4", b"5", b"6"}


class Endless(Exception):
    """A reader that was stopped."""


def by_tarfile(archive):
    """Names and sizes as Python's tarfile gives them, and whether it refuses."""
    names = []

    def stop(_signal, _frame):
        raise Endless

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", errors="surrogateescape", encoding="utf-8") as reader:
            for info in reader:
                names.append((info.name.encode("utf-8", "surrogateescape").rstrip(b"/"), 0 if info.type in NO_DATA else info.size))
                # A negative size leads it back to where it was.
                if len(names) > 10_000:
                    raise Endless
    except Exception as error:  # pylint: disable=broad-except  # tarfile lets several kinds through
        return names, type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return names, None


def by_gnu_tar(path):
    """Likewise of GNU tar."""
    command = ["tar", "--list", "--verbose", "--numeric-owner", "--quoting-style=escape", "--full-time", "-f", path]
    done = subprocess.run(command, capture_output=True, env={"LC_ALL": "C", "PATH": os.environ["PATH"], "TZ": "UTC"}, timeout=20, check=False)
    names = []
    for line in done.stdout.splitlines():
        parts = line.split(None, 5)
        if len(parts) < 6:
            names.append((line, 0))
            continue
        kind = parts[0][:1]
        name = parts[5].split(b" -> ")[0].split(b" link to ")[0]
        is_file = kind in b"-C"
        names.append((name.rstrip(b"/"), int(parts[2]) if is_file and parts[2].isdigit() else 0))
    error = done.stderr.decode("utf-8", "replace").splitlines()
    return names, re.sub(r"[\d']+", "N", error[0]) if done.returncode and error else None


def compare_peer(peer, go, escaped=False):
    """How a peer's list relates to Go's."""
    names, error = peer
    if error == "Endless":
        return "never ends"

    def name_of(entry):
        raw = bytes.fromhex(entry["name"]).rstrip(b"/")
        if escaped:
            raw = b"".join(bytes([c]) if 32 <= c < 127 and c != 92 else {10: b"\\n", 92: b"\\\\", 9: b"\\t"}.get(c, b"\\%03o" % c) for c in raw)
        return raw
    ours = [(name_of(entry), entry["size"]) for entry in go.entries if entry["type"] != ord("g")]
    prefix = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(names, ours)))
    if prefix < min(len(names), len(ours)):
        return "another name" if names[prefix][0] != ours[prefix][0] else "another size"
    if len(names) > len(ours):
        return "more entries, where Go refuses" if go.error else "more entries"
    if len(names) < len(ours):
        return "fewer entries: " + ("it says so" if error else "SILENTLY")
    if bool(error) != bool(go.error):
        return "refuses what Go accepts" if error else "accepts what Go refuses"
    return "equal"


# ----------------------------------------------------------------------------------------------------------------- main


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--list", required=True)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=5000)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--write", nargs=2, metavar=("N", "FILE"))
    options = parser.parse_args()
    listing = support.need_imgldd(options.list)
    began = time.monotonic()
    counts, examples = collections.Counter(), collections.defaultdict(list)
    peers = {"tarfile": collections.Counter(), "GNU tar": collections.Counter()}
    total = bad = 0
    with tempfile.TemporaryDirectory() as place:
        go = build_go(place)
        source = archives(options.seed, options.count, go, place)
        if options.write:
            wanted = int(options.write[0])
            with open(options.write[1], "wb") as file:
                file.write(next(archive for number, archive in source if number == wanted))
            return 0
        while batch := list(itertools.islice(source, options.batch)):
            packed = pack(place, [archive for _, archive in batch])
            by_go, as_stream, by_range = ask([[go, "--packed", packed], [listing, "--packed", packed], [listing, "--range", "--packed", packed]])
            if not len(by_go) == len(as_stream) == len(by_range) == len(batch):
                sys.exit("error: a reader left out an archive")
            for (number, archive), theirs, ours, again in zip(batch, by_go, as_stream, by_range):
                verdict, is_bad = judge(ours, theirs)
                if (ours.entries, ours.error) != (again.entries, again.error):
                    verdict, is_bad = "SILENT DIFFERENCE: stream and ranges", True
                counts[verdict] += 1
                bad += is_bad
                total += 1
                if len(examples[verdict]) < options.show:
                    examples[verdict].append(f"archive {number}: Go: {len(theirs.entries)} entries, {theirs.error}; we: {len(ours.entries)}, {ours.error}")
                if options.peers and number % 10 == 0:
                    look_at_peers(peers, number, archive, theirs, place, examples, options.show)
    for verdict, count in counts.most_common():
        print(f"{count:8} {verdict}")
        if verdict not in ("equal", "both refuse"):
            print("".join(f"           {line}\n" for line in examples[verdict]), end="")
    for name, kinds in peers.items():
        for kind, count in kinds.most_common():
            print(f"{name}: {count:8} {kind}")
            print("".join(f"           {line}\n" for line in examples[name, kind] if kind != "equal"), end="")
    print(f"{total} archives, {bad} differences; {time.monotonic() - began:.1f} s")
    return 1 if bad else 0


def look_at_peers(peers, number, archive, theirs, place, examples, show):
    """What the others make of an archive. Where holes are endless they are spared it: GNU tar lists without reading, tarfile as well."""
    said = {"tarfile": (by_tarfile(archive), False)}
    if number % 100 == 0:
        with open(f"{place}/one.tar", "wb") as file:
            file.write(archive)
        said["GNU tar"] = (by_gnu_tar(f"{place}/one.tar"), True)
    for name, (peer, escaped) in said.items():
        kind = compare_peer(peer, theirs, escaped)
        peers[name][kind] += 1
        if len(examples[name, kind]) < show:
            examples[name, kind].append(f"archive {number}: Go {len(theirs.entries)} entries, {theirs.error}; {name} {len(peer[0])}, {peer[1]}")


if __name__ == "__main__":
    sys.exit(main())
