#!/usr/bin/env python3
"""Holds everything that `imgldd --all` finds wrong in a root against that root itself: no error that is none, no idle warning.

Each error must be confirmed in a chroot: the root's own loader, told to list what a file loads, has no file for the name
that the finding is about or stops at it; what has no loader fails in execve. Warnings may have only the codes that the
table of docs/testing.md under `Without noise` argues. Notes are counted. What imgldd finds behind a file at which the
loader stops (`lib-not-elf`), as if that were mended, no loader can confirm: it is counted apart.

usage: noise.py DIR... --imgldd PATH [-v]
"""

import argparse
import collections
import json
import os
import re
import sys
import time

import support

TESTING = os.path.realpath(f"{os.path.dirname(__file__)}/../../docs/testing.md")
NOBODY = 65534


def argued():
    """The codes of warnings that docs/testing.md argues."""
    with open(TESTING, encoding="utf-8") as file:
        section = file.read().split("\n## Without noise\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| warning \| `([a-z0-9-]+)` \|", section, re.M))


def report(binary, root):
    """The subjects of a whole root."""
    level = support.host_cpu_level()
    words = ["--cpu", level] if level else []
    code, out, err = support.run_imgldd(binary, ["--root", root, "--all", *words, "-o", "json-lines"])
    records = [json.loads(line) for line in out.splitlines()]
    if code not in (0, 1) or not records:
        sys.exit(f"error: imgldd ended with {code}: {err.decode(errors='replace').strip()[:2000]}")
    return [record for record in records if record["type"] == "subject"]


def loaders(subjects):
    """The loader that most programs of a machine name, by class and machine."""
    named = collections.defaultdict(collections.Counter)
    for subject in subjects:
        elf = subject["elf"]
        if elf and elf["interpreter"] and elf["interpreter"]["status"] == "ok":
            named[elf["class"], elf["machine"]][elf["interpreter"]["path"]] += 1
    return {key: counts.most_common(1)[0][0] for key, counts in named.items()}


def confirmed(cage, subject, finding, known):
    """What the root itself says of an error: `(whether it is one, its words)`."""
    path, elf = subject["path"], subject["elf"]
    loader = None
    if elf:
        own = elf["interpreter"]
        loader = own["path"] if own and own["status"] == "ok" else known.get((elf["class"], elf["machine"]))
    if subject["outcome"]["stage"] in ("exec", "runtime") or loader is None:
        ran = cage.run([path], {"PATH": "/usr/bin:/bin"}, None, merged=True, user=NOBODY, seconds=20)
        said = f"errno {ran.errno}, status {ran.status}, signal {ran.signal}"
        return bool(ran.errno or ran.signal or ran.status in (126, 127)), said
    is_musl = "ld-musl" in loader
    env = {"PATH": "/usr/bin:/bin"} | ({} if is_musl else {"LD_TRACE_LOADED_OBJECTS": "1"})
    argv = [loader, "--list", path] if is_musl else [loader, path]
    ran = cage.run(argv, env, None, merged=True, user=NOBODY, seconds=60)
    said = ran.out.decode(errors="replace")
    name = finding["object"] or path
    # Those that list what is missing, and those that stop at it.
    lines = [line for line in said.splitlines() if name in line]
    wrong = [line for line in lines if "=> not found" in line or "rror" in line or "not found" in line]
    if ran.signal is not None:
        wrong.append(f"signal {ran.signal}")
    return bool(wrong), (wrong or lines or said.splitlines()[-1:] or ["nothing"])[0].strip()


def examine(binary, root, allowed, verbose):
    """The number of findings that should not be."""
    began = time.monotonic()
    subjects = report(binary, root)
    known = loaders(subjects)
    counts, wrong, behind = collections.Counter(), 0, 0
    with support.Cage(root) as cage:
        for subject in subjects:
            stops = any(finding["code"] == "lib-not-elf" for finding in subject["findings"])
            for finding in subject["findings"]:
                severity, code = finding["severity"], finding["code"]
                counts[severity, code] += 1
                if severity == "error":
                    fine, said = confirmed(cage, subject, finding, known)
                elif severity == "warning":
                    fine, said = code in allowed, "not argued in docs/testing.md"
                else:
                    continue
                if not fine and stops and code != "lib-not-elf":
                    behind += 1
                    continue
                wrong += not fine
                if verbose or not fine:
                    print(f"{'' if fine else 'NOISE '}{severity}[{code}] {subject['path']}: {finding['message']}\n    {said}")
    listed = ", ".join(f"{count} {severity} {code}" for (severity, code), count in sorted(counts.items())) or "nothing found"
    print(f"{os.path.basename(root)}: {len(subjects)} files: {listed}; {behind} behind what stops the loader, {wrong} that should not be; {time.monotonic() - began:.0f} s")
    return wrong


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("roots", nargs="+")
    parser.add_argument("--imgldd", required=True)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    support.need_root()
    binary = support.need_imgldd(options.imgldd)
    allowed = argued()
    return 1 if sum(examine(binary, os.path.realpath(root), allowed, options.v) for root in options.roots) else 0


if __name__ == "__main__":
    sys.exit(main())
