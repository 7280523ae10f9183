#!/usr/bin/env python3
"""Times imgldd beside libtree, ldd, lddtree and scanelf on a rootfs. It measures and prints; it never asserts.

Whole processes, warm, interleaved: one run of each tool, then the next of each, so that a noisy second hurts all alike.
Every tool is started by the same small launcher (`launch.c`), which enters the chroot before its clock starts. Medians,
their ratio to libtree (for the whole rootfs: to scanelf), peak memory, system calls (with strace), and a floor: the bare
system calls that the same files cost (`floor.c`).

With --diagnosis, the path of `examples/diagnosis.rs`, a last table has what the findings cost beside resolution.

usage: bench.py DIR --imgldd PATH [--diagnosis PATH] [--programs /usr/bin/ffmpeg,/usr/bin/gdb] [--runs 40] [--all-runs 7]
       [--json FILE]
"""

import argparse
import collections
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import support  # noqa: E402 (the path is set above)

HERE = os.path.dirname(os.path.abspath(__file__))
Tool = collections.namedtuple("Tool", "name how root argv")
Cost = collections.namedtuple("Cost", "seconds peak cpu status")
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}


def compile_c(name, scratch):
    """One of the two C programs, static where that works."""
    out = f"{scratch}/{name}"
    for extra in (["-static"], []):
        done = subprocess.run(["cc", "-O2", *extra, "-o", out, f"{HERE}/{name}.c"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode == 0:
            return out
    sys.exit(f"error: cc: {done.stdout.decode(errors='replace')}")


def command(launcher, tool):
    """The launcher's line for a tool."""
    return [launcher, *(["-c", tool.root] if tool.root else []), *tool.argv]


def once(launcher, tool, keep=None):
    """One run; what the tool prints goes to /dev/null, or to `keep`."""
    said, says = os.pipe()
    with open(keep or "/dev/null", "wb") as out:
        # The launcher writes its figures to descriptor 3.
        process = subprocess.Popen(["/bin/sh", "-c", f'exec 3>&{says}; exec "$@"', "sh", *command(launcher, tool)], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.DEVNULL, env=ENV, pass_fds=(says,))
    os.close(says)
    with os.fdopen(said) as pipe:
        words = pipe.read().split()
    process.wait()
    if len(words) != 5:
        sys.exit(f"error: {tool.name} could not be started: {' '.join(tool.argv)}")
    return Cost(int(words[0]) / 1e9, int(words[1]), (int(words[2]) + int(words[3])) / 1e6, int(words[4]))


def system_calls(launcher, tool, scratch):
    """How many system calls the tool and its children make, the launcher's left out; None without strace."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    log = f"{scratch}/strace.log"
    said, says = os.pipe()
    subprocess.run([strace, "-f", "-qq", "-e", "signal=none", "-o", log, "/bin/sh", "-c", f'exec 3>&{says}; exec "$@"', "sh", *command(launcher, tool)],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV, pass_fds=(says,), check=False)
    os.close(says)
    os.close(said)
    count, first = 0, None
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split(None, 1)
            first = first or words[0]
            # A call that was interrupted by another thread's stands in two lines.
            if words[0] != first and not words[1].startswith("<... ") and not words[1].startswith("+++"):
                count += 1
    return count


def measure(launcher, tools, runs, scratch):
    """Interleaved runs after one that warms; `{tool: [Cost]}` and system calls."""
    costs = {tool.name: [] for tool in tools}
    # One that is slow anyway takes part in every fifth turn only.
    much = 0.1 if runs > 10 else 1
    slow = {tool.name for tool in tools if once(launcher, tool).seconds > much}
    for turn in range(runs):
        # The order changes from turn to turn, so nobody always runs after the same neighbour.
        for place in range(len(tools)):
            tool = tools[(place + turn) % len(tools)]
            if tool.name in slow and turn % 5:
                continue
            costs[tool.name].append(once(launcher, tool))
    return costs, {tool.name: system_calls(launcher, tool, scratch) for tool in tools}


def lend(root):
    """libtree inside the chroot: a tmpfs over its /mnt, so the directory stays as it is."""
    place, found = f"{root}/mnt", shutil.which("libtree")
    if found is None or not os.path.isdir(place):
        return None
    support.mount("tmpfs", place, "tmpfs", 0, "mode=755")
    shutil.copy2(os.path.realpath(found), f"{place}/libtree")
    return "/mnt/libtree"


def traced(root, program):
    """The paths that the loader takes for a program, for the floor and for the number of libraries."""
    with support.Cage(root) as cage:
        ran = cage.run([program], {"LD_TRACE_LOADED_OBJECTS": "1"})
    return re.findall(rb"^\t(?:.* => )?(/.*) \(0x", ran.out, re.M)


def row(tool, cost, base, calls):
    """One line of a table."""
    median = statistics.median(each.seconds for each in cost)
    low = min(each.seconds for each in cost)
    ratio = "–" if base is None else f"{median / base:.2f}"
    peak = max(each.peak for each in cost) / 1024
    # CPU time tells less of who else was at work meanwhile than the clock does.
    cpu = statistics.median(each.cpu for each in cost)
    return f"| {tool.name} | {median * 1e3:.2f} ms | {low * 1e3:.2f} ms | {ratio} | {cpu * 1e3:.2f} ms | {peak:.1f} MB | {calls if calls is not None else '–'} | {tool.how} |"


def print_table(title, base_name, tools, costs, calls):
    """Markdown, and the same as data."""
    base = statistics.median(each.seconds for each in costs[base_name]) if base_name in costs else None
    print(f"### {title}\n")
    print(f"| tool | median | best | ratio to {base_name} | CPU, median | peak memory | system calls | run as |")
    print("|---|---|---|---|---|---|---|---|")
    for tool in tools:
        print(row(tool, costs[tool.name], base, calls[tool.name]))
    print()
    return {tool.name: {"median_s": statistics.median(each.seconds for each in costs[tool.name]), "best_s": min(each.seconds for each in costs[tool.name]),
                        "cpu_s": statistics.median(each.cpu for each in costs[tool.name]),
                        "ratio": statistics.median(each.seconds for each in costs[tool.name]) / base if base else None,
                        "peak_kib": max(each.peak for each in costs[tool.name]), "system_calls": calls[tool.name]} for tool in tools}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dir")
    parser.add_argument("--imgldd", help="the binary under test; without it the peers alone are timed")
    parser.add_argument("--diagnosis", help="the example of that name")
    parser.add_argument("--programs", default="/usr/bin/ffmpeg,/usr/bin/gdb")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--all-runs", type=int, default=7, help="of the whole rootfs")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    support.need_root()
    support.need_tools("cc")
    binary = support.need_imgldd(options.imgldd) if options.imgldd else None
    root = os.path.realpath(options.dir)
    if not os.path.isdir(root):
        sys.exit(f"error: `{options.dir}` is not a directory")
    missing = [name for name in ("libtree", "lddtree", "scanelf", "strace") if shutil.which(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} (not installed)\n")
    support.private_mounts()
    figures = {}
    with support.scratch("bench.") as scratch:
        launcher, floor = compile_c("launch", scratch), compile_c("floor", scratch)
        libtree = lend(root)
        try:
            for program in options.programs.split(","):
                figures[program] = one_program(launcher, floor, binary, libtree, root, program, scratch, options.runs)
        finally:
            if libtree:
                support._libc.umount2(os.fsencode(f"{root}/mnt"), 2)
        if options.diagnosis:
            for program in options.programs.split(","):
                figures[f"diagnosis of {program}"] = diagnosis(launcher, os.path.abspath(options.diagnosis), root, program, options.runs, scratch)
        figures["--all"] = whole(launcher, floor, binary, root, options.all_runs, scratch)
    cpus = len(os.sched_getaffinity(0))
    print(f"{options.runs} runs each ({options.all_runs} of the whole rootfs), interleaved, warm, {cpus} CPUs, Linux {os.uname().release}; "
          "peak memory is the largest process of a run")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
            file.write("\n")
    return 0


def one_program(launcher, floor, binary, libtree, root, program, scratch, runs):
    """One program against a rootfs."""
    if not os.path.isfile(root + program):
        print(f"skipped: {program} is not in {root}\n")
        return None
    paths = traced(root, program)
    listed = f"{scratch}/list"
    with open(listed, "wb") as file:
        file.write(b"".join(path + b"\0" for path in [os.fsencode(program), *paths]))
    tools = []
    if binary:
        tools.append(Tool("imgldd", f"`imgldd --root DIR {program}`", None, [binary, "--root", root, program]))
    if libtree:
        # Without -v it leaves out libc, libm, libstdc++ and a few more; with one it names them, and with two it
        # resolves what they need as well. That is the work of the others here: each library once.
        tools.append(Tool("libtree -vv", f"`libtree -vv {program}`, in a chroot", root, [libtree, "-vv", program]))
        tools.append(Tool("libtree", f"`libtree {program}`, in a chroot; leaves out libc, libstdc++ …", root, [libtree, program]))
    if os.path.exists(f"{root}/usr/bin/ldd") and os.path.exists(f"{root}/bin/bash"):
        tools.append(Tool("ldd", f"`ldd {program}`, in a chroot; runs the loader", root, ["/bin/bash", "/usr/bin/ldd", program]))
    if shutil.which("lddtree"):
        python = shutil.which("python3", path="/usr/bin") or shutil.which("python3")
        tools.append(Tool("lddtree", f"`lddtree --root DIR {program}`", None, [python, shutil.which("lddtree"), "--root", root, program]))
    tools.append(Tool("floor", "openat2, fstat, two reads of each file that the loader takes", None, [floor, "files", root, listed]))
    costs, calls = measure(launcher, tools, runs, scratch)
    return print_table(f"{os.path.basename(program)}, {len(paths)} libraries", "libtree -vv", tools, costs, calls)


def diagnosis(launcher, example, root, program, runs, scratch):
    """The same program, resolved alone and with everything that is looked up and said about it."""
    tools = [Tool("resolved", "execve, loader, libraries and their versions", None, [example, root, program, "alone"]),
             Tool("diagnosed", "the same, and the findings", None, [example, root, program])]
    costs, calls = measure(launcher, tools, runs, scratch)
    return print_table(f"{os.path.basename(program)}, what diagnosis costs", "resolved", tools, costs, calls)


def whole(launcher, floor, binary, root, runs, scratch):
    """Every file of a rootfs."""
    count = 0
    objects = 0
    for here, folders, files in os.walk(root):
        for name in files:
            full = os.path.join(here, name)
            if not os.path.islink(full) and os.path.isfile(full):
                count += 1
                objects += support.read_elf(full) is not None
    tools = []
    if binary:
        tools.append(Tool("imgldd --all", "`imgldd --all --root DIR`: everything resolved", None, [binary, "--all", "--root", root]))
    if shutil.which("scanelf"):
        tools.append(Tool("scanelf", "`scanelf -R -n DIR`: names of needs, nothing resolved", None, [shutil.which("scanelf"), "-R", "-n", root]))
    tools.append(Tool("floor", "walk, 64 bytes of each file, two more reads of an ELF file", None, [floor, "tree", root]))
    costs, calls = measure(launcher, tools, runs, scratch)
    return print_table(f"whole rootfs, {count} files, {objects} ELF", "scanelf", tools, costs, calls)


if __name__ == "__main__":
    sys.exit(main())
