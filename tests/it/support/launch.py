"""Starts one program in a chroot and says exactly what became of it.

Reads a JSON object on standard input: root, path, argv, env, cwd, uid, gid,
proc. Prints another: errno (a name, where execve itself failed), status or
signal, stdout, stderr. There is no fall-back to a shell as execvp has it, and
nothing but the given environment.

Run it in a mount namespace of its own: /proc is mounted inside the root.
"""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile


def child(case, report):
    os.chroot(case["root"])
    os.chdir("/")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setgroups([])
    os.setgid(case["gid"])
    os.setuid(case["uid"])
    try:
        os.chdir(case["cwd"])
        os.execve(case["path"], case["argv"], case["env"])
    except OSError as error:
        os.write(report, errno.errorcode[error.errno].encode())
    os._exit(125)


def main():
    case = json.load(sys.stdin)
    if case["proc"]:
        os.makedirs(case["root"] + "/proc", exist_ok=True)
        subprocess.run(["mount", "-t", "proc", "proc", case["root"] + "/proc"], check=True)
    read, write = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            signal.alarm(20)
            child(case, write)
        os.close(write)
        failure = os.read(read, 64).decode()
        _, status = os.waitpid(pid, 0)
        result = {"errno": failure or None, "status": None, "signal": None}
        if not failure and os.WIFEXITED(status):
            result["status"] = os.WEXITSTATUS(status)
        elif not failure:
            result["signal"] = signal.Signals(os.WTERMSIG(status)).name
        for name, file in (("stdout", out), ("stderr", err)):
            file.seek(0)
            result[name] = file.read().decode(errors="replace")
    print(json.dumps(result))


main()
