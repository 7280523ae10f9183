#!/usr/bin/env python3
"""Holds imgldd against real images: one system, in every form that umoci, skopeo, buildah and podman write.

The system (`layered.py`) is unpacked by umoci and held against its own loader, as `whole_rootfs.py` does: names, paths and
order of what each program and library loads. Then every form of the image is given to `imgldd --all`, and must say for each
file what the loader said; its whole report must be that of the unpacked root, but for which layer something came from.
Asked about no file, imgldd must find what the image runs.

usage: real_images.py --imgldd PATH [--debian DIR] [--only WORD] [--jobs 2]
       (--debian: a directory that keeps Debian's two states from one run to the next)
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time

import image_tools
import layered
import support
import whole_rootfs
from image_tools import Form, TAG, skopeo, squeezed
from support import field

ENTRYPOINT = ["/opt/app/bin/hello"]
# Said of a library that a layer took; of a root without layers the other is said.
TAKEN, PLAIN = "deleted-by-layer", "needed-missing"
EVERYTHING = 10**6


# ------------------------------------------------------------------------------------------------ the forms

def by_umoci_and_skopeo(place, layout):
    """Every form that skopeo makes of umoci's layout."""
    image, out = f"oci:{layout}:{TAG}", f"{place}/forms"
    os.makedirs(out, exist_ok=True)
    yield Form("umoci, layout, gzip", "-i", layout)
    yield Form("umoci, layout, strict prefix", "-i", f"oci-dir:{layout}")

    docker = f"{out}/docker.tar"
    skopeo(image, f"docker-archive:{docker}:localhost/{TAG}:1")
    yield Form("skopeo, docker-archive", "-i", docker)
    yield Form("skopeo, docker-archive, the only word", docker)
    yield Form("skopeo, docker-archive, strict prefix, by tag", "-i", f"docker-archive:{docker}@localhost/{TAG}:1")
    yield Form("skopeo, docker-archive, on standard input", "-i", "-", source=docker)
    yield Form("skopeo, docker-archive, through a pipe", "-i", "-", source=docker, pipe=["cat"])
    yield Form("skopeo, docker-archive, verified", "-i", docker, "--verify")

    archive = f"{out}/oci.tar"
    skopeo(image, f"oci-archive:{archive}:{TAG}")
    yield Form("skopeo, oci-archive, gzip", "-i", archive)
    yield Form("skopeo, oci-archive, gzip, through a pipe", "-i", "-", source=archive, pipe=["cat"])
    for command in (["gzip", "-1"], ["zstd", "-1", "-c"]):
        for kind, path in (("docker-archive", docker), ("oci-archive", archive)):
            small = squeezed(path, *command)
            yield Form(f"skopeo, {kind}, compressed as a whole with {command[0]}", "-i", small)
            yield Form(f"skopeo, {kind}, compressed as a whole with {command[0]}, through a pipe", "-i", "-", source=small, pipe=["cat"])
            os.unlink(small)

    raw = f"{out}/raw"
    skopeo(f"docker-archive:{docker}", f"oci:{raw}:{TAG}", "--dest-oci-accept-uncompressed-layers")
    yield Form("skopeo, layout, raw layers", "-i", raw)
    late = f"{out}/docker25.tar"
    image_tools.docker25(raw, out, late)
    yield Form("docker 25, archive with both manifests", "-i", late)
    yield Form("docker 25, read as the older form", "-i", f"docker-archive:{late}")
    yield Form("docker 25, through a pipe", "-i", "-", source=late, pipe=["cat"])
    yield from rewritten(docker, out)

    for kind in ("zstd", "zstd:chunked"):
        name = kind.replace(":", "-")
        folder, packed = f"{out}/{name}", f"{out}/{name}.tar"
        skopeo("--format", "oci", "--dest-compress", "--dest-compress-format", kind, f"docker-archive:{docker}", f"oci:{folder}:{TAG}")
        yield Form(f"skopeo, layout, {kind}", "-i", folder)
        skopeo(f"oci:{folder}:{TAG}", f"oci-archive:{packed}:{TAG}")
        yield Form(f"skopeo, oci-archive, {kind}", "-i", packed)
        yield Form(f"skopeo, oci-archive, {kind}, through a pipe", "-i", "-", source=packed, pipe=["cat"])

    for kind, source in (("v2s2", f"docker-archive:{docker}"), ("oci", image)):
        folder = f"{out}/dir-{kind}"
        skopeo("--format", kind, source, f"dir:{folder}")
        yield Form(f"skopeo, dir, {kind}", "-i", folder)


def rewritten(docker, out):
    """The same archive with its members in another order: the manifest first, names that start with `./`."""
    folder, target = f"{out}/members", f"{out}/reordered.tar"
    os.makedirs(folder)
    layered.run("tar", "-C", folder, "-xf", docker)
    layered.run("tar", "-C", folder, "-cf", target, "./manifest.json", *sorted(f"./{name}" for name in os.listdir(folder) if name != "manifest.json"))
    yield Form("tar, docker-archive, manifest first, members with ./", "-i", target)
    yield Form("tar, docker-archive, manifest first, through a pipe", "-i", "-", source=target, pipe=["cat"])


def by_buildah_and_podman(place, layers):
    """buildah's chain, what podman saves of it, and a chain whose last layer `podman build` made."""
    out = f"{place}/forms"
    os.makedirs(out, exist_ok=True)
    containers = image_tools.Containers(place)
    image = containers.chain(layers, ENTRYPOINT)
    built = containers.build(f"localhost/built:{TAG}", f"localhost/chain{len(layers) - 2}:{TAG}", layers[-1], ENTRYPOINT)
    policy = ["--signature-policy", containers.policy]

    for kind, words in (("oci-archive", ":app"), ("docker-archive", f":localhost/{TAG}:1"), ("oci", ":app")):
        target = f"{out}/buildah-{kind}"
        containers.buildah("push", "--quiet", *policy, image, f"{kind}:{target}{words}")
        yield Form(f"buildah, {kind}", "-i", target)
    for source, name in ((image, "buildah"), (built, "podman build")):
        for kind in ("docker-archive", "oci-archive", "oci-dir", "docker-dir"):
            target = f"{out}/podman-{os.path.basename(source).replace(':', '-')}-{kind}"
            containers.podman("save", "--quiet", "--format", kind, "-o", target, source)
            yield Form(f"{name}, podman save, {kind}", "-i", target)
            if kind.endswith("archive"):
                yield Form(f"{name}, podman save, {kind}, through a pipe", "-i", "-", source=target, pipe=["cat"])
                small = squeezed(target, "gzip", "-1")
                yield Form(f"{name}, podman save, {kind}, gzip, through a pipe", "-i", "-", source=small, pipe=["cat"])
    yield Form("podman, its own save", "-i", f"podman:{image}", env=containers.settings)
    several = f"{out}/several.tar"
    containers.podman("save", "--quiet", "--multi-image-archive", "-o", several, f"localhost/chain0:{TAG}", image, built)
    yield Form("podman save, several images, one by its tag", "-i", f"{several}@{image}")
    yield Form("podman save, several images, another, through a pipe", "-i", f"-@{built}", source=several, pipe=["cat"])


def as_one_tar(place, root):
    """The unpacked root in a tar, as `docker export` and mmdebstrap write it."""
    packed = f"{place}/forms/root.tar"
    layered.run("tar", "-C", root, "-cf", packed, ".")
    yield Form("tar, a root", "-i", packed, is_bare=True)
    yield Form("tar, a root, strict prefix", "-i", f"layer:{packed}", is_bare=True)
    yield Form("tar, a root, through a pipe", "-i", "-", source=packed, pipe=["cat"], is_bare=True)
    small = squeezed(packed, "zstd", "-1", "-c")
    yield Form("tar, a root, zstd", "-i", small, is_bare=True)
    yield Form("tar, a root, zstd, through a pipe", "-i", "-", source=small, pipe=["cat"], is_bare=True)


# ------------------------------------------------------------------------------------------------ imgldd

def ask(binary, form, *extra, select=("--all",)):
    """The exit code, the report and stderr; of every file, unless `select` says otherwise."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LD_", "IMGLDD_"))} | form.env
    command = [binary, *form.words, *select, "-o", "json", *extra]
    source = open(form.source, "rb") if form.source else subprocess.DEVNULL
    pipe = subprocess.Popen(form.pipe, stdin=source, stdout=subprocess.PIPE) if form.pipe else None
    done = subprocess.run(command, stdin=pipe.stdout if pipe else source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, check=False, timeout=600)
    if pipe:
        pipe.stdout.close()
        pipe.wait()
    if form.source:
        source.close()
    try:
        return done.returncode, json.loads(done.stdout), done.stderr
    except ValueError:
        return done.returncode, None, done.stderr


def normal(report):
    """A report without what the form or the layers bring: `targets`, layers, and what is said of a layer that took something."""
    def walk(value):
        if isinstance(value, list):
            return [walk(each) for each in value]
        if not isinstance(value, dict):
            return value
        if {"code", "evidence", "fixes"} <= value.keys():
            return {"code": PLAIN if value["code"] == TAKEN else value["code"], "severity": value["severity"], "object": value["object"], "waived": value["waived"]}
        return {key: walk(each) for key, each in value.items() if key != "layer"}
    return {key: walk(value) for key, value in report.items() if key != "targets"}


def differences(expected, found, where, limit=5):
    """The places at which two reports differ, as lines."""
    lines = []

    def walk(one, other, path):
        if len(lines) >= limit:
            return
        if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            for key in one:
                walk(one[key], other[key], f"{path}.{key}")
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            for number, (left, right) in enumerate(zip(one, other)):
                name = left.get("path") or left.get("name") or left.get("code") if isinstance(left, dict) else None
                walk(left, right, f"{path}[{name or number}]")
        elif one != other:
            lines.append(f"    {path}: {json.dumps(one)[:300]} in {where}, here {json.dumps(other)[:300]}")

    walk(expected, found, "")
    return lines


# ------------------------------------------------------------------------------------------------ the comparison

class Reference:
    """The unpacked root: what its loader says, and what `imgldd --root` says."""

    def __init__(self, binary, root, jobs):
        self.extra = []
        questions, machine, _ = whole_rootfs.survey(root, EVERYTHING, False)
        self.questions = whole_rootfs.with_loaders(root, questions)
        if machine[1] == 62 and support.host_cpu_level():
            self.extra = ["--cpu", support.host_cpu_level()]
        options = argparse.Namespace(jobs=jobs, env={})
        self.answers, cages = whole_rootfs.trace_all(root, self.questions, None, options)
        for cage in cages:
            cage.close()
        self.report = None
        code, report, err = ask(binary, Form("root", "--root", root), *self.extra)
        if report is None:
            sys.exit(f"error: imgldd --root ended with {code}: {err.decode(errors='replace')}")
        self.code, self.normal = code, normal(report)
        self.differing = self.against_loader(report)

    def against_loader(self, report):
        """The files of which a report does not say what the loader says."""
        subjects = {os.fsdecode(field(subject, "path")): subject for subject in report["subjects"]}
        return [lines for lines in (whole_rootfs.compare(question, self.answers[question.path], subjects.get(question.path)) for question in self.questions) if lines]

    def figures(self):
        """How much there was to compare."""
        kinds = collections.Counter(question.kind for question in self.questions)
        entries = [entry for answer in self.answers.values() for entry in answer.entries or ()]
        refused = sum(answer.failure is not None for answer in self.answers.values())
        return (f"{kinds['program']} programs, {kinds['library']} libraries: {len(entries)} entries, {sum(entry.path is None for entry in entries)} not found, "
                f"{refused} refused; {len(self.normal['subjects'])} files in a report")


def examine(form, reference, binary, layers):
    """Lines that say how one form differs; none where it is equal."""
    code, report, err = ask(binary, form, *reference.extra)
    if report is None or report["errors"] or code != reference.code:
        said = err.decode(errors="replace").strip() or (report and report["errors"])
        return [f"    ended with {code}, the root with {reference.code}: {str(said)[:600]}"]
    lines = [f"    {line}" for group in reference.against_loader(report) for line in group]
    lines += differences(reference.normal, normal(report), "the root")
    if form.is_bare:
        return lines
    lines += provenance(report, layers)
    return lines + entry(form, binary, reference.extra)


def entry(form, binary, extra):
    """What the image runs, which the command line does not name."""
    code, report, _ = ask(binary, form, *extra, select=())
    told = [(subject["path"], subject["role"], subject["outcome"]["starts"], subject["verdict"]) for subject in report["subjects"]] if report else []
    wanted = [(ENTRYPOINT[0], "entrypoint", True, "ok")]
    return [] if (code, told) == (0, wanted) else [f"    without a file: exit {code}, {told}"]


def provenance(report, layers):
    """What a report must say of layers: every file comes from one; what the fourth took is said to have gone with it."""
    lines = []
    target = report["targets"][0]
    if len(target["layers"]) < len(layers):
        lines.append(f"    {len(target['layers'])} layers, {len(layers)} were made")
    numbers = range(1, len(target["layers"]) + 1)
    for subject in report["subjects"]:
        if subject["layer"] not in numbers:
            lines.append(f"    {subject['path']} comes from layer {subject['layer']}")
    taken = sorted({finding["object"] for subject in report["subjects"] for finding in subject["findings"] if finding["code"] == TAKEN})
    if taken != ["libgone.so.1", "libold.so", "libssl.so.3"]:
        lines.append(f"    said to be deleted by a layer: {taken}")
    if target["findings"]:
        lines.append(f"    findings about the image itself: {[finding['message'] for finding in target['findings']]}")
    return lines


def after_each_layer(binary, layout, layers, place, extra):
    """`--layer N` is the system after N layers: each against a root to which they were applied by hand."""
    root = f"{place}/by-hand"
    os.mkdir(root)
    for number, layer in enumerate(layers, 1):
        layered.apply(layer, root)
        code, by_hand, _ = ask(binary, Form("root", "--root", root), *extra)
        other, report, err = ask(binary, Form("layer", "-i", layout, "--layer", str(number)), *extra)
        if report is None or other != code:
            yield number, [f"    ended with {other}, the root with {code}: {err.decode(errors='replace')[:600]}"]
        else:
            yield number, differences(normal(by_hand), normal(report), "the root")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--imgldd", required=True, help="the binary under test")
    parser.add_argument("--debian", help="keep Debian's two states in this directory, or take them from there")
    parser.add_argument("--only", default="", help="only forms whose name has this word")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    support.need_root()
    support.need_tools(*image_tools.TOOLS)
    binary = support.need_imgldd(options.imgldd)
    support.private_mounts()
    began = time.monotonic()
    with support.scratch("real-images.") as place:
        layers = layered.layers(options.debian or f"{place}/debian", place)
        chain = image_tools.Umoci(place)
        for layer in layers:
            chain.layer(layer)
        chain.configure(ENTRYPOINT)
        root = image_tools.unpack(chain.layout, f"{place}/reference")
        support.mount(root, root, None, support.MS_BIND)
        support.mount("none", root, None, support.MS_BIND | support.MS_REMOUNT | support.MS_NOSUID)
        reference = Reference(binary, root, options.jobs)
        for lines in reference.differing[:10]:
            print("\n".join(lines))
        print(f"unpacked by umoci: {reference.figures()}: {len(reference.differing)} differences")
        compared, differing = 0, len(reference.differing)
        for number, lines in after_each_layer(binary, chain.layout, layers, place, reference.extra):
            differing += bool(lines)
            print(f"--layer {number} beside a root made by hand: {'DIFFERS' if lines else 'equal'}", *lines, sep="\n")
        for forms in (by_umoci_and_skopeo(place, chain.layout), as_one_tar(place, root), by_buildah_and_podman(place, layers)):
            for form in forms:
                if options.only not in form.name:
                    continue
                lines = examine(form, reference, binary, layers)
                compared += 1
                differing += bool(lines)
                print(f"{form.name}: {'DIFFERS' if lines else 'equal'}", flush=True)
                print("".join(f"{line}\n" for line in lines[:12]), end="", flush=True)
    if not compared:
        sys.exit(f"error: no form has `{options.only}` in its name")
    print(f"real images: {compared} forms of one image, {compared * len(reference.questions)} files against their loader: {differing} differences; {time.monotonic() - began:.0f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
