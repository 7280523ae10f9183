#!/usr/bin/env python3
"""Holds what imgldd says of runc and crun against the two themselves.

Each case is a small root and a process: a user, a directory, a PATH, arguments. Both runtimes get it as a bundle and run it;
`examples/plan` gets it as an image's configuration. Wanted of each runtime is that it starts the program where imgldd says so, and
else says what imgldd says that it would: its message must end in those very words.

The words are those of current releases. What an older one says (runc built with Go before 1.20, crun before 1.21) is put into
them by one table, `modern_runc` and `modern_crun`; where an old text stood for several new ones, any of them is accepted.
Where a name is absolute, or bare and found, `imgldd --root` is asked as well and must say the same.

crun refuses a machine on which cgroup v1 and v2 are mixed; in a mount namespace of our own it sees v2 alone.

usage: runtimes.py --imgldd PATH [--plan PATH] [--runc PATH] [--crun PATH] [-v]
       (--plan: the built example, by default `examples/plan` beside imgldd)
"""

import argparse
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys

import support

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65534
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
RAN = "the program ran\n"
CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"]
SOURCE = """
#include <unistd.h>
int main(void) { static const char text[] = "the program ran\\n"; return write(1, text, sizeof text - 1) < 0; }
"""


class Case:
    """A root and a process. `files` maps a path to what `Roots.lay` takes; the rest is as in an image's configuration.
    `news` names the runtimes of which older releases do something else, not only say it."""

    def __init__(self, name, files, args, cwd="/", path=DEFAULT_PATH, user="0:0", groups=(), env=(), news=()):
        self.name, self.files, self.args, self.cwd, self.path, self.user, self.groups, self.news = name, files, args, cwd, path, user, groups, news
        self.env = ([f"PATH={path}"] if path is not None else []) + list(env)

    def configuration(self):
        """As an image has it. The groups come from the root's own files."""
        return {"Entrypoint": self.args, "Env": self.env, "WorkingDir": self.cwd, "User": self.user.split(":")[0] if self.groups else self.user}


def cases():
    """Every case; `program` is the static program, `("mode", 0o644, X)` is X with that mode, `("link", T)` a link."""
    app = {"/app": "program"}
    nobody = f"{NOBODY}:{NOBODY}"
    closed = {"/app": ("mode", 0o700, "program")}
    deep = {"/root/app": "program", "/root": ("mode", 0o700, "directory")}
    closed_root = {"/root": ("mode", 0o700, "directory")}
    inside = {"/root/w/app": "program", **closed_root}
    in_bin = {"/usr/bin/app": "program"}
    member = {"/app": ("owner", 0, 50, ("mode", 0o710, "program")), "/etc/passwd": ("text", "u:x:1000:1000::/home/u:/bin/sh\n"), "/etc/group": ("text", "staff:x:50:v,u\n")}
    return [
        Case("a static program", app, ["/app"]),
        Case("its arguments", app, ["/app", "--flag", "x"]),
        Case("an absent program", {}, ["/nope"]),
        Case("an absent directory", {}, ["/no/pe"]),
        Case("a name with quotes and blanks", {}, ['/no "pe" \\']),
        Case("a dangling link", {"/app": ("link", "/gone")}, ["/app"]),
        Case("a link to the program", {"/app": ("link", "/bin/real"), "/bin/real": "program"}, ["/app"]),
        Case("a circle of links", {"/app": ("link", "/b"), "/b": ("link", "/app")}, ["/app"]),
        Case("below a file", app, ["/app/x"]),
        Case("a slash after a file", app, ["/app/"]),
        Case("a name of 256 bytes", {}, ["/" + "n" * 256]),
        Case("a directory", {"/app": "directory"}, ["/app"]),
        Case("a directory that nobody may search", {"/app": ("mode", 0o700, "directory")}, ["/app"], user=nobody),
        Case("a fifo", {"/app": ("mode", 0o644, "fifo")}, ["/app"]),
        Case("a fifo with an x bit", {"/app": ("mode", 0o755, "fifo")}, ["/app"]),
        Case("no x bit", {"/app": ("mode", 0o644, "program")}, ["/app"]),
        Case("no x bit, as nobody", {"/app": ("mode", 0o644, "program")}, ["/app"], user=nobody),
        Case("no x bit for nobody", closed, ["/app"], user=nobody),
        Case("no x bit for root's class", {"/app": ("mode", 0o601, "program")}, ["/app"]),
        Case("no x bit for the owner", {"/app": ("owner", 7, 7, ("mode", 0o677, "program"))}, ["/app"], user="7:7"),
        Case("an x bit, and no read bit", {"/app": ("mode", 0o711, "program")}, ["/app"], user=nobody),
        Case("an x bit by way of a group", member, ["/app"], user="u", groups=(50,)),
        Case("a group that is given by number", member, ["/app"], user="1000:50"),
        Case("not of that group", member, ["/app"], user="1000:51"),
        Case("below a closed directory", deep, ["/root/app"], user=nobody),
        Case("absent, below a closed directory", deep, ["/root/nope"], user=nobody),
        Case("no x bit, below a closed directory", {**deep, "/root/app": ("mode", 0o644, "program")}, ["/root/app"], user=nobody),
        Case("an absent interpreter", {"/app": "dynamic"}, ["/app"]),
        Case("an interpreter that may not be executed", {"/app": "dynamic", "/lib/loader": ("mode", 0o644, "program")}, ["/app"]),
        Case("an empty interpreter", {"/app": "dynamic", "/lib/loader": ("mode", 0o755, ("text", ""))}, ["/app"]),
        Case("an interpreter that is no ELF file", {"/app": "dynamic", "/lib/loader": ("mode", 0o755, ("text", "x" * 99))}, ["/app"]),
        Case("an interpreter that is a directory", {"/app": "dynamic", "/lib/loader": "directory"}, ["/app"]),
        Case("an interpreter in a circle of links", {"/app": "dynamic", "/lib/loader": ("link", "loader")}, ["/app"]),
        Case("another machine", {"/app": "foreign"}, ["/app"]),
        Case("a text without a first line", {"/app": ("mode", 0o755, ("text", "echo hello\n"))}, ["/app"]),
        Case("an empty file", {"/app": ("mode", 0o755, ("text", ""))}, ["/app"]),
        Case("a script", {"/app": ("mode", 0o755, ("text", "#!/bin/sh\n")), "/bin/sh": "program"}, ["/app"]),
        Case("a script with a carriage return", {"/app": ("mode", 0o755, ("text", "#!/bin/sh\r\n")), "/bin/sh": "program"}, ["/app"]),
        Case("a script without its interpreter", {"/app": ("mode", 0o755, ("text", "#!/bin/sh\n"))}, ["/app"]),
        Case("a script whose interpreter lacks the x bit", {"/app": ("mode", 0o755, ("text", "#!/bin/sh\n")), "/bin/sh": ("mode", 0o644, "program")}, ["/app"]),
        Case("a script that interprets itself", {"/app": ("mode", 0o755, ("text", "#!/app\n"))}, ["/app"]),
        Case("a shell that is not there", {}, ["/bin/sh", "-c", "/app"]),
        Case("a bare name", in_bin, ["app"]),
        Case("a bare name that is nowhere", {}, ["app"]),
        Case("a bare name that is not in PATH", app, ["app"]),
        Case("a bare name without an x bit", {"/usr/bin/app": ("mode", 0o644, "program")}, ["app"]),
        Case("a bare name, first without an x bit", {**in_bin, "/usr/local/bin/app": ("mode", 0o644, "program")}, ["app"]),
        Case("a bare name, first one not for nobody", {**in_bin, "/usr/local/bin/app": ("mode", 0o700, "program")}, ["app"], user=nobody, news=("runc",)),
        Case("a bare name, not for nobody", {"/usr/bin/app": ("mode", 0o700, "program")}, ["app"], user=nobody),
        Case("a bare name that is a directory", {"/usr/bin/app": "directory"}, ["app"]),
        Case("a bare name without an interpreter", {"/usr/bin/app": "dynamic"}, ["app"]),
        Case("an absent bare name, a file in PATH", app, ["x"], path="/app:/bin"),
        Case("a PATH with a slash too many", in_bin, ["app"], path="/bin:/usr//bin/"),
        Case("a PATH with dots that are cancelled", {**in_bin, "/usr/lib": ("link", "/a/b"), "/a/b": "directory"}, ["app"], path="/usr/lib/../bin"),
        Case("a PATH with dots that are walked", {"/a/bin/app": "program", "/usr/lib": ("link", "/a/b"), "/a/b": "directory"}, ["app"], path="/usr/lib/../bin"),
        Case("an empty PATH", app, ["app"], path=""),
        Case("an empty element of PATH", app, ["app"], path="/bin:"),
        Case("an empty element of PATH, a directory away", {"/w/app": "program"}, ["app"], path=":/bin", cwd="/w", news=("crun",)),
        Case("an empty element of PATH, found before", {**app, **in_bin}, ["app"], path="/usr/bin:"),
        Case("an empty element of PATH, found after", {**app, **in_bin}, ["app"], path=":/usr/bin"),
        Case("a relative element of PATH", {"/w/bin/app": "program"}, ["app"], path="bin", cwd="/w"),
        Case("a relative element of PATH, nothing there", {**in_bin}, ["app"], path="bin:/usr/bin", cwd="/w"),
        Case("a relative name", {"/w/app": "program"}, ["./app"], cwd="/w"),
        Case("a relative name without dots", {"/w/bin/app": "program"}, ["bin/app"], cwd="/w"),
        Case("a relative name that is absent", {"/w": "directory"}, ["./app"], cwd="/w"),
        Case("a relative name without an x bit", {"/w/app": ("mode", 0o644, "program")}, ["./app"], cwd="/w"),
        Case("a relative name without an interpreter", {"/w/app": "dynamic"}, ["./app"], cwd="/w/"),
        Case("a relative name that is a directory", {"/w/app": "directory"}, ["./app"], cwd="/w"),
        Case("a relative name below a closed directory", inside, ["./app"], cwd="/root/w", user=nobody),
        Case("a relative name without dots below a closed directory", {"/root/w/bin/app": "program", **closed_root}, ["bin/app"], cwd="/root/w", user=nobody),
        Case("the whole name below a closed directory", inside, ["/root/w/app"], cwd="/root/w", user=nobody),
        Case("a relative name in a closed directory", deep, ["./app"], cwd="/root", user=nobody),
        Case("a relative name that is absent, below a closed directory", inside, ["./nope"], cwd="/root/w", user=nobody),
        Case("up and down again through a closed directory", inside, ["../w/app"], cwd="/root/w", user=nobody),
        Case("a relative interpreter below a closed directory", {"/root/w/app": ("mode", 0o755, ("text", "#!./sh\n")), "/root/w/sh": "program", **closed_root}, ["./app"], cwd="/root/w", user=nobody),
        Case("a relative link below a closed directory", {"/root/w/app": ("link", "real"), "/root/w/real": "program", **closed_root}, ["./app"], cwd="/root/w", user=nobody),
        Case("an absolute link below a closed directory", {"/root/w/app": ("link", "/root/w/real"), "/root/w/real": "program", **closed_root}, ["./app"], cwd="/root/w", user=nobody),
        Case("the name of nothing", app, ["", "x"]),
        Case("the name of here", app, ["."], news=("crun",)),
        Case("here, with a slash", app, ["./"]),
        Case("a hidden bare name", {"/usr/bin/.app": "program"}, [".app"], news=("crun",)),
        Case("a directory that is made", app, ["/app"], cwd="/w/x"),
        Case("a relative name in a directory that is made", app, ["./app"], cwd="/w/x"),
        Case("a directory that is a file", app, ["/app"], cwd="/app"),
        Case("a directory below a file", app, ["/app"], cwd="/app/x"),
        Case("a directory in a circle", {**app, "/w": ("link", "w")}, ["/app"], cwd="/w"),
        Case("a relative directory", app, ["/app"], cwd="w"),
        Case("a variable without a name", app, ["/app"], env=["=x"]),
        Case("a variable twice", {"/b/app": "program"}, ["app"], env=["PATH=/a", "PATH=/b"]),
    ]


class Roots:
    """Lays roots out, with the programs that they share."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.programs = {}
        with open(f"{scratch}/program.c", "w", encoding="ascii") as file:
            file.write(SOURCE)
        self.compile("program", "-static")
        self.compile("dynamic", "-no-pie", "-Wl,--dynamic-linker=/lib/loader")
        foreign = bytearray(self.programs["program"])
        foreign[18:20] = struct.pack("<H", 22)  # e_machine: EM_S390
        self.programs["foreign"] = bytes(foreign)

    def compile(self, name, *flags):
        """The program, linked with `flags`."""
        done = subprocess.run(["gcc", "-O1", *flags, "-o", name, "program.c"], cwd=self.scratch, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"error: gcc: {done.stderr}")
        with open(f"{self.scratch}/{name}", "rb") as file:
            self.programs[name] = file.read()

    def root(self, case, number):
        """The root of `case`; everybody may search it."""
        root = f"{self.scratch}/bundle{number}/rootfs"
        for folder in ("proc", "dev", "sys"):
            os.makedirs(f"{root}/{folder}", mode=0o755)
        for path, what in sorted(case.files.items()):
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            self.lay(root + path, what)
        return root

    def lay(self, path, what):
        """Makes `what` at `path`."""
        kind, *rest = what if isinstance(what, tuple) else (what,)
        if kind == "mode":
            self.lay(path, rest[1])
            os.chmod(path, rest[0])
        elif kind == "owner":
            self.lay(path, rest[2])
            mode = stat.S_IMODE(os.stat(path).st_mode)
            os.chown(path, rest[0], rest[1])
            os.chmod(path, mode)
        elif kind == "link":
            os.symlink(rest[0], path)
        elif kind == "directory":
            os.makedirs(path, exist_ok=True)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "text":
            with open(path, "w", encoding="ascii", newline="") as file:
                file.write(rest[0])
        else:
            with open(path, "wb") as file:
                file.write(self.programs[kind])
            os.chmod(path, 0o755)


# ------------------------------------------------------------------------------------------------ the runtimes

class Runtime:
    """runc or crun: how it is run, and where its texts differ from those of current releases."""

    def __init__(self, kind, program, scratch):
        self.kind, self.program, self.state = kind, program, f"{scratch}/{kind}"
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        number = re.search(rf"{kind} version (\d+)\.(\d+)", said)
        go = re.search(r"go: go(\d+)\.(\d+)", said)
        deciding = go if kind == "runc" else number
        self.version = number and ".".join(number.groups())
        self.built_with = f" (go{'.'.join(go.groups())})" if go else ""
        self.is_old = deciding is None or tuple(map(int, deciding.groups())) < ((1, 20) if kind == "runc" else (1, 21))

    def run(self, bundle, name):
        """Runs a bundle: whether the program ran, and what the runtime wrote."""
        done, messages = self.start(bundle, name)
        return done.stdout == RAN and done.returncode == 0, messages

    def start(self, bundle, name):
        """Runs a bundle: the process that ended, and what the runtime wrote."""
        log = f"{bundle}/runc.log"
        command = [self.program, "--root", self.state]
        # In its log runc quotes nothing but JSON's way; crun writes plain lines to stderr.
        options = ["--log", log, "--log-format", "json"] if self.kind == "runc" else ["--cgroup-manager=disabled"]
        quiet = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60, "check": False}
        done = subprocess.run([*command, *options, "run", "--no-new-keyring", "--bundle", bundle, name], **quiet)
        subprocess.run([*command, "delete", "--force", name], **quiet)
        messages = [line for line in done.stderr.splitlines() if not line.startswith("time=")]
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as file:
                entries = [json.loads(line) for line in file]
            messages += [entry["msg"] for entry in entries if entry["level"] == "error"]
            os.unlink(log)
        return done, messages

    def modern(self, message, case, root):
        """What a current release would say instead of `message`: one text, or several of which one."""
        if not self.is_old:
            return [message.replace("cannot open `", "open `")] if self.kind == "crun" else [message]
        return (modern_runc if self.kind == "runc" else modern_crun)(message, case, root)


def modern_runc(message, case, root):
    """runc 1.1 worded a variable in another way. Go before 1.20 asked for any x bit, called a directory a matter of permission, and left the rest to a check of runc's own."""
    name = case.args[0]
    bare = "/" not in name
    target = os.path.join(root + case.cwd, name) if not name.startswith("/") else root + name
    if message.endswith(f'exec: "{name}": permission denied') and os.path.isdir(target):
        return [message.replace("permission denied", "is a directory")]
    if "environment variable name can't be empty" in message:
        return ["invalid environment variable: name cannot be empty"]
    early = re.search(r"container process: exec (\S+): permission denied$", message)
    if early and bare:
        return [f'exec: "{name}": executable file not found in $PATH']
    if early:
        return [f'exec: "{name}": permission denied']
    return [message]


def modern_crun(message, case, _root):
    """crun before 1.21 said `in $PATH` of paths too, and did not name the file that is there and will not do; later, `cannot open`."""
    name = case.args[0]
    whole = name if name.startswith("/") or "/" not in name else f"{case.cwd.rstrip('/')}/{name}".rstrip("/")
    message = message.replace(f"`{case.cwd}/{name}`", f"`{whole}`").replace("chdir `", "chdir to `").replace("cannot open `", "open `")
    where = "" if "/" in name else " in $PATH"
    absent = re.match(r"executable file `(.*)` not found in \$PATH: (.*)$", message)
    if absent and name == "":
        return ["cannot find `` in $PATH: No such file or directory"]
    if absent:
        return [f"executable file `{whole}` not found{where}: {absent[2]}"]
    opened = re.match(r"open executable: (.*)$", message)
    if opened is None:
        return [message]
    texts = {
        "Permission denied": [f"the path `{whole}` exists but it is not executable: Operation not permitted", f"open `{whole}`: Permission denied"],
        "Operation not permitted": [f"the path `{whole}` is not a regular file: Operation not permitted"],
    }
    if name == "":
        return ["cannot find `` in $PATH: No such file or directory"]
    return texts.get(opened[1], [f"open `{whole}`: {opened[1]}"])


def bundle(root, case, plan):
    """Writes the bundle's configuration, with the IDs that imgldd found."""
    uid, gid, groups = plan["user"]
    # Engines let a user other than root have capabilities in the bounding set alone.
    kinds = ("bounding", "effective", "permitted") if uid == 0 else ("bounding",)
    process = {
        "terminal": False, "user": {"uid": uid, "gid": gid, "additionalGids": groups}, "args": case.args, "env": case.env, "cwd": case.cwd, "noNewPrivileges": False,
        "capabilities": {kind: CAPABILITIES for kind in kinds},
    }
    mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]}]
    namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    config = {"ociVersion": "1.0.2", "process": process, "root": {"path": "rootfs", "readonly": False}, "hostname": "oracle", "mounts": mounts, "linux": {"namespaces": namespaces}}
    folder = os.path.dirname(root)
    with open(f"{folder}/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
    return folder


# ------------------------------------------------------------------------------------------------ the comparison

def predicted(program, root, case):
    """What imgldd makes of the configuration."""
    done = subprocess.run([program, root, f"linux/{MACHINES[os.uname().machine]}"], input=json.dumps(case.configuration()), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"error: {case.name}: {program}: {done.stderr}")
    return json.loads(done.stdout)


def by_command_line(imgldd, root, case, plan):
    """The words of the command line about the same program, which knows no argument but a path or a name."""
    uid, gid, groups = plan["user"]
    if groups or not case.cwd.startswith("/") or not (case.args[0].startswith("/") or "/" not in case.args[0]) or case.args[0] == "" or len(case.args) > 1:
        return None
    command = [imgldd, "--root", root, "--workdir", case.cwd, "--env", f"PATH={plan['variables']['PATH']}", "--user", f"{uid}:{gid}", "--platform", f"linux/{MACHINES[os.uname().machine]}", "-o", "json", "--", case.args[0]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "the working directory is no directory in the target" in done.stderr:
        return None
    report = json.loads(done.stdout)
    return report["subjects"][0]["outcome"]


def compare(runtime, case, folder, subject, number):
    """The differences between what `runtime` does and what `subject` says of it."""
    ran, messages = runtime.run(folder, f"imgldd-oracle-{os.getpid()}-{number}")
    outcome = subject["outcome"]
    words = {said["by"]: said["text"] for said in outcome["as_reported"]}
    if outcome["starts"] is None:
        return [f"{runtime.kind}: no verdict"]
    if ran != outcome["starts"]:
        # crun may start what runc refuses, and has no words then; or refuse what runc starts, which is a finding.
        disagreed = any(finding["code"] == "runtimes-disagree" for finding in subject["findings"])
        if runtime.kind == "crun" and ("crun" not in words if ran else disagreed):
            return []
        return [f"{runtime.kind}: {'runs it' if ran else 'does not run it: ' + '; '.join(messages)}, said was {words or 'that it starts'}"]
    if ran:
        return []
    wanted = words.get(runtime.kind)
    texts = [text for message in messages for text in runtime.modern(message, case, os.path.join(folder, "rootfs"))]
    if wanted is None or not any(text == wanted or text.endswith(f": {wanted}") for text in texts):
        return [f"{runtime.kind}: says {messages}, said was {wanted!r}"]
    return []


def main():
    """Runs every case on both runtimes."""
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("--imgldd", required=True)
    parser.add_argument("--plan")
    parser.add_argument("--runc", default=shutil.which("runc"))
    parser.add_argument("--crun", default=shutil.which("crun"))
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    imgldd = support.need_imgldd(options.imgldd)
    plan = support.need_imgldd(options.plan or os.path.join(os.path.dirname(imgldd), "examples", "plan"))
    support.need_root()
    support.need_tools("gcc")
    if os.uname().machine not in MACHINES:
        support.skip(f"no programs for {os.uname().machine}")
    if not (options.runc and options.crun):
        support.skip("not installed: runc, crun")
    support.private_mounts()
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        support.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")
    with support.scratch("imgldd-runtimes-") as scratch:
        roots = Roots(scratch)
        runtimes = [Runtime("runc", options.runc, scratch), Runtime("crun", options.crun, scratch)]
        first = Case("a static program", {"/app": "program"}, ["/app"])
        for runtime in runtimes:
            root = roots.root(first, f"-{runtime.kind}")
            ran, messages = runtime.run(bundle(root, first, {"user": [0, 0, []]}), f"imgldd-oracle-{os.getpid()}")
            if not ran:
                support.skip(f"{runtime.program} runs nothing here: {'; '.join(messages)}")
        compared = left_out = differing = 0
        for number, case in enumerate(cases()):
            # A runtime makes directories, so each gets a root of its own, and imgldd an untouched one.
            answer = predicted(plan, roots.root(case, f"{number}-imgldd"), case)
            outcome = answer["subjects"][0]["outcome"]
            differences = []
            for runtime in runtimes:
                if runtime.is_old and runtime.kind in case.news:
                    left_out += 1
                    continue
                folder = bundle(roots.root(case, f"{number}-{runtime.kind}"), case, answer)
                differences += compare(runtime, case, folder, answer["subjects"][0], number)
                compared += 1
            line = by_command_line(imgldd, f"{scratch}/bundle{number}-imgldd/rootfs", case, answer)
            if line is not None and outcome["stage"] == "exec" and line["as_reported"] != outcome["as_reported"]:
                differences.append(f"the command line says {line['as_reported']}, the plan {outcome['as_reported']}")
            if options.v or differences:
                print(f"{case.name}: {[said['text'] for said in outcome['as_reported']] or 'starts'}")
            for difference in differences:
                print(f"  DIFFERS {difference}")
            differing += len(differences)
    versions = ", ".join(f"{runtime.kind} {runtime.version}{runtime.built_with}" for runtime in runtimes)
    print(f"runtimes: {compared} runs of {len(cases())} cases compared, {left_out} left out as too new, {differing} differences ({versions})")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
