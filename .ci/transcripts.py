#!/usr/bin/env python3
"""Keeps the examples in README.md and docs/ true: runs each command of a ```console block and compares what it prints.

In such a block a line `$ imgldd …` is run in the checkout, `$ echo $?` shows the exit status of the command before it, and what
follows is its output, standard output and standard error together. A line `...` stands for any number of lines.

usage: transcripts.py --imgldd PATH [--write] FILE...
       --write puts in what the commands print now; blocks with `...` are left alone
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def run(command, binary, status):
    """What `command` prints, and its exit status."""
    if command == "echo $?":
        return f"{status}\n", status
    words = shlex.split(command)
    if words[:4] == ["cargo", "run", "-q", "--"]:
        words = ["imgldd", *words[4:]]
    if words[0] != "imgldd":
        sys.exit(f"error: `{command}`: only imgldd is run here")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "IMGLDD"))}
    done = subprocess.run([binary, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          env=environment, check=False)
    return done.stdout.decode(), done.returncode


def matches(wanted, printed):
    """Whether `printed` is `wanted`, a line `...` standing for anything."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", wanted, flags=re.M)]
    return re.fullmatch("(?:.*\n)*".join(parts), printed) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--imgldd", required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    binary = os.path.realpath(options.imgldd)
    commands = wrong = 0
    for path in options.files:
        with open(path, encoding="utf-8") as file:
            text = file.read()

        def check(block):
            nonlocal commands, wrong
            status, out = 0, []
            for part in re.split(r"^(?=\$ )", block.group(1), flags=re.M):
                if not part:
                    continue
                command, _, wanted = part.partition("\n")
                printed, status = run(command[2:], binary, status)
                commands += 1
                if not matches(wanted, printed):
                    wrong += 1
                    print(f"{path}: {command}\n--- the file has\n{wanted}--- it prints\n{printed}")
                out.append(f"{command}\n{wanted if '...' in wanted.splitlines() else printed}")
            return f"```console\n{''.join(out)}```"

        written = BLOCK.sub(check, text)
        if options.write and written != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(written)
    print(f"{commands} commands in {len(options.files)} files, {wrong} differ")
    return 1 if wrong and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
