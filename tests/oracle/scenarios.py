#!/usr/bin/env python3
"""The images that people ask about, built by umoci, checked by imgldd, started by runc and crun; then mended, and again.

Each scenario is a list of layers, a configuration, and what is wrong: the stage and errno at which it fails and the code of
the finding. imgldd is asked about the OCI layout and about the archive that skopeo makes of it, and must say the same of
both; its fixes must have the line that mends the scenario; where a layer took something, the image as it was before that layer must be well. umoci unpacks the image, and both runtimes start what its configuration names: their words must be those that imgldd
said, and what a loader writes must be `outcome.message`. Each way to mend it is an image too; imgldd must then end with 0, and
both runtimes must start it.

usage: scenarios.py --imgldd PATH [--runc PATH] [--crun PATH] [--only WORD] [-v]
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time

import image_tools
import layered
import runtimes
import support
from image_tools import Form, TAG

DATA = os.path.realpath(f"{os.path.dirname(__file__)}/../../testdata")
GREET = "usr/lib/greet"


class Image:
    """Layers, each a function that changes a root, and what the configuration says."""

    def __init__(self, *layers, entry=("/app",), user=None, env=()):
        self.layers, self.entry, self.user, self.env = layers, entry, user, env


class Scenario:
    """An image that does not start, and images that do in its stead: each as one of the `fixes` says, words of which are given."""

    def __init__(self, name, image, stage, errno, code, *mended, fixes):
        self.name, self.image, self.stage, self.errno, self.code, self.mended, self.fixes = name, image, stage, errno, code, mended, fixes


# ------------------------------------------------------------------------------------------------ layers

class Parts:
    """The programs and layers that the scenarios share."""

    def __init__(self, place):
        self.shop, self.made = layered.Shop(f"{place}/shop"), f"{place}/parts"
        os.makedirs(self.made)
        self.shop.compile(f"{self.made}/dynamic", runtimes.SOURCE)
        self.shop.compile(f"{self.made}/static", runtimes.SOURCE, "-static")
        # One program under many names, as busybox is.
        many = '#include <string.h>\n' + runtimes.SOURCE.replace("main(void) {", "main(int c, char **v) { (void)c; if (strstr(v[0], \"false\")) return 1;")
        self.shop.compile(f"{self.made}/many", many)
        self.shop.compile(f"{self.made}/many-static", many, "-static")
        self.shop.library(f"{self.made}/libgreet.so.1", "libgreet.so.1", "greet")
        uses = runtimes.SOURCE.replace("int main", "int greet(void);\nint main").replace("return write", "return greet() - 1 + write")
        self.shop.compile(f"{self.made}/greeter", uses, f"{self.made}/libgreet.so.1", f"-Wl,--enable-new-dtags,-rpath,/{GREET}")

    def program(self, name, path="app", mode=0o755):
        """A layer with one program: one of ours, or one of testdata/elf."""
        source = f"{self.made}/{name}" if os.path.exists(f"{self.made}/{name}") else f"{DATA}/elf/{name}/app"

        def change(root):
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            shutil.copyfile(source, f"{root}/{path}")
            os.chmod(f"{root}/{path}", mode)
        return change

    def loader_and(self, *names, beside=None):
        """A layer with the loader where programs name it, and libraries where a loader looks, or `beside` the program."""
        def change(root):
            for path in [*names, "/lib64/ld-linux-x86-64.so.2"]:
                target = path if beside is None or path.startswith("/lib64/") else f"{beside}/{os.path.basename(path)}"
                os.makedirs(os.path.dirname(root + target), exist_ok=True)
                shutil.copy2(os.path.realpath(path), root + target)
        return change

    def listed(self, name, beside):
        """A layer with every file that ldd lists of a program, all in one directory: the loader too."""
        def change(root):
            for path in ldd(f"{DATA}/elf/{name}/app"):
                os.makedirs(root + beside, exist_ok=True)
                shutil.copy2(os.path.realpath(path), f"{root}{beside}/{os.path.basename(path)}")
        return change


def ldd(program):
    """The paths of files that ldd lists."""
    text = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True).stdout.decode()
    return [found[0] or found[1] for found in re.findall(r"=> (/\S+)|^\t(/\S+)", text, re.M)]


def tree(name):
    """A layer that is one of testdata/rootfs."""
    return lambda root: layered.run("cp", "-a", f"{DATA}/rootfs/{name}/.", f"{root}/") and None


def writes(path, content, mode=0o644):
    """A layer with one text."""
    return lambda root: layered.text(f"{root}/{path}", content, mode)


def links(path, target):
    """A layer with one link."""
    return lambda root: layered.link(f"{root}/{path}", target)


def deletes(*paths):
    """A layer that removes."""
    return lambda root: [shutil.rmtree(f"{root}/{path}") if os.path.isdir(f"{root}/{path}") else os.unlink(f"{root}/{path}") for path in paths] and None


def merged_usr(parts):
    """A small system as Debian lays out its own: everything in /usr, links where it used to be."""
    libc = os.path.realpath("/lib/x86_64-linux-gnu/libc.so.6")

    def change(root):
        for name in ("bin", "lib", "lib64"):
            os.makedirs(f"{root}/usr/{name}")
            os.symlink(f"usr/{name}", f"{root}/{name}")
        os.makedirs(f"{root}/usr/lib/x86_64-linux-gnu")
        shutil.copy2(libc, f"{root}/usr/lib/x86_64-linux-gnu/libc.so.6")
        shutil.copy2(os.path.realpath("/lib64/ld-linux-x86-64.so.2"), f"{root}/usr/lib64/ld-linux-x86-64.so.2")
        parts.program("dynamic", "usr/bin/tool")(root)
        layered.text(f"{root}/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    return change


# ------------------------------------------------------------------------------------------------ scenarios

def scenarios(parts):
    """Every scenario."""
    libc = "/lib/x86_64-linux-gnu/libc.so.6"
    app, musl, scratch, system = parts.program, tree("musl"), tree("scratch"), merged_usr(parts)
    needs = ldd(f"{DATA}/elf/cgo/app")
    libraries = [path for path in needs if "ld-linux" not in path]
    script = "#!/bin/sh\n/app\n"
    greet = app("libgreet.so.1", f"{GREET}/libgreet.so.1", 0o644)
    return [
        Scenario("Go with cgo, in an image of musl", Image(musl, app("cgo")), "exec", "ENOENT", "glibc-on-musl",
                 Image(musl, app("nocgo")), Image(scratch, parts.loader_and(*libraries), app("cgo")),
                 fixes=["CGO_ENABLED=0 go build", "-alpine", "FROM gcr.io/distroless/base-debian12"]),
        Scenario("Go with cgo, in scratch", Image(scratch, app("cgo")), "exec", "ENOENT", "dynamic-in-scratch",
                 Image(scratch, app("nocgo")), Image(app("nocgo"), user="0", env=["USER=root"]),
                 fixes=["CGO_ENABLED=0 go build", "FROM gcr.io/distroless/base-debian12"]),
        Scenario("what ldd lists, copied beside the program", Image(scratch, app("cgo", "opt/app"), parts.listed("cgo", "/opt"), entry=["/opt/app"]), "exec", "ENOENT", "dynamic-in-scratch",
                 Image(scratch, app("cgo", "opt/app"), parts.loader_and(*libraries), entry=["/opt/app"]),
                 fixes=["COPY --from=build /lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2"]),
        Scenario("the loader in its place, the libraries beside the program",
                 Image(scratch, app("cgo", "opt/app"), parts.loader_and(*libraries, beside="/opt"), entry=["/opt/app"]), "loader", None, "lib-not-on-search-path",
                 Image(scratch, app("cgo", "opt/app"), parts.loader_and(*libraries, beside="/opt"), entry=["/opt/app"], env=["LD_LIBRARY_PATH=/opt"]),
                 fixes=["ENV LD_LIBRARY_PATH=/opt"]),
        Scenario("/bin/false of a many-named program, copied into scratch", Image(app("many", "bin/false"), entry=["/bin/false"]), "exec", "ENOENT", "dynamic-in-scratch",
                 Image(app("many-static", "bin/true"), entry=["/bin/true"]),
                 fixes=["musl-gcc -static"]),
        Scenario("/bin/false, the link alone", Image(links("bin/false", "busybox"), entry=["/bin/false"]), "exec", "ENOENT", "broken-symlink",
                 Image(links("bin/true", "busybox"), app("many-static", "bin/busybox"), entry=["/bin/true"]),
                 fixes=["copy the file that the link leads to"]),
        Scenario("/bin/false, the link and what it leads to", Image(links("bin/false", "/bin/busybox"), app("many", "bin/busybox"), entry=["/bin/false"]), "exec", "ENOENT",
                 "dynamic-in-scratch", Image(links("bin/true", "/bin/busybox"), app("many", "bin/busybox"), parts.loader_and(libc), entry=["/bin/true"]),
                 fixes=["FROM gcr.io/distroless/base-debian12"]),
        Scenario("a user without /etc/passwd", Image(app("static"), user="nobody"), "runtime", None, "user-unknown",
                 Image(app("static"), user="65534"), Image(scratch, app("static"), user="nobody"),
                 fixes=["USER 65532:65532", "COPY --from=build /etc/passwd"]),
        Scenario("a program for arm64, in an image for amd64", Image(scratch, app("aarch64")), "exec", "ENOEXEC", "arch-mismatch",
                 Image(scratch, app("static")),
                 fixes=["--platform linux/amd64"]),
        Scenario("an entry script with carriage returns", Image(musl, app("nocgo"), writes("entry.sh", script.replace("\n", "\r\n"), 0o755), entry=["/entry.sh"]), "exec", "ENOENT",
                 "shebang-crlf", Image(musl, app("nocgo"), writes("entry.sh", script, 0o755), entry=["/entry.sh"]),
                 fixes=["sed -i 's/\\r$//' entry.sh"]),
        Scenario("an entry script without its shell", Image(scratch, app("nocgo"), writes("entry.sh", script, 0o755), entry=["/entry.sh"]), "exec", "ENOENT", "shebang-interp-missing",
                 Image(scratch, app("nocgo")),
                 fixes=["start a program instead of a script"]),
        Scenario("a layer that deleted /usr", Image(system, app("dynamic"), deletes("usr")), "exec", "ENOENT", "deleted-by-layer",
                 Image(system, app("dynamic")),
                 fixes=["keep it in the instruction that takes it away"]),
        Scenario("a layer that deleted /usr, and the program in it", Image(system, deletes("usr"), entry=["/usr/bin/tool"]), "exec", "ENOENT", "deleted-by-layer",
                 Image(system, entry=["/usr/bin/tool"]),
                 fixes=["keep it in the instruction that takes it away"]),
        Scenario("a library that a layer deleted", Image(system, greet, app("greeter"), deletes(f"{GREET}/libgreet.so.1")), "loader", None, "deleted-by-layer",
                 Image(system, greet, app("greeter")),
                 fixes=["keep it in the instruction that takes it away"]),
        Scenario("no program of that name", Image(system, entry=["/app"]), "exec", "ENOENT", "entrypoint-missing",
                 Image(system, app("dynamic")),
                 fixes=["correct the path"]),
        Scenario("a program that is not in PATH", Image(system, app("dynamic", "opt/bin/server"), entry=["server"]), "runtime", "ENOENT", "not-in-path",
                 Image(system, app("dynamic", "opt/bin/server"), entry=["server"], env=["PATH=/opt/bin:/bin"]),
                 fixes=["put its directory into PATH"]),
        Scenario("a program without its x bit", Image(system, app("dynamic", mode=0o644)), "exec", "EACCES", "no-exec-bit",
                 Image(system, app("dynamic")),
                 fixes=["COPY --chmod=755"]),
        Scenario("shell form, in scratch", Image(app("static"), entry=["/bin/sh", "-c", "/app"]), "exec", "ENOENT", "shell-form-no-shell",
                 Image(app("static")),
                 fixes=['ENTRYPOINT ["/app"]']),
        Scenario("a command line in one argument", Image(app("static"), entry=["/app --help"]), "exec", "ENOENT", "exec-form-malformed",
                 Image(app("static"), entry=["/app", "--help"]),
                 fixes=['ENTRYPOINT ["/app", "--help"]']),
        Scenario("a program of root's, and another user", Image(app("static", mode=0o700), user="65532"), "exec", "EACCES", "user-cannot-reach",
                 Image(app("static"), user="65532"),
                 fixes=["COPY --chmod=755"]),
        Scenario("a library that is nowhere", Image(system, app("greeter")), "loader", None, "needed-missing",
                 Image(system, greet, app("greeter")),
                 fixes=["copy it in"]),
    ]


# ------------------------------------------------------------------------------------------------ from layers to a bundle

def build(image, place):
    """The image as an OCI layout, by umoci; each change a layer."""
    maker = image_tools.Umoci(place)
    for number, change in enumerate(image.layers):
        change(maker.root)
        layered.run("umoci", "repack", "--refresh-bundle", "--image", maker.image, "--history.created_by", f"step {number + 1}", maker.bundle)
    words = [f"--config.env={variable}" for variable in image.env if variable.startswith("PATH=")] or [f"--config.env=PATH={image_tools.PATH}"]
    words += [f"--config.env={variable}" for variable in image.env if not variable.startswith("PATH=")]
    words += [f"--config.entrypoint={word}" for word in image.entry] + ([f"--config.user={image.user}"] if image.user else [])
    layered.run("umoci", "config", "--image", maker.image, "--clear=config.env", *words)
    return maker.layout


class Started:
    """An image as umoci unpacks it, and its process: what `runtimes` takes for a case."""

    def __init__(self, layout, place):
        self.folder, self.refusal = f"{place}/bundle", None
        done = subprocess.run(["umoci", "unpack", "--image", f"{layout}:{TAG}", self.folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            # umoci looks the user up as engines do, and gives up as they do.
            self.refusal = done.stderr
            return
        with open(f"{self.folder}/config.json", encoding="utf-8") as file:
            process = json.load(file)["process"]
        self.args, self.env, self.cwd = process["args"], process["env"], process["cwd"]
        user = process["user"]
        # Namespaces and mounts as few as this machine allows; the process is the image's.
        runtimes.bundle(f"{self.folder}/rootfs", self, {"user": [user["uid"], user["gid"], user.get("additionalGids", [])]})
        for name in ("proc", "dev"):
            os.makedirs(f"{self.folder}/rootfs/{name}", exist_ok=True)


# ------------------------------------------------------------------------------------------------ the comparison

def ask(binary, form):
    """imgldd's answer about what the image runs: the exit code, the report."""
    code, out, err = support.run_imgldd(binary, [*form.words, "-o", "json"])
    try:
        return code, json.loads(out)
    except ValueError:
        sys.exit(f"error: {form.name}: imgldd ended with {code}: {err.decode(errors='replace')}")


def codes(report):
    """The codes of everything that is an error."""
    findings = [finding for subject in report["subjects"] for finding in subject["findings"]] + [finding for target in report["targets"] for finding in target["findings"]]
    return sorted({finding["code"] for finding in findings if finding["severity"] == "error"})


def reports(binary, layout, place):
    """The report about the layout, the exit code, and how the archive's differs."""
    archive = f"{place}/image.tar"
    image_tools.skopeo(f"oci:{layout}:{TAG}", f"docker-archive:{archive}:localhost/{TAG}:1")
    code, report = ask(binary, Form("layout", "-i", layout))
    second, other = ask(binary, Form("archive", "-i", archive))
    one, two = ({key: value for key, value in each.items() if key != "targets"} for each in (report, other))
    return code, report, [] if (code, one) == (second, two) else [f"the archive of it: exit {second} and another report"]


def broken(scenario, code, report):
    """How imgldd's answer is not what the scenario says."""
    lines = [] if code == 1 else [f"imgldd ends with {code}, wanted is 1"]
    outcome = report["subjects"][0]["outcome"]
    found = (outcome["starts"], outcome["stage"], outcome["errno"])
    if found != (False, scenario.stage, scenario.errno):
        lines.append(f"the outcome is {found}, wanted {(False, scenario.stage, scenario.errno)}")
    if codes(report) != [scenario.code]:
        lines.append(f"the findings are {codes(report)}, wanted {scenario.code}")
    findings = [finding for subject in report["subjects"] for finding in subject["findings"] if finding["code"] == scenario.code]
    offered = [f"{fix['text']}: {fix['snippet']}" for finding in findings for fix in finding["fixes"]]
    lines += [f"no fix says `{words}`; there are {offered}" for words in scenario.fixes if not any(words in fix for fix in offered)]
    return lines


def before(binary, layout, layer):
    """How the image is not well as it was before its last layer, which deleted something."""
    code, report = ask(binary, Form("earlier", "-i", layout, "--layer", str(layer)))
    return [] if code == 0 else [f"after layer {layer}, imgldd ends with {code}: {codes(report)}"]


def really(started, report, kinds, name):
    """How the runtimes do otherwise than imgldd says; and how many were started."""
    outcome = report["subjects"][0]["outcome"]
    words = {said["by"]: said["text"] for said in outcome["as_reported"]}
    if started.refusal is not None:
        said = [text for text in words.values() if text in started.refusal]
        return ([] if said else [f"umoci refuses: {started.refusal.strip()[-300:]}; said was {words}"]), 1
    lines = []
    for runtime in kinds:
        done, messages = runtime.start(started.folder, f"{name}-{runtime.kind}")
        if outcome["starts"]:
            if done.returncode != 0 or messages:
                lines.append(f"{runtime.kind}: does not run it: {messages}; said was that it starts")
        elif outcome["stage"] == "loader":
            if "\n".join(messages) != outcome["message"] or done.returncode != outcome["exit_status"]:
                lines.append(f"{runtime.kind}: ended with {done.returncode} and {messages}; said was {outcome['exit_status']} and {outcome['message']!r}")
        else:
            texts = [text for message in messages for text in runtime.modern(message, started, f"{started.folder}/rootfs")]
            wanted = words.get(runtime.kind)
            if wanted is None or not any(text == wanted or text.endswith(f": {wanted}") for text in texts):
                lines.append(f"{runtime.kind}: says {messages}, said was {wanted!r}")
    return lines, len(kinds)


def emulated():
    """Whether this kernel starts programs for arm64 through an emulator."""
    return os.path.exists("/proc/sys/fs/binfmt_misc/qemu-aarch64")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("--imgldd", required=True)
    parser.add_argument("--runc", default=shutil.which("runc"))
    parser.add_argument("--crun", default=shutil.which("crun"))
    parser.add_argument("--only", default="", help="only scenarios whose name has this word")
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    support.need_root()
    support.need_tools("gcc", "umoci", "skopeo", "ldd")
    binary = support.need_imgldd(options.imgldd)
    if os.uname().machine != "x86_64":
        support.skip("the programs of testdata/elf are for x86-64")
    if not (options.runc and options.crun):
        support.skip("not installed: runc, crun")
    support.private_mounts()
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        support.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")
    began = time.monotonic()
    images = starts = differing = 0
    with support.scratch("imgldd-scenarios-") as scratch:
        kinds = [runtimes.Runtime("runc", options.runc, scratch), runtimes.Runtime("crun", options.crun, scratch)]
        chosen = [scenario for scenario in scenarios(Parts(scratch)) if options.only in scenario.name]
        if not chosen:
            sys.exit(f"error: no scenario has `{options.only}` in its name")
        for number, scenario in enumerate(chosen):
            for turn, image in enumerate([scenario.image, *scenario.mended]):
                place = f"{scratch}/{number}-{turn}"
                os.makedirs(place)
                layout = build(image, place)
                code, report, lines = reports(binary, layout, place)
                if turn == 0:
                    lines += broken(scenario, code, report)
                    if scenario.code == "deleted-by-layer":
                        lines += before(binary, layout, len(report["targets"][0]["layers"]) - 1)
                elif code != 0:
                    lines.append(f"mended, imgldd ends with {code}: {codes(report)}")
                if turn == 0 and scenario.errno == "ENOEXEC" and emulated():
                    print(f"{scenario.name}: not started, as this kernel has an emulator for it")
                else:
                    more, count = really(Started(layout, place), report, kinds, f"imgldd-oracle-{os.getpid()}-{number}-{turn}")
                    lines, starts = lines + more, starts + count
                images += 1
                differing += len(lines)
                if options.v or lines:
                    print(f"{scenario.name}{f', mended ({turn})' if turn else ''}: {report['summary']['verdict']} {' '.join(codes(report))}")
                for line in lines:
                    print(f"  DIFFERS {line}")
                shutil.rmtree(place)
    versions = ", ".join(f"{runtime.kind} {runtime.version}{runtime.built_with}" for runtime in kinds)
    print(f"scenarios: {len(chosen)}, {images} images, {starts} starts ({versions}): {differing} differences; {time.monotonic() - began:.0f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
