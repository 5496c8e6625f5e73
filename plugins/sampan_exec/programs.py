"""What an image means to the exec runtime: which command, with which environment."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from sampan_runtime.contracts import ContainerSpec, RuntimeFailure

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Official images without an ENTRYPOINT: their arguments are the command. Value: the command without any.
PLAIN: Mapping[str, tuple[str, ...]] = {
    "python": ("python3",),
    "busybox": ("sh",),
    "alpine": ("sh",),
    "debian": ("sh",),
}


def base_name(image: str) -> str:
    """``python`` of registry/library/python:3.12-slim."""
    return re.split(r"[:@]", image.rsplit("/", 1)[-1])[0]


def argv(spec: ContainerSpec) -> list[str]:
    """The command to execute; raises RuntimeFailure where only the image knows it."""
    if spec.command:
        return [*spec.command, *spec.args]
    plain = PLAIN.get(base_name(spec.image))
    if plain is not None:
        return list(spec.args) or list(plain)
    raise RuntimeFailure(
        "CreateContainerError",
        f"image {spec.image} is not run: the exec runtime runs programs of the host, so the container needs a command",
    )


def environment(spec: ContainerSpec, *, hostname: str, folder: Path) -> dict[str, str]:
    """Exactly the container's, with PATH, HOME and HOSTNAME where it says nothing of them."""
    found = {"PATH": PATH, "HOME": home_of(spec.user), "HOSTNAME": hostname, **spec.env}
    if spec.tty:
        found.setdefault("TERM", "xterm")
    if base_name(spec.image) == "python":
        found["PATH"] += f":{python_folder(folder)}"
    return found


def python_folder(folder: Path) -> Path:
    """A directory in which python and python3 are the interpreter that runs sampan."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    for name in ("python", "python3"):
        if not (place / name).is_symlink():
            (place / name).symlink_to(os.path.realpath(sys.executable))
    return place


def home_of(user: str) -> str:
    import pwd

    try:
        return pwd.getpwuid(int(user.partition(":")[0] or os.geteuid())).pw_dir
    except (KeyError, ValueError):
        return "/"


def identity(spec: ContainerSpec) -> tuple[int, int] | None:
    """(uid, gid) to switch to; None to keep the agent's."""
    if not spec.user:
        return None
    user, _, group = spec.user.partition(":")
    try:
        return int(user), int(group or 0)
    except ValueError:
        raise RuntimeFailure("CreateContainerError", f"user {spec.user!r} is not numeric: uid or uid:gid") from None
