"""Images by the tools that people make them with: umoci, skopeo, buildah, podman.

Two chains of layers are built from the same states, one by umoci (which compares a tree with its own record) and one by
buildah (whose storage compares two trees); everything else is a conversion of one of the two. Nothing is pulled, nothing
runs in the images but what `podman build` is told to.
"""

import json
import os
import shutil
import tarfile

import layered
from layered import run

TOOLS = ("mmdebstrap", "gcc", "umoci", "skopeo", "buildah", "podman", "tar", "gzip", "zstd")
TAG = "app"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Form:
    """One way an image reaches imgldd: the words of the command line, what stands on standard input, if anything, and what
    the environment has besides. `is_bare`: a root in a tar, without layers or a configuration."""

    def __init__(self, name, *words, source=None, pipe=(), env=None, is_bare=False):
        self.name, self.words, self.source, self.pipe, self.env, self.is_bare = name, list(words), source, list(pipe), env or {}, is_bare


# ------------------------------------------------------------------------------------------------ umoci

class Umoci:
    """An OCI layout; each layer is what umoci finds changed in a bundle of its own."""

    def __init__(self, place):
        self.layout, self.bundle = f"{place}/umoci", f"{place}/umoci-bundle"
        self.image = f"{self.layout}:{TAG}"
        run("umoci", "init", "--layout", self.layout)
        run("umoci", "new", "--image", self.image)
        run("umoci", "unpack", "--image", self.image, self.bundle)
        self.root = f"{self.bundle}/rootfs"

    def layer(self, layer):
        """Applies a layer to the bundle and packs what changed."""
        layered.apply(layer, self.root)
        run("umoci", "repack", "--refresh-bundle", "--image", self.image, "--history.created_by", layer.name, self.bundle)

    def configure(self, entrypoint, cmd=()):
        """What is started, and how it finds it."""
        words = [word for name in entrypoint for word in ("--config.entrypoint", name)] + [word for name in cmd for word in ("--config.cmd", name)]
        run("umoci", "config", "--image", self.image, "--config.env", f"PATH={PATH}", *words)


def unpack(layout, bundle):
    """The image of a layout as umoci unpacks it; returns its root."""
    run("umoci", "unpack", "--image", f"{layout}:{TAG}", bundle)
    return f"{bundle}/rootfs"


# ------------------------------------------------------------------------------------------------ buildah and podman

class Containers:
    """A store of buildah's and podman's own, under the scratch directory and gone with it."""

    def __init__(self, place):
        self.place = f"{place}/store"
        os.makedirs(self.place, exist_ok=True)
        self.policy = f"{self.place}/policy.json"
        with open(self.policy, "w", encoding="ascii") as file:
            json.dump({"default": [{"type": "insecureAcceptAnything"}]}, file)
        self.store = ["--root", f"{self.place}/root", "--runroot", f"{self.place}/run", "--storage-driver", "vfs"]
        # For who starts podman without our options, as imgldd does.
        self.settings = {"CONTAINERS_STORAGE_CONF": f"{self.place}/storage.conf", "XDG_RUNTIME_DIR": self.place}
        layered.text(f"{self.place}/storage.conf", f'[storage]\ndriver = "vfs"\ngraphroot = "{self.place}/root"\nrunroot = "{self.place}/run"\n')
        self.env = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": self.place, "XDG_RUNTIME_DIR": self.place}

    def buildah(self, *words):
        """One command of buildah; what it writes to stdout."""
        return run("buildah", *self.store, *words, env=self.env).decode().strip()

    def podman(self, *words, source=None):
        """One command of podman."""
        return run("podman", *self.store, "--cgroup-manager", "cgroupfs", "--events-backend", "file", *words, env=self.env, source=source).decode().strip()

    def chain(self, layers, entrypoint):
        """An image of layers, each one committed on the one below; returns its name."""
        container = self.buildah("from", "scratch")
        for number, layer in enumerate(layers):
            root = self.buildah("mount", container)
            layered.apply(layer, root)
            if number + 1 == len(layers):
                self.buildah("config", "--entrypoint", json.dumps(entrypoint), "--cmd", "", "--env", f"PATH={PATH}", container)
            self.buildah("commit", "--signature-policy", self.policy, "--rm", container, f"localhost/chain{number}:{TAG}")
            if number + 1 < len(layers):
                container = self.buildah("from", "--signature-policy", self.policy, "--pull-never", f"localhost/chain{number}:{TAG}")
        return f"localhost/chain{len(layers) - 1}:{TAG}"

    def build(self, name, below, layer, entrypoint):
        """The same last layer by `podman build`, from a Dockerfile: RUN and COPY, each a layer."""
        lines = [f"FROM {below}", f"RUN rm -rf {' '.join('/' + path for path in layer.removes)}", "COPY . /"]
        lines += [f"RUN chmod {mode:o} /{path}" for path, mode in layer.modes.items()]
        lines += [f"ENTRYPOINT {json.dumps(entrypoint)}"]
        dockerfile = f"{self.place}/Dockerfile"
        layered.text(dockerfile, "\n".join(lines) + "\n")
        self.podman("build", "--isolation=chroot", "--layers", "--network=host", "--pull-never", "--signature-policy", self.policy, "-f", dockerfile, "-t", name, layer.adds)
        return name


# ------------------------------------------------------------------------------------------------ skopeo, and what needs no tool

def skopeo(*words):
    """`skopeo copy` without a policy of this machine."""
    run("skopeo", "--insecure-policy", "copy", "--quiet", *words)


def docker25(layout, place, target):
    """The archive of docker 25 and later: an OCI layout with raw layers, and the older manifest beside the index."""
    with open(f"{layout}/index.json", encoding="utf-8") as file:
        index = json.load(file)
    manifest = blob(layout, index["manifests"][0]["digest"])
    names = [f"blobs/{layer['digest'].replace(':', '/')}" for layer in manifest["layers"]]
    folder = f"{place}/docker25"
    shutil.copytree(layout, folder)
    older = [{"Config": f"blobs/{manifest['config']['digest'].replace(':', '/')}", "RepoTags": [f"localhost/{TAG}:1"], "Layers": names}]
    for name, value in (("manifest.json", older), ("repositories", {f"localhost/{TAG}": {"1": names[-1].rpartition("/")[2]}})):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            json.dump(value, file)
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(os.listdir(folder)):
            archive.add(f"{folder}/{name}", name)
    shutil.rmtree(folder)


def blob(layout, digest):
    """A JSON blob of a layout."""
    with open(f"{layout}/blobs/{digest.replace(':', '/')}", encoding="utf-8") as file:
        return json.load(file)


def squeezed(path, *command):
    """A whole archive through a compressor; its new name."""
    target = f"{path}.{os.path.basename(command[0])}"
    with open(path, "rb") as source, open(target, "wb") as file:
        file.write(run(*command, source=source))
    return target
