#!/usr/bin/env python3
"""Times imgldd on images beside their floors and peers. It measures and prints; it never asserts.

One root becomes one gzip layer, two gzip layers of about the same size, one zstd layer and one raw tar; each compressed
layer lies in an OCI layout, so that its blob is verified. The floors, measured in the same interleaved run: inflating
and hashing the same blobs at once (`examples/floor.rs`), and one pread for each header of the raw tar (`walk_tar.c`).
Peers: `gzip -dc`, `zstd -dc`, and unpacking with umoci followed by lddtree.

usage: images.py ROOT --imgldd PATH --floor PATH [--program /bin/ls] [--runs 9] [--work DIR]
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench import Tool, compile_c, measure  # noqa: E402 (the path is set above)


def run(line):
    subprocess.run(line, shell=True, check=True)


def put(layout, path):
    """A file as a blob of a layout; its descriptor."""
    digest = hashlib.sha256()
    with open(path, "rb") as blob:
        while chunk := blob.read(1 << 20):
            digest.update(chunk)
    size = os.path.getsize(path)
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    os.replace(path, f"{layout}/blobs/sha256/{digest.hexdigest()}")
    return {"digest": f"sha256:{digest.hexdigest()}", "size": size}


def put_json(layout, value):
    path = f"{layout}/json"
    with open(path, "w", encoding="utf-8") as out:
        json.dump(value, out)
    return put(layout, path)


def diff_id(path, decoder):
    return "sha256:" + subprocess.run(f"{decoder} {path} | sha256sum", shell=True, check=True, stdout=subprocess.PIPE).stdout.split()[0].decode()


def layout(work, name, layers, decoder, media):
    """An OCI layout of these compressed layers; returns it and the paths of its blobs."""
    made = f"{work}/{name}"
    os.makedirs(made)
    diff_ids = [diff_id(layer, decoder) for layer in layers]
    descriptors = [{"mediaType": media, **put(made, layer)} for layer in layers]
    config = put_json(made, {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    manifest = put_json(made, {"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config}, "layers": descriptors})
    with open(f"{made}/index.json", "w", encoding="utf-8") as out:
        manifest = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **manifest, "annotations": {"org.opencontainers.image.ref.name": "latest"}}
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, out)
    with open(f"{made}/oci-layout", "w", encoding="utf-8") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')
    return made, [f"{made}/blobs/sha256/{layer['digest'][7:]}" for layer in descriptors]


def halves(root):
    """The root's top directories and those of /usr, split into two lists of about the same size."""
    parts = []
    for top in sorted(os.listdir(root)):
        below = f"{root}/{top}"
        if top == "usr" and os.path.isdir(below):
            parts += [f"usr/{name}" for name in sorted(os.listdir(below)) if name != "lib"]
            parts += [f"usr/lib/{name}" for name in sorted(os.listdir(f"{below}/lib"))]
        else:
            parts.append(top)
    sizes = subprocess.run(["du", "-sk", "--", *parts], cwd=root, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    sizes = sorted(((int(line.split("\t")[0]), line.split("\t", 1)[1]) for line in sizes), reverse=True)
    lists = [[0, []], [0, []]]
    for size, name in sizes:
        lists.sort(key=lambda one: one[0])
        lists[0][0] += size
        lists[0][1].append(name)
    return lists[0][1], lists[1][1]


def row(tool, costs, floor):
    median = statistics.median(each.seconds for each in costs)
    best = min(each.seconds for each in costs)
    cpu = statistics.median(each.cpu for each in costs)
    peak = max(each.peak for each in costs) / 1024
    ratio, best_ratio = median / statistics.median(each.seconds for each in floor), best / min(each.seconds for each in floor)
    return f"| {tool.name} | {median * 1000:.0f} ms | {best * 1000:.0f} ms | {ratio:.2f} | {best_ratio:.2f} | {cpu:.3f} s | {peak:.1f} MB |"


def table(title, tools, launcher, runs, work):
    costs, _ = measure(launcher, tools, runs, work)
    print(f"\n### {title}\n\n| tool | median | best | ratio to floor | ratio of bests | CPU, median | peak memory |\n|---|---|---|---|---|---|---|")
    for tool in tools:
        print(row(tool, costs[tool.name], costs["floor"]))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("--imgldd", required=True)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--program", default="/bin/ls")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--work")
    options = parser.parse_args()
    imgldd, floor = os.path.abspath(options.imgldd), os.path.abspath(options.floor)
    root = os.path.abspath(options.root)
    for tool in ("tar", "gzip", "zstd", "cc"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return
    work = tempfile.mkdtemp(prefix="images-", dir=options.work)
    try:
        launcher, walker = compile_c("launch", work), compile_c("walk_tar", work)
        raw = f"{work}/raw.tar"
        run(f"tar -C {root} --numeric-owner --one-file-system -cf {raw} .")
        entries = int(subprocess.run([walker, raw], stdout=subprocess.PIPE, check=True).stdout)
        print(f"{os.path.getsize(raw) / 1e6:.0f} MB, {entries} headers, {os.cpu_count()} cores")

        def imgldd_tool(*reference):
            return Tool("imgldd", "", None, [imgldd, "-q", "-i", *reference, options.program])

        def cases():
            run(f"gzip -6 -c {raw} > {work}/one.gz")
            made, blobs = layout(work, "gzip", [f"{work}/one.gz"], "gzip -dc", "application/vnd.oci.image.layer.v1.tar+gzip")
            peers = [Tool("gzip -dc", "", None, [shutil.which("gzip"), "-dc", blobs[0]])]
            if shutil.which("umoci") and shutil.which("lddtree"):
                unpacked = f"{work}/bundle"
                line = f"rm -rf {unpacked}; umoci unpack --image {made}:latest {unpacked} && lddtree --root {unpacked}/rootfs {unpacked}/rootfs{options.program}"
                peers.append(Tool("umoci unpack, lddtree", "", None, ["/bin/sh", "-c", line]))
            yield "one gzip layer", [Tool("floor", "", None, [floor, *blobs]), imgldd_tool(f"oci-dir:{made}"), *peers]
            for number, names in enumerate(halves(root)):
                with open(f"{work}/names", "w", encoding="utf-8") as out:
                    out.write("\n".join(names))
                run(f"tar -C {root} --numeric-owner --one-file-system -c -T {work}/names | gzip -6 > {work}/half{number}.gz")
            made, blobs = layout(work, "two", [f"{work}/half0.gz", f"{work}/half1.gz"], "gzip -dc", "application/vnd.oci.image.layer.v1.tar+gzip")
            yield "two gzip layers", [Tool("floor", "", None, [floor, *blobs]), imgldd_tool(f"oci-dir:{made}")]
            run(f"zstd -q -3 -c {raw} > {work}/one.zst")
            made, blobs = layout(work, "zstd", [f"{work}/one.zst"], "zstd -dc", "application/vnd.oci.image.layer.v1.tar+zstd")
            peers = [Tool("zstd -dc", "", None, [shutil.which("zstd"), "-q", "-dc", blobs[0]])]
            yield "one zstd layer", [Tool("floor", "", None, [floor, *blobs]), imgldd_tool(f"oci-dir:{made}"), *peers]
            yield "raw tar, not verified", [Tool("floor", "", None, [walker, raw]), imgldd_tool(f"layer:{raw}")]

        for title, tools in cases():
            table(title, tools, launcher, options.runs, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
