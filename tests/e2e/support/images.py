"""An image with Python, sampan and its libraries, made without a registry: Debian's packages, PyPI's wheels, our wheel.

The lower layer (Debian and libraries) is kept in the tests' cache folder, so that only the first run pays for it.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

from clusters import ROOT
from once import alone

IMAGE = ("sampan-e2e/sampan", "1")
BASE = "sampan-e2e/python"
WANTED = ("python3", "libstdc++6", "busybox-static")
#: Dependencies that only serve installing packages, or that a stateless Python does without.
PASSED_OVER = (
    "debconf", "cdebconf", "perl", "libperl", "dpkg", "tar", "libdb", "libgdbm", "libpam", "gcc-", "mailcap",
    "mime-support", "install-info",
)  # fmt: skip
USER = 65532  # nobody's number, as the charts set it
ENTRY = "#!/usr/bin/python3\nimport sys\nfrom sampan_operate.cli import main\nsys.exit(main())\n"
MINUTES = 5
PASSED_OVER_EXTRAS = ("all", "dev")  # all: names the others
PLANKS = ("platform", "plugins", "addons")


def sampan_image(cache: Path, work: Path, root: Path = ROOT) -> str:
    """Builds it from the tree at ``root``; answers its name with its tag. One process at a time does."""
    with alone("sampan-image"):
        return _built(cache, work, root)


def _built(cache: Path, work: Path, root: Path) -> str:
    base, name = _base(cache, work, root), ":".join(IMAGE)
    digest = _digest(root, base)
    old, _, tree = _inspect("{{.Id}} {{.Config.Labels.tree}}", name).partition(" ")
    if tree == digest:
        return name
    layer = work / "layer"
    wheel = _wheel(root, work)
    site = layer / _site()
    _pip("install", "--no-deps", "--target", str(site), str(wheel))
    shutil.rmtree(site / "bin", ignore_errors=True)
    program = layer / "usr/local/bin/sampan"
    program.parent.mkdir(parents=True)
    program.write_text(ENTRY)
    program.chmod(0o755)
    container = _run("docker", "create", base, "true").strip()
    try:
        _run("docker", "cp", f"{layer}/.", f"{container}:/")
        _run("docker", "commit", "-c", f"USER {USER}", "-c", f"LABEL tree={digest}", container, name)
    finally:
        _run("docker", "rm", container)
    if old:  # it stays where another session still has a container of it
        subprocess.run(["docker", "image", "rm", old], capture_output=True, check=False)
    return name


def _inspect(form: str, image: str) -> str:
    """Empty where there is no such image."""
    command = ["docker", "image", "inspect", "-f", form, image]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _digest(root: Path, base: str) -> str:
    """Of all that goes into the upper layer."""
    found = hashlib.sha256(base.encode() + (root / "setup.cfg").read_bytes())
    for plank in PLANKS:
        for path in sorted((root / plank).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path):
                found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _base(cache: Path, work: Path, root: Path) -> str:
    """The lower layer as an image, from the cache where it is there."""
    packages, requirements = _packages(), _requirements(root)
    digest = hashlib.sha256("\n".join([*packages, *requirements]).encode()).hexdigest()[:12]
    name, kept = f"{BASE}:{digest}", cache / f"python-{digest}.tar"
    if _inspect("{{.Id}}", name):
        return name
    if not kept.exists():
        for old in cache.glob("python-*.tar"):
            old.unlink()
        _pack(packages, requirements, work, kept)
    _run("docker", "import", "-c", "ENV PATH=/usr/local/bin:/usr/bin:/bin", str(kept), name)
    return name


def _pack(packages: list[str], requirements: list[str], work: Path, kept: Path) -> None:
    tree, debs = work / "tree", work / "debs"
    debs.mkdir()
    done = subprocess.run(
        ["apt-get", "download", "-qq", *packages], cwd=debs, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"Debian's packages cannot be had (apt-get update first?):\n{done.stderr}"
    for deb in sorted(debs.glob("*.deb")):
        _run("dpkg-deb", "-x", str(deb), str(tree))
    version = next((tree / "usr/bin").glob("python3.*")).name.removeprefix("python")
    (tree / "usr/bin/python3").unlink(missing_ok=True)
    (tree / "usr/bin/python3").symlink_to(f"python{version}")
    (tree / "bin").mkdir(exist_ok=True)
    (tree / "bin/sh").unlink(missing_ok=True)
    (tree / "bin/sh").symlink_to("busybox")
    _pip(
        "install", "--only-binary=:all:", "--python-version", version, "--implementation", "cp",
        "--target", str(tree / f"usr/local/lib/python{version}/dist-packages"), *requirements,
    )  # fmt: skip
    (tree / "etc").mkdir(exist_ok=True)
    (tree / "etc/passwd").write_text(f"root:x:0:0:root:/:/bin/sh\nsampan:x:{USER}:{USER}:sampan:/:/bin/sh\n")
    for path in ("usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(tree / path, ignore_errors=True)
    partial = kept.with_suffix(f".{os.getpid()}")
    with tarfile.open(partial, "w") as tar:
        tar.add(tree, ".", filter=_as_root)
    partial.rename(kept)


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def _packages() -> list[str]:
    """The names of what has to be laid out, dependencies too."""
    assert shutil.which("apt-get"), "these tests make an image from Debian's packages, and there is no apt-get here"
    options = [f"--no-{word}" for word in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    said = _run("apt-cache", "depends", "--recurse", *options, *WANTED)
    names = {line for line in said.splitlines() if re.match(r"[a-z0-9]", line)}
    plain = {name.partition(":")[0] for name in names}
    return sorted({*WANTED, *(name for name in plain if not name.startswith(PASSED_OVER))})


def _requirements(root: Path) -> list[str]:
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg")
    lines = parser["options"]["install_requires"].splitlines()
    for extra, named in parser["options.extras_require"].items():
        lines += named.splitlines() if extra not in PASSED_OVER_EXTRAS else []
    return sorted(line.strip() for line in lines if line.strip())


def _site() -> str:
    """Where Debian's Python looks for what Debian did not bring."""
    version = re.search(r"Depends: python(3\.\d+) ", _run("apt-cache", "show", "--no-all-versions", "python3"))
    version = version or re.search(r"Version: (3\.\d+)", _run("apt-cache", "show", "--no-all-versions", "python3"))
    assert version, "apt-cache knows no python3"
    return f"usr/local/lib/python{version[1]}/dist-packages"


def _wheel(root: Path, work: Path) -> Path:
    """Built from a copy, so that nothing is left in the tree."""
    source = work / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    for plank in PLANKS:
        shutil.copytree(root / plank, source / plank, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(work), str(source))
    return next(work.glob("sampan-*.whl"))


def _pip(*arguments: str) -> None:
    _run(sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * MINUTES, check=False)
    assert done.returncode == 0, f"{' '.join(_short(command))} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout


def _short(command: Iterable[str]) -> list[str]:
    return [word if len(word) < 60 else word[:57] + "…" for word in command][:12]
