"""Archives for tar.py: small intact ones of every tradition, and changes to them.

The intact ones come from Python's tarfile, from GNU tar and from blocks written here. A change is drawn from a number alone, so each
changed archive can be made again.
"""

import io
import os
import random
import subprocess
import tarfile
import tempfile

BLOCK = 512
CHECKSUM = slice(148, 156)
# Where a header's numbers stand, the rarer ones included: offset and length.
NUMBERS = {"mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "size": (124, 12), "mtime": (136, 12), "checksum": (148, 8), "devmajor": (329, 8),
           "devminor": (337, 8), "atime": (345, 12), "ctime": (357, 12), "staratime": (476, 12), "sparse offset": (386, 12), "sparse length": (398, 12),
           "second offset": (410, 12), "second length": (422, 12), "realsize": (483, 12)}
TYPES = b"\x000123456789gxLKSVDMNAZX\xff 1a"
MAGICS = [b"ustar\x0000", b"ustar  \x00", b"ustar\x00\x00\x00", b"\0" * 8, b"ustar 00", b"ustar\x0001", b"USTAR\x0000", b"ustar  \x01"]


# ------------------------------------------------------------------------------------------------------------ blocks


def sum_of(block):
    """The sum of a header's bytes, its checksum taken as spaces; and that of signed bytes."""
    block = bytes(block[:148]) + b" " * 8 + bytes(block[156:])
    return sum(block), sum(byte - 256 if byte > 127 else byte for byte in block)


def sealed(block, signed=False):
    """The header with a right checksum."""
    block = bytearray(block)
    block[CHECKSUM] = b"%06o\0 " % (max(sum_of(block)[signed], 0) & 0o777777)
    return bytes(block)


def is_header(block):
    """Whether a block has a right checksum; enough to find the headers of an archive."""
    try:
        return len(block) == BLOCK and int(bytes(block[CHECKSUM]).strip(b" \0").split(b"\0")[0] or b"0", 8) in sum_of(block) and any(block)
    except ValueError:
        return False


def header(name=b"f", flag=b"0", size=0, link=b"", magic=MAGICS[0], prefix=b"", fields=()):
    """A header; `fields` are more bytes to put at offsets."""
    block = bytearray(BLOCK)
    block[:len(name[:100])] = name[:100]
    for field, value in (("mode", 0o644), ("uid", 1000), ("gid", 1000), ("mtime", 1700000000)):
        put(block, field, octal(value, NUMBERS[field][1]))
    put(block, "size", octal(size, 12) if isinstance(size, int) else size)
    block[156:157] = flag
    block[157:157 + len(link)] = link
    block[257:265] = magic
    block[345:345 + len(prefix)] = prefix
    for at, value in fields:
        block[at:at + len(value)] = value
    return sealed(block)


def put(block, field, value):
    """Puts a value into a number's field, cut or filled with what is there."""
    at, length = NUMBERS[field]
    block[at:at + len(value[:length])] = value[:length]


def octal(value, length):
    return b"%0*o\0" % (length - 1, value)


def base256(value, length):
    """Two's complement with the first bit set, of a value that may be too large for it."""
    raw = bytearray((value % (1 << (8 * length))).to_bytes(length, "big"))
    raw[0] |= 0x80
    return bytes(raw)


def filled(data):
    """Data with its last block filled."""
    return data + bytes(-len(data) % BLOCK)


def record(key, value, length=None):
    """One PAX record, with its true length unless told another."""
    text = b" %s=%s\n" % (key, value)
    true = len(text) + 1
    while len(b"%d" % true) + len(text) != true:
        true = len(b"%d" % true) + len(text)
    return (b"%d" % true if length is None else length) + text


def extended(records, flag=b"x", magic=MAGICS[0]):
    """An extended header with a body."""
    body = b"".join(records) if isinstance(records, (list, tuple)) else records
    return header(b"PaxHeaders/f", flag, len(body), magic=magic) + filled(body)


def long_name(name, flag=b"L"):
    """A GNU long name or link."""
    return header(b"././@LongLink", flag, len(name), magic=MAGICS[1]) + filled(name)


END = bytes(2 * BLOCK)


# ---------------------------------------------------------------------------------------------------- intact archives


def by_python():
    """Python's tarfile in its three formats."""
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for name, kind, data, link in (("d/", tarfile.DIRTYPE, b"", ""), ("d/empty", tarfile.REGTYPE, b"", ""), ("d/f", tarfile.REGTYPE, b"x" * 700, ""),
                                           ("d/hard", tarfile.LNKTYPE, b"", "d/f"), ("d/soft", tarfile.SYMTYPE, b"", "../d/f"), ("p", tarfile.FIFOTYPE, b"", ""),
                                           ("c", tarfile.CHRTYPE, b"", ""), ("b", tarfile.BLKTYPE, b"", ""), ("m" * 60 + "/" + "n" * 90, tarfile.REGTYPE, b"512" * 200, ""),
                                           ("last", tarfile.CONTTYPE, b"y" * 512, "")):
                info = tarfile.TarInfo(name)
                info.type, info.size, info.linkname, info.mtime, info.uid = kind, len(data), link, 1700000000, 1000
                archive.addfile(info, io.BytesIO(data))
            if form != tarfile.USTAR_FORMAT:
                info = tarfile.TarInfo("long/" * 40 + "\u00e9")
                info.size, info.uid, info.gid, info.mtime = 513, 3_000_000_000, 5_000_000, 1700000000 if form == tarfile.GNU_FORMAT else 1700000000.25
                if form == tarfile.PAX_FORMAT:
                    info.pax_headers = {"SCHILY.xattr.user.a": "b\nc", "SCHILY.xattr.security.capability": "\x01\n=\x02", "comment": "5 a=b"}
                archive.addfile(info, io.BytesIO(b"z" * 513))
                info = tarfile.TarInfo("s")
                info.type, info.linkname = tarfile.SYMTYPE, "target/" * 30
                archive.addfile(info)
        yield out.getvalue().rstrip(b"\0") if form == tarfile.USTAR_FORMAT else out.getvalue()


def by_gnu_tar():
    """GNU tar in its formats, with files that have holes."""
    with tempfile.TemporaryDirectory() as place:
        for name, pieces, size in (("few", [(0, 512), (8192, 700)], 20000), ("many", [(4096 * at, 100) for at in range(0, 60, 2)], 250000), ("hole", [], 65536),
                                   ("end", [(61440, 4096)], 65536)):
            with open(f"{place}/{name}", "wb") as file:
                for at, length in pieces:
                    file.seek(at)
                    file.write(os.urandom(0) + bytes([65 + at % 26]) * length)
                file.truncate(size)
        with open(f"{place}/{'n' * 120}", "wb") as file:
            file.write(b"plain")
        os.symlink("l" * 130, f"{place}/soft")
        os.link(f"{place}/{'n' * 120}", f"{place}/hard")
        ways = [["--format=v7"], ["--format=ustar"], ["--format=oldgnu"], ["--format=gnu"], ["--format=posix"], ["--format=gnu", "-S"], ["--format=oldgnu", "-S"]]
        ways += [["--format=posix", "-S", f"--sparse-version={version}"] for version in ("0.0", "0.1", "1.0")]
        for way in ways:
            # Without -S only what is short, so that the archives stay small.
            names = ["few", "many", "hole", "end", "n" * 120, "soft", "hard"] if "-S" in way else ["few", "n" * 120, "soft", "hard"]
            command = ["tar", *way, "--sort=name", "--mtime=@1700000000", "--owner=0", "--group=0", "--numeric-owner", "-C", place, "-cf", "-", *names]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            yield done.stdout


def by_hand():
    """What no common writer writes."""
    body = filled(b"content\n")
    plain = header(b"f", size=8) + body
    yield plain + END
    yield plain  # no end
    yield plain + bytes(BLOCK)
    yield plain + bytes(BLOCK) + plain + END
    yield plain + END + plain + END
    yield b""
    yield END
    for flag in TYPES:
        yield header(b"t", bytes([flag]), 8) + body + plain + END
        yield header(b"t/", bytes([flag]), 8, magic=MAGICS[3]) + body + plain + END
    for magic in MAGICS:
        yield header(b"f", size=8, magic=magic, prefix=b"pre/fix") + body + plain + END
    yield header(b"f", size=8, prefix=b"p" * 131, fields=[(508, b"tar\0"), (476, octal(9, 12)), (488, octal(9, 12))]) + body + END
    yield header(b"f", size=8, magic=MAGICS[1], fields=[(345, b"not/a/time" * 3)]) + body + END
    yield header(b"f", size=8, magic=MAGICS[1], fields=[(345, "n\u00e4/time".encode())]) + body + END
    for records in ([record(b"path", b"long")], [record(b"size", b"8")], [record(b"size", b"8"), record(b"size", b"9")], [record(b"path", b"a"), record(b"path", b"")],
                    [record(b"size", b"-1")], [record(b"size", b"+8")], [record(b"size", b"0x8")], [record(b"size", b"18446744073709551615")],
                    [record(b"uid", b"-1"), record(b"gid", b"4294967296")], [record(b"path", b"a\0b")], [record(b"a\0", b"b")], [record(b"comment", b"a\0\nb")],
                    [record(b"mtime", b"1.5x")], [record(b"mtime", b"-1.5")], [record(b"atime", b".5")], [record(b"path", b"x", b"0")], [record(b"path", b"x", b"99999")],
                    [record(b"path", b"x", b"-9")], [record(b"path", b"x", b"+10")], [record(b"path", b"x", b"010")], [b"4 a=b\n"], [b"5 =b\n"], [b"5 a=\n"],
                    [record(b"linkpath", b"to"), record(b"uname", b"u\0")], [record(b"SCHILY.xattr.security.capability", bytes(range(20)))], []):
        for flag in (b"x", b"g"):
            yield extended(records, flag) + plain + plain + END
            yield extended(records, flag) + header(b"h", b"1", 8, b"f") + body + plain + END
    yield extended([record(b"size", b"8")]) + header(b"f", size=0) + body + plain + END
    yield extended([record(b"size", b"0")]) + header(b"f", size=8) + body + plain + END
    yield extended([record(b"size", b"1024")]) + header(b"f", size=8) + body + plain + END
    yield extended([record(b"path", b"one")]) + extended([record(b"uid", b"7")]) + plain + END
    yield extended([record(b"path", b"one")]) + extended([record(b"path", b"all")], b"g") + plain + END
    yield extended([record(b"path", b"one")]) + END
    yield long_name(b"a\0b\0") + long_name(b"second\0") + long_name(b"to\0", b"K") + plain + END
    yield long_name(b"gnu\0") + extended([record(b"path", b"pax")]) + plain + END
    yield extended([record(b"path", b"pax")]) + long_name(b"") + plain + END
    yield long_name(b"dir/\0") + header(b"f", b"\0", 8) + body + plain + END
    yield header(b"././@LongLink", b"L", 1 << 33, magic=MAGICS[1]) + body + END
    yield header(b"f", size=base256(8, 12)) + body + plain + END
    yield header(b"f", size=base256(-1, 12)) + body + END
    yield header(b"f", size=base256(1 << 63, 12)) + body + END
    yield header(b"f", size=b"        8 \0") + body + END
    yield header(b"f", b"5", base256(-5, 12)) + plain + END
    yield sealed(header(b"\xe9\xff" * 20, size=8), signed=True) + body + END
    for version in ([], [record(b"GNU.sparse.major", b"0"), record(b"GNU.sparse.minor", b"1")], [record(b"GNU.sparse.major", b"2"), record(b"GNU.sparse.minor", b"0")]):
        for count, numbers, size in ((b"1", b"0,8", b"8"), (b"2", b"0,4,100,4", b"200"), (b"1", b"4611686018427387904,8", b"4611686018427387999"), (b"2", b"4,4,0,4", b"9"),
                                     (b"2", b"0,4,2,4", b"9"), (b"0", b"", b"8"), (b"1", b"0,9", b"9"), (b"1", b"0,8", b"7"), (b"9", b"0,8", b"8"), (b"1", b"-1,8", b"8")):
            yield extended([*version, record(b"GNU.sparse.size", size), record(b"GNU.sparse.numblocks", count), record(b"GNU.sparse.map", numbers),
                            record(b"GNU.sparse.name", b"real")]) + plain + plain + END
    yield extended([record(b"GNU.sparse.size", b"50"), record(b"GNU.sparse.numblocks", b"2"), record(b"GNU.sparse.offset", b"0"), record(b"GNU.sparse.numbytes", b"4"),
                    record(b"GNU.sparse.offset", b"9"), record(b"GNU.sparse.numbytes", b"4")]) + plain + plain + END
    version = [record(b"GNU.sparse.major", b"1"), record(b"GNU.sparse.minor", b"0"), record(b"GNU.sparse.name", b"real")]
    for numbers, size in ((b"1\n0\n8\n", b"8"), (b"2\n0\n4\n100\n4\n", b"300"), (b"0\n", b"77"), (b"1\n0\n", b"8"), (b"x\n", b"8"), (b"2\n0\n4\n\n4\n", b"300")):
        data = filled(numbers) + b"content\n"
        yield extended([*version, record(b"GNU.sparse.realsize", size)]) + header(b"f", size=len(data)) + filled(data) + plain + END
    extents = [(386, octal(0, 12) + octal(4, 12) + octal(100, 12) + octal(4, 12)), (483, octal(300, 12))]
    yield header(b"old", b"S", 8, magic=MAGICS[1], fields=extents) + body + plain + END
    more = octal(200, 12) + octal(4, 12)
    yield header(b"old", b"S", 12, magic=MAGICS[1], fields=[*extents, (482, b"\1")]) + filled(more) + body + plain + END
    yield header(b"old", b"S", 12, magic=MAGICS[1], fields=[*extents, (482, b"\1")]) + (more + bytes(480) + b"\1").ljust(BLOCK, b"\0") + bytes(BLOCK) + body + plain + END
    yield header(b"old", b"S", 8, fields=extents) + body + plain + END
    yield header(b"old", b"S", 8, magic=MAGICS[1], fields=[*extents[:1], (483, base256(1 << 62, 12))]) + body + plain + END


def intact():
    """All of them, without the filling that only makes them longer."""
    for archive in (*by_python(), *by_gnu_tar(), *by_hand()):
        while len(archive) > 4 * BLOCK and not any(archive[-3 * BLOCK:]):
            archive = archive[:-BLOCK]
        yield archive


# ------------------------------------------------------------------------------------------------------------- changes


class Change:
    """Changes an archive in one to three ways, drawn from a number. `weights` say how often each archive is taken."""

    def __init__(self, seed, archives, weights):
        self.draw = random.Random(seed)
        self.archives, self.weights = archives, weights

    def make(self):
        """One changed archive."""
        archive = bytearray(self.draw.choices(self.archives, self.weights)[0])
        # Most changes leave an archive that can be read, or those that follow one another would hardly be seen.
        ways = {self.flip: 2, self.flip_sealed: 8, self.field: 12, self.encoding: 8, self.flag: 6, self.magic: 6, self.cut: 3, self.blocks: 6, self.records: 12,
                self.insert: 10, self.text: 3, self.splice: 3}
        for way in self.draw.choices(list(ways), list(ways.values()), k=self.draw.choice((1, 1, 1, 2, 2, 3))):
            way(archive)
        return bytes(archive)

    def place(self, archive):
        """Where a header stands, or any block where there is none; None in an archive without blocks."""
        blocks = range(0, len(archive) - BLOCK + 1, BLOCK)
        headers = [at for at in blocks if is_header(archive[at:at + BLOCK])]
        return self.draw.choice(headers or blocks) if blocks else None

    def change_header(self, archive, change, seal):
        at = self.place(archive)
        if at is not None:
            block = archive[at:at + BLOCK]
            change(block)
            archive[at:at + BLOCK] = sealed(block, self.draw.random() < 0.05) if seal else block

    def flip(self, archive):
        """A bit somewhere in a header."""
        def change(block):
            block[self.draw.randrange(BLOCK)] ^= 1 << self.draw.randrange(8)
        self.change_header(archive, change, False)

    def flip_sealed(self, archive):
        """Likewise, with a right checksum."""
        def change(block):
            for _ in range(self.draw.choice((1, 2, 8))):
                block[self.draw.randrange(BLOCK)] ^= 1 << self.draw.randrange(8)
        self.change_header(archive, change, True)

    def number(self, length):
        """A number in an encoding that a field may have."""
        draw = self.draw
        value = draw.choice((0, 1, 7, 8, 100, 511, 512, 513, 1024, 4096, 2 ** 20, 2 ** 20 + 1, 2 ** 31, 2 ** 33, 2 ** 62, 2 ** 63 - 1, 2 ** 63, 2 ** 64, 2 ** 64 + 5,
                             draw.randrange(2000)))
        return draw.choice((lambda: octal(value % 8 ** (length - 1), length), lambda: b"%o " % value, lambda: (b" %o" % value).ljust(length), lambda: b"\0\0%o" % value,
                            lambda: (b"%o" % value).rjust(length, b"0"), lambda: base256(value, length), lambda: base256(-value, length), lambda: b"-%o" % value,
                            lambda: b"+%o" % value, lambda: bytes(length), lambda: b" " * length, lambda: b"%d" % value + b"9", lambda: b"0x10\0", lambda: b"%o\0junk" % value,
                            lambda: b"1 2", lambda: draw.randbytes(length)))()[:length]

    def field(self, archive):
        """A number of a header."""
        def change(block):
            name = self.draw.choice(("size", "size", "size", *NUMBERS))
            put(block, name, self.number(NUMBERS[name][1]))
        self.change_header(archive, change, self.draw.random() < 0.95)

    def encoding(self, archive):
        """The same number of a header, written otherwise."""
        def change(block):
            at, length = NUMBERS[self.draw.choice(("mode", "uid", "gid", "size", "size", "size", "realsize", "sparse offset"))]
            try:
                value = int(bytes(block[at:at + length]).strip(b" \0").split(b"\0")[0] or b"0", 8)
            except ValueError:
                return
            plain = b"%o" % value
            ways = [base256(value, length), plain.rjust(length), plain.rjust(length, b"0"), plain.ljust(length), plain.ljust(length, b"\0"), plain.rjust(length, b"\0"),
                    (b" " + plain + b"\0" + b"9" * length)[:length], (plain + b" \0").ljust(length), plain.rjust(length - 1, b"0") + b" "]
            block[at:at + length] = self.draw.choice(ways)[:length]
        self.change_header(archive, change, True)

    def flag(self, archive):
        """The type, or the byte that says whether a sparse map goes on."""
        def change(block):
            if self.draw.random() < 0.1:
                block[482] = self.draw.choice((0, 1, 255))
            block[156] = self.draw.choice(TYPES)
        self.change_header(archive, change, True)

    def magic(self, archive):
        """The format, at times with a prefix or the mark of star."""
        def change(block):
            block[257:265] = self.draw.choice(MAGICS)
            if self.draw.random() < 0.4:
                block[508:512] = b"tar\0"
            if self.draw.random() < 0.4:
                prefix = self.draw.choice((b"pre", b"p" * 155, b"\xe9/x", b"17/x", b"\x80\0\0\0\0\0\0\0\0\0\0\1"))
                block[345:345 + len(prefix)] = prefix
        self.change_header(archive, change, True)

    def cut(self, archive):
        """The end."""
        if archive:
            at = self.draw.randrange(len(archive))
            del archive[self.draw.choice((at, at // BLOCK * BLOCK)):]

    def blocks(self, archive):
        """Blocks that are gone, doubled, exchanged, or zeros."""
        count = len(archive) // BLOCK
        if not count:
            return
        one, two = (self.draw.randrange(count) * BLOCK for _ in range(2))
        way = self.draw.randrange(5)
        if way == 0:
            del archive[one:one + BLOCK]
        elif way == 1:
            archive[one:one] = archive[one:one + BLOCK]
        elif way == 2:
            archive[one:one + BLOCK], archive[two:two + BLOCK] = archive[two:two + BLOCK], archive[one:one + BLOCK]
        elif way == 3:
            archive[one:one] = bytes(BLOCK * self.draw.choice((1, 1, 2)))
        else:
            archive[one:one + BLOCK] = bytes(BLOCK)

    def some_record(self):
        """A record that readers know, with a value that may be odd."""
        draw = self.draw
        key = draw.choice((b"path", b"linkpath", b"size", b"size", b"uid", b"gid", b"mtime", b"atime", b"uname", b"SCHILY.xattr.security.capability", b"SCHILY.xattr.user.x",
                           b"GNU.sparse.major", b"GNU.sparse.minor", b"GNU.sparse.name", b"GNU.sparse.size", b"GNU.sparse.realsize", b"GNU.sparse.numblocks", b"GNU.sparse.map",
                           b"GNU.sparse.offset", b"GNU.sparse.numbytes", b"comment", b"charset", b"hdrcharset", b"", b"a\0b", b"=", b"k" * draw.choice((1, 200))))
        number = b"%d" % draw.choice((0, 1, 8, 512, 520, 1024, 5000, -1, 2 ** 31, 2 ** 62, 2 ** 63 - 1, 2 ** 63, 2 ** 64 + 8, draw.randrange(3000)))
        value = draw.choice((number, number, number, b"", b"+" + number, b"0" + number, b" " + number, number + b".25", number + b".x", b"0x10", b"1_0", b"name", b"dir/", b"a\nb",
                             b"a\0b", b"a=b", b"\xff\xfe", b"0,8", b"0,4,100,4", b"n" * draw.choice((99, 100, 101, 300))))
        length = draw.choice((None,) * 12 + (b"0", b"-5", b"5", b"99999999999999999999", b"+20", b"", b"1" * 3, b"12 "))
        return record(key, value, length)

    def records(self, archive):
        """The records of an extended header."""
        draw = self.draw
        places = [at for at in range(0, len(archive) - BLOCK + 1, BLOCK) if archive[at + 156] in b"xg" and is_header(archive[at:at + BLOCK])]
        if not places:
            self.insert(archive)
            return
        at = draw.choice(places)
        try:
            size = int(bytes(archive[at + 124:at + 136]).strip(b" \0"), 8)
        except ValueError:
            return
        body = bytes(archive[at + BLOCK:at + BLOCK + size])
        known, rest = [], body
        while rest:
            try:
                length = int(rest.split(b" ", 1)[0])
            except ValueError:
                break
            if length <= 0:
                break
            known.append(rest[:length])
            rest = rest[length:]
        for _ in range(draw.choice((1, 1, 2, 3))):
            way = draw.randrange(6)
            which = draw.randrange(len(known)) if known else 0
            if way == 0 or not known:
                known.insert(which, self.some_record())
            elif way == 1:
                del known[which]
            elif way == 2:
                known.append(known[which])
            elif way == 3:
                draw.shuffle(known)
            else:
                text = bytearray(known[which])
                if text:
                    text[draw.randrange(len(text))] = draw.choice(b"0123456789 =\n\0,.-+x\xff")
                known[which] = bytes(text)
        new = b"".join(known)
        block = archive[at:at + BLOCK]
        put(block, "size", octal(len(new), 12))
        archive[at:at + BLOCK + len(filled(body))] = sealed(block) + filled(new)

    def insert(self, archive):
        """Something that is about the next entry, or an entry."""
        draw = self.draw
        at = self.place(archive)
        some = [self.some_record() for _ in range(draw.choice((0, 1, 1, 2, 4)))]
        flag = draw.choice((b"x", b"x", b"x", b"g", b"X"))
        magic = draw.choice((MAGICS[0], MAGICS[0], MAGICS[1], MAGICS[3]))
        what = draw.choice((lambda: extended(some, flag, magic), lambda: extended(some, flag, magic), lambda: long_name(draw.choice((b"", b"\0", b"n\0", b"dir/\0", b"n" * 600))),
                            lambda: long_name(b"to\0", b"K"), lambda: header(b"in", bytes([draw.choice(TYPES)]), draw.choice((0, 8, 512))) + bytes(draw.choice((0, BLOCK)))))()
        archive[at or 0:at or 0] = what

    def text(self, archive):
        """A byte in data, most useful where a sparse map stands there."""
        places = [at for at in range(0, len(archive) - BLOCK + 1, BLOCK) if archive[at:at + 1].isdigit() and not is_header(archive[at:at + BLOCK])]
        if places:
            at = self.draw.choice(places) + self.draw.randrange(self.draw.choice((4, 16, 64)))
            archive[at] = self.draw.choice(b"0123456789\n\n\n-+ x\0,=")

    def splice(self, archive):
        """The rest of another archive."""
        other = self.draw.choice(self.archives)
        archive[self.draw.randrange(len(archive) // BLOCK + 1) * BLOCK:] = other[self.draw.randrange(len(other) // BLOCK + 1) * BLOCK:]
