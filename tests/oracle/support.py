"""What the oracles share: a chrooted helper process, mounts that vanish by themselves, a small ELF reader, imgldd's JSON.

Everything is mounted in a mount namespace of the oracle's own, so the kernel takes it down when the last process of
the oracle ends, however it ends. Nothing here installs a package or changes the directory under examination.
"""

import base64
import collections
import contextlib
import ctypes
import errno as errno_names
import json
import os
import pickle
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def skip(reason):
    """Says why nothing was compared, and ends without an error: an oracle that cannot look has found no difference."""
    print(f"skipped: {reason}")
    sys.exit(0)


def need_root():
    """chroot and mounts want root."""
    if os.geteuid() != 0:
        skip("needs root (chroot and mount)")


def need_tools(*names):
    """Every named program must be in PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        skip(f"not installed: {', '.join(missing)}")


def need_imgldd(path):
    """The absolute path of the imgldd binary under test; a wrong path is an error, never a skip."""
    if not (os.path.isfile(path) and os.access(path, os.X_OK)):
        sys.exit(f"error: `{path}` is not an executable file")
    return os.path.abspath(path)


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2), with the call's own words when it fails."""
    args = [os.fsencode(value) if value is not None else None for value in (source, target, kind)]
    extra = os.fsencode(data) if data is not None else None
    if _libc.mount(args[0], args[1], args[2], ctypes.c_ulong(flags), extra) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), f"mount {kind or 'bind'} on {target}")


def private_mounts():
    """From here on our mounts are ours alone, and gone when we are."""
    if _libc.unshare(CLONE_NEWNS) != 0:
        skip(f"no mount namespace of our own: {os.strerror(ctypes.get_errno())}")
    mount("none", "/", None, MS_REC | MS_PRIVATE)


@contextlib.contextmanager
def scratch(prefix):
    """A directory on a tmpfs of our own; it and every mount below it go with us, and nothing of it was ever on disk."""
    place = tempfile.mkdtemp(prefix=prefix)
    try:
        mount("tmpfs", place, "tmpfs", 0, "mode=755")
        yield place
    finally:
        _libc.umount2(os.fsencode(place), 2)  # MNT_DETACH
        os.rmdir(place)


# ---------------------------------------------------------------------------------------------- the chrooted helper

Ran = collections.namedtuple("Ran", "status signal errno out err")


class Cage:
    """One long-lived process inside a chroot that runs programs and asks the kernel about paths.

    It is forked once; so a thousand traces cost a thousand forks of a small process and no more. `user` is dropped
    to for everything that is done (uid and gid, no groups). Programs see `proc` if the root has a directory for it.
    """

    def __init__(self, root, user=None, proc=True):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                ours.close()
                self._enter(root, user, proc)
                self._serve(theirs)
                code = 0
            except BaseException as error:  # noqa: BLE001 (a forked child must never return)
                print(f"error: the helper in {root}: {error!r}", file=sys.stderr, flush=True)
            finally:
                os._exit(code)
        theirs.close()
        self.pipe = ours.makefile("rwb", buffering=1 << 20)
        ours.close()

    @staticmethod
    def _enter(root, user, proc):
        if proc and os.path.isdir(os.path.join(root, "proc")) and not os.path.ismount(os.path.join(root, "proc")):
            if _libc.unshare(CLONE_NEWNS) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            mount("none", "/", None, MS_REC | MS_PRIVATE)
            mount("proc", os.path.join(root, "proc"), "proc")
        os.chroot(root)
        os.chdir("/")
        os.umask(0o022)
        if user is not None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)

    @staticmethod
    def _serve(sock):
        pipe = sock.makefile("rwb", buffering=1 << 20)
        while True:
            try:
                verb, arguments = pickle.load(pipe)
            except EOFError:
                return
            if verb == "end":
                return
            pickle.dump({"run": _run_here, "stat": _stat_here, "open": _open_here, "read": _read_here}[verb](*arguments), pipe)
            pipe.flush()

    def _ask(self, verb, *arguments):
        pickle.dump((verb, arguments), self.pipe)
        self.pipe.flush()
        return pickle.load(self.pipe)

    def run(self, argv, env, exe=None, merged=False, user=None, seconds=60):
        """Runs `argv` in the chroot. `exe`: a path there, or a descriptor that the helper inherited."""
        return self._ask("run", argv, env, exe if exe is not None else argv[0], merged, user, seconds)

    def stat(self, paths):
        """For each path `(0, inode, mode)` as the kernel finds it in the chroot, or `(errno, 0, 0)`."""
        return self._ask("stat", paths)

    def open(self, paths):
        """The same for opening each path to read it."""
        return self._ask("open", paths)

    def read(self, path, limit=1 << 24):
        """The bytes of a file in the chroot, or None."""
        return self._ask("read", path, limit)

    def close(self):
        """Ends the helper; by word, as a later helper holds a copy of our end of the pipe."""
        pickle.dump(("end", ()), self.pipe)
        self.pipe.close()
        os.waitpid(self.pid, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _run_here(argv, env, exe, merged, user, seconds):
    out = os.memfd_create("out", os.MFD_CLOEXEC)
    err = out if merged else os.memfd_create("err", os.MFD_CLOEXEC)
    said, says = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        code = errno_names.EIO
        try:
            if user is not None:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            null = os.memfd_create("in", os.MFD_CLOEXEC)
            os.dup2(null, 0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            signal.alarm(seconds)
            os.execve(exe, argv, env)
        except OSError as error:
            code = error.errno
        finally:
            os.write(says, struct.pack("i", code))
            os._exit(126)
    os.close(says)
    word = os.read(said, 4)
    os.close(said)
    _, status = os.waitpid(pid, 0)
    texts = []
    for descriptor in (out, err):
        texts.append(os.pread(descriptor, 1 << 24, 0))
    os.close(out)
    if err != out:
        os.close(err)
    code = struct.unpack("i", word)[0] if word else 0
    if os.WIFSIGNALED(status):
        return Ran(None, os.WTERMSIG(status), code, texts[0], texts[1])
    return Ran(os.WEXITSTATUS(status), None, code, texts[0], texts[1])


def _stat_here(paths):
    answers = []
    for path in paths:
        try:
            found = os.stat(path)
            answers.append((0, found.st_ino, found.st_mode))
        except OSError as error:
            answers.append((error.errno, 0, 0))
    return answers


def _open_here(paths):
    answers = []
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            answers.append((error.errno, 0, 0))
            continue
        found = os.fstat(descriptor)
        answers.append((0, found.st_ino, found.st_mode))
        os.close(descriptor)
    return answers


def _read_here(path, limit):
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return None


# ---------------------------------------------------------------------------------------------------------- ELF files

Elf = collections.namedtuple("Elf", "cls little type machine interp dynamic pie")

ET_EXEC, ET_DYN = 2, 3
MACHINES = {3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64",
            243: "riscv64", 258: "loongarch64"}
QEMU = {3: "i386", 21: "ppc64le", 22: "s390x", 40: "arm", 183: "aarch64", 243: "riscv64", 258: "loongarch64"}
# The PT_INTERP text of each ABI: a library names no loader, so the one of its machine is taken.
LOADERS = {(2, 62): "/lib64/ld-linux-x86-64.so.2", (1, 3): "/lib/ld-linux.so.2", (2, 183): "/lib/ld-linux-aarch64.so.1",
           (1, 40): "/lib/ld-linux-armhf.so.3", (2, 243): "/lib/ld-linux-riscv64-lp64d.so.1",
           (2, 22): "/lib/ld64.so.1", (2, 21): "/lib64/ld64.so.2"}


def read_elf(path):
    """The few header facts that choose what to compare, or None for what is not an ELF file."""
    try:
        with open(path, "rb") as file:
            ident = file.read(64)
            if len(ident) < 52 or ident[:4] != b"\x7fELF" or ident[4] not in (1, 2) or ident[5] not in (1, 2):
                return None
            end = "<" if ident[5] == 1 else ">"
            kind, machine = struct.unpack_from(end + "HH", ident, 16)
            if ident[4] == 2:
                if len(ident) < 64:
                    return None
                (at,), (size, count) = struct.unpack_from(end + "Q", ident, 32), struct.unpack_from(end + "HH", ident, 54)
            else:
                (at,), (size, count) = struct.unpack_from(end + "I", ident, 28), struct.unpack_from(end + "HH", ident, 42)
            file.seek(at)
            table = file.read(min(size * count, 1 << 16))
            interp, dynamic, pie = None, False, False
            for number in range(len(table) // size if size else 0):
                if ident[4] == 2:
                    tag, _, where, _, _, length = struct.unpack_from(end + "IIQQQQ", table, number * size)
                else:
                    tag, where, _, _, length = struct.unpack_from(end + "IIIII", table, number * size)
                if tag == 3 and interp is None:
                    file.seek(where)
                    interp = file.read(min(length, 4096)).split(b"\0")[0]
                elif tag == 2:
                    dynamic = True
                    file.seek(where)
                    body = file.read(min(length, 1 << 16))
                    width = "QQ" if ident[4] == 2 else "II"
                    for name, value in struct.iter_unpack(end + width, body[:len(body) // struct.calcsize(width) * struct.calcsize(width)]):
                        pie = pie or (name == 0x6FFFFFFB and bool(value & 0x08000000))
            return Elf(ident[4], end == "<", kind, machine, interp, dynamic, pie)
    except (OSError, struct.error):
        return None


def host_cpu_level():
    """This machine's level as `--cpu` takes it, from the flags the psABI lists; None on another architecture."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((set(line.split(":", 1)[1].split()) for line in file if line.startswith("flags")), None)
    except OSError:
        flags = None
    if os.uname().machine != "x86_64" or flags is None:
        return None
    level = 1
    for number, wanted in ((2, "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"), (3, "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
                           (4, "avx512f avx512bw avx512cd avx512dq avx512vl")):
        if not set(wanted.split()) <= flags:
            break
        level = number
    return "x86-64" if level == 1 else f"x86-64-v{level}"


# ---------------------------------------------------------------------------------------------------------- imgldd

def run_imgldd(binary, arguments, names=None, seconds=600):
    """Runs imgldd in an environment without LD_* and returns `(exit code, stdout, stderr)` as bytes."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "IMGLDD_"))}
    given = None if names is None else b"".join(os.fsencode(name) + b"\0" for name in names)
    done = subprocess.run([binary, *arguments], input=given, stdin=subprocess.DEVNULL if given is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=seconds, check=False)
    return done.returncode, done.stdout, done.stderr


def subjects_of(binary, root, names, extra=()):
    """imgldd's answer for each of `names` in `root`: `{name: subject}`; anything else it says is an error."""
    code, out, err = run_imgldd(binary, ["--root", root, "-0", "--files-from", "-", "-o", "json-lines", *extra], names)
    found, errors = {}, []
    for line in out.splitlines():
        record = json.loads(line)
        if record.get("type") == "subject":
            found[field(record, "path").decode("utf-8", "surrogateescape")] = record
        elif record.get("type") == "error":
            errors.append(record)
    if code not in (0, 1, 2) or not out:
        sys.exit(f"error: imgldd ended with {code}: {err.decode(errors='replace').strip()}")
    return found, errors


def field(record, key):
    """A name or path of the report as bytes: what is not UTF-8 stands in `…_b64`."""
    encoded = record.get(key + "_b64")
    if encoded is not None:
        return base64.b64decode(encoded)
    value = record.get(key)
    return None if value is None else value.encode("utf-8", "surrogateescape")


def show(value):
    """Bytes for a person, one line whatever is in them."""
    return "-" if value is None else value.decode("utf-8", "backslashreplace").encode("unicode_escape").decode()
