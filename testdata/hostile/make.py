#!/usr/bin/env python3
"""Writes the files of this folder. Each broke something once; its name says what."""

import pathlib
import struct

HERE = pathlib.Path(__file__).parent
DT_GNU_HASH, DT_STRTAB, DT_STRSZ, DT_RPATH = 0x6FFFFEF5, 5, 10, 15
PT_LOAD, PT_DYNAMIC, PT_NOTE = 1, 2, 4


def elf(dynamic, tail=b"", more=()):
    """A library for x86-64: one segment with everything, `more` program headers."""
    headers = 2 + len(more)
    strings_at = 64 + 56 * headers
    dynamic_at = strings_at + 8
    entries = [(DT_STRTAB, strings_at), (DT_STRSZ, 8), *dynamic, (0, 0)]
    end = dynamic_at + 16 * len(entries) + len(tail)
    file = b"\x7fELF\x02\x01\x01" + bytes(9)
    file += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, headers, 64, 0, 0)
    header = lambda kind, at, size: struct.pack("<IIQQQQQQ", kind, 7, at, at, at, size, size, 8)
    file += header(PT_LOAD, 0, end) + header(PT_DYNAMIC, dynamic_at, 16 * len(entries))
    file += b"".join(header(*one) for one in more)
    return file + bytes(8) + b"".join(struct.pack("<QQ", *entry) for entry in entries) + tail


def write(name, content):
    (HERE / name).write_bytes(content)


# The address of the table plus the offset of its second word wrapped.
write("gnu-hash-at-the-last-address.so", elf([(DT_GNU_HASH, 2**64 - 1)]))
# Each segment of notes was read and kept, however many there were.
notes = [(PT_NOTE, 64 + n, 16384) for n in range(1000)]
write("a-thousand-segments-of-notes.so", elf([], bytes(4096), notes))
# Each list was read to its end, though only the last one counts.
write("a-thousand-rpaths.so", elf([(DT_RPATH, n % 8) for n in range(1000)], b"a" * 8192))
