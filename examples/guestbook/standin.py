"""A local stand-in for a Python image, for machines with Docker whose registry is out of reach.

It is made of the interpreter that runs this file: its standard library, its shared libraries and a shell where the
machine has a static one. It is tagged under a name of its own and never passed off as the image it stands for.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker

PULL_SECONDS = 20
SKIPPED = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages", "__pycache__", "lib2to3"}


def stand_in(image: str) -> str:
    """``image`` where Docker has it or can pull it, else the name of a local image made now."""
    client = docker.APIClient(version="auto", timeout=PULL_SECONDS)
    try:
        client.inspect_image(image)
    except docker.errors.ImageNotFound:
        pass
    else:
        return image
    try:
        client.pull(image)
        client.inspect_image(image)
    except (docker.errors.APIError, docker.errors.DockerException, OSError) as error:
        name = local_name()
        print(f"  image    {image} cannot be pulled ({short(error)});")
        print(f"           using {name}, made here from this machine's own Python, in its place")
        make(docker.APIClient(version="auto", timeout=300), name)
        return name
    return image


def short(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(getattr(error, "explanation", "") or error))[:90]


def local_name() -> str:
    return f"sampan-local/python:{sys.version_info.major}.{sys.version_info.minor}"


def make(client: docker.APIClient, name: str) -> None:
    try:
        client.inspect_image(name)
        return
    except docker.errors.ImageNotFound:
        pass
    repository, _, tag = name.partition(":")
    client.import_image_from_data(
        pack(), repository=repository, tag=tag,
        changes=[f"ENV PATH={Path(interpreter()).parent}:/bin:/usr/bin", f'CMD ["{interpreter()}"]'],
    )  # fmt: skip


def interpreter() -> str:
    return os.path.realpath(sys.executable)


def pack() -> bytes:
    """The whole image as one tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        taken: set[str] = set()
        for path in contents():
            add(tar, path, taken)
        folder = Path(interpreter()).parent
        for alias in ("python3", "python"):
            link(tar, str(folder / alias), interpreter(), taken)
            link(tar, f"/usr/bin/{alias}", interpreter(), taken)
        for name, mode in (
            ("tmp", 0o1777),
            ("etc", 0o755),
            ("root", 0o700),
            ("proc", 0o555),
            ("sys", 0o555),
            ("dev", 0o755),
        ):
            directory(tar, name, mode)
    return out.getvalue()


def contents() -> Iterator[str]:
    """Paths on this machine that the interpreter needs, under the same paths in the image."""
    programs = [interpreter()]
    library = Path(sysconfig.get_path("stdlib"))
    for root, folders, files in os.walk(library):
        folders[:] = [folder for folder in folders if folder not in SKIPPED and not folder.startswith("config-")]
        for file in files:
            path = os.path.join(root, file)
            yield path
            if file.endswith(".so"):
                programs.append(path)
    busybox = next((p for p in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(p)), None)
    if busybox:
        programs.append(busybox)
    yield from programs
    yield from sorted({library for program in programs for library in shared_libraries(program)})
    for path in ("/etc/ssl/certs/ca-certificates.crt", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols"):
        if os.path.exists(path):
            yield path


def shared_libraries(program: str) -> set[str]:
    result = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return set(re.findall(r"(/\S+)", result.stdout))


def add(tar: tarfile.TarFile, path: str, taken: set[str]) -> None:
    """The file under its path; links are followed, so that no chain of them is needed."""
    name = path.lstrip("/").rstrip(":")
    if name in taken or not os.path.isfile("/" + name):
        return
    taken.add(name)
    real = os.path.realpath("/" + name)
    info = tarfile.TarInfo(name)
    info.size, info.mode = os.path.getsize(real), 0o755 if os.access(real, os.X_OK) else 0o644
    with open(real, "rb") as file:
        tar.addfile(info, file)
    if name.endswith("/busybox"):
        link(tar, "/bin/sh", "/" + name, taken)


def link(tar: tarfile.TarFile, path: str, target: str, taken: set[str]) -> None:
    name = path.lstrip("/")
    if name in taken or path == target:
        return
    taken.add(name)
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


def directory(tar: tarfile.TarFile, name: str, mode: int) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, mode
    tar.addfile(info)
