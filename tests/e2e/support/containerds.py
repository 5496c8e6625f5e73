"""A containerd of a test's own: with a network namespace, root, state, socket and images of its own.

Needs root, and Debian's containerd, runc and containernetworking-plugins. Never touches another containerd.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from spaces import run

from sampan_docker import pause

PATIENCE = 180.0
PLUGINS = ("/usr/lib/cni", "/opt/cni/bin")
PAUSE, BUSYBOX = "registry.test/pause:1", "docker.io/library/busybox:1"
UNUSED = (
    "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
)  # fmt: skip


def plugins() -> str:
    """The folder with the CNI plugins."""
    found = next((folder for folder in PLUGINS if os.path.exists(f"{folder}/bridge")), "")
    assert found, "no CNI plugins; tools/install-test-needs installs Debian's containernetworking-plugins"
    return found


class Containerd:
    """``folder`` has to be short: the paths of sockets are."""

    def __init__(self, folder: Path, space: str) -> None:
        for program in ("containerd", "ctr", "runc"):
            path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
            assert shutil.which(program, path=path), f"no {program}; tools/install-test-needs installs it"
        self.folder, self.space = folder, space
        self.socket, self.conf = folder / "c.sock", folder / "net.d"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def registries(self) -> Path:
        """Folder with a hosts.toml for each registry, read with each pull."""
        return self.folder / "certs.d"

    def configure(self) -> None:
        self.conf.mkdir(parents=True, exist_ok=True)
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        (self.folder / "config.toml").write_text(
            f"""version = 2
root = "{self.folder}/root"
state = "{self.folder}/state"
disabled_plugins = {json.dumps(UNUSED)}
[grpc]
address = "{self.socket}"
[{cri}]
sandbox_image = "{PAUSE}"
netns_mounts_under_state_dir = true
restrict_oom_score_adj = true
[{cri}.cni]
bin_dir = "{plugins()}"
conf_dir = "{self.conf}"
[{cri}.containerd]
snapshotter = "overlayfs"
[{cri}.registry]
config_path = "{self.registries}"
"""
        )

    def start(self) -> None:
        """Runs, and answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.space}", "containerd", "--config", self.folder / "config.toml"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.said()[-3000:]
            time.sleep(0.05)

    def _answers(self) -> bool:
        return subprocess.run(self.command("version"), capture_output=True, check=False).returncode == 0

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Containers run on."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def ctr(self, *words: str, input: bytes | None = None) -> str:
        done = subprocess.run(self.command(*words), input=input, capture_output=True, check=False, timeout=240)
        assert done.returncode == 0, f"ctr {' '.join(words)}: {done.stderr.decode()}"
        return done.stdout.decode()

    def command(self, *words: str) -> list[str]:
        """Of ctr, with its arguments."""
        return ["ctr", "-a", str(self.socket), "--connect-timeout", "20s", "-n", "k8s.io", *words]

    def load(self, archive: bytes) -> None:
        self.ctr("images", "import", "-", input=archive)

    def remove(self) -> None:
        """Stop it with all that runs in it, and take back mounts and shims that are left."""
        if self.process is not None and self.process.poll() is None:
            for task in self.ctr("tasks", "ls", "-q").split():
                subprocess.run(self.command("tasks", "delete", "-f", task), capture_output=True, check=False)
        self.stop()
        for pid in self.shims():
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGKILL)
        for mount in sorted(self.mounts(), reverse=True):
            subprocess.run(["umount", "-l", mount], capture_output=True, check=False)

    def shims(self) -> list[int]:
        """Processes of this containerd's containers' shims."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"containerd-shim" in words[0] and str(self.socket).encode() in words:
                found.append(int(path.parent.name))
        return found

    def mounts(self) -> list[str]:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        return [line.split()[4] for line in lines if line.split()[4].startswith(f"{self.folder}/")]


def archive(reference: str, tree: bytes, config: Mapping[str, object]) -> bytes:
    """An image of one layer, as ``docker save`` writes it; ``tree`` is a tar of its files."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    digest = f"sha256:{hashlib.sha256(tree).hexdigest()}"
    about = {
        "architecture": machine, "os": "linux", "config": config, "rootfs": {"type": "layers", "diff_ids": [digest]},
    }  # fmt: skip
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    files = {
        "layer.tar": tree,
        "config.json": json.dumps(about).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    return tarred(files, {})


def tarred(files: Mapping[str, bytes], links: Mapping[str, str], folders: Sequence[str] = ()) -> bytes:
    """A tar of programs, symbolic links and world-writable folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            tar.addfile(entry, io.BytesIO(data))
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return buffer.getvalue()


def pause_image() -> bytes:
    return archive(PAUSE, tarred({"pause": pause.program(platform.machine())}, {}), {"Entrypoint": ["/pause"]})


def busybox_image(reference: str = BUSYBOX) -> bytes:
    """Out of this machine's static busybox."""
    path = next((one for one in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(one)), "")
    assert path, "these tests need a static busybox (Debian: apt-get install busybox-static)"
    names = subprocess.run([path, "--list"], capture_output=True, text=True, check=True).stdout.split()
    tree = tarred(
        {
            "bin/busybox": Path(path).read_bytes(), "etc/passwd": b"root:x:0:0:root:/:/bin/sh\nnobody:x:99:99::/:\n",
            "etc/group": b"root:x:0:\n",
        },
        {f"bin/{name}": "busybox" for name in names if name != "busybox"}, ("tmp", "usr"),
    )  # fmt: skip
    return archive(reference, tree, {"Cmd": ["sh"], "Env": ["PATH=/bin"]})


@contextmanager
def containerd() -> Iterator[Containerd]:
    """One that runs and has both images, with nothing left behind afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="scd"))
    space = f"scd-{os.urandom(4).hex()}"
    found = Containerd(folder, space)
    run("ip", "netns", "add", space)
    try:
        run("ip", "-n", space, "link", "set", "lo", "up")
        found.configure()
        found.start()
        found.load(pause_image())
        found.load(busybox_image())
        yield found
    finally:
        found.remove()
        run("ip", "netns", "del", space)
        shutil.rmtree(folder, ignore_errors=True)
    deadline = time.monotonic() + PATIENCE
    while left := [*found.mounts(), *map(str, found.shims())]:  # a killed process ends a moment later
        assert time.monotonic() < deadline, f"left behind by the test's containerd: {left}"
        time.sleep(0.05)
