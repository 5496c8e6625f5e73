"""How a container is confined beyond users and capabilities: seccomp, AppArmor. What cannot be kept is refused.

Profiles of type Localhost are files below the node's ``seccomp`` folder. Source: KEP-135, KEP-24, the documentation on
seccomp.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_node.pod.environment import ConfigProblem
from sampan_node.volumes import beneath

UNCONFINED = "unconfined"
LARGEST = 1 << 20  # bytes of a profile
APPARMOR = Path("/sys/module/apparmor/parameters/enabled")
APPARMOR_PROFILES = Path("/sys/kernel/security/apparmor/profiles")


def profile_of(pod: Object, container: Object, field: str) -> Object:
    """The container's own seccompProfile or appArmorProfile, else the pod's; {} for none."""
    own = (container.get("securityContext") or {}).get(field)
    found: Object = own or (pod["spec"].get("securityContext") or {}).get(field) or {}
    return found


def seccomp(profile: Object, folder: Path) -> str:
    """ "" for the runtime's default, "unconfined", or the profile as JSON text. Raises ConfigProblem."""
    match profile.get("type", ""):
        case "" | "RuntimeDefault":
            return ""
        case "Unconfined":
            return UNCONFINED
        case "Localhost":
            return _local(str(profile.get("localhostProfile") or ""), folder)
        case other:
            raise ConfigProblem(f"seccomp profile of type {other!r} is not known to this node")


def _local(name: str, folder: Path) -> str:
    try:
        text = _read(folder, name)
        if not isinstance(json.loads(text), dict):
            raise ValueError("is no JSON object")
        return text.decode()
    except (OSError, ValueError) as error:
        raise ConfigProblem(f"cannot load seccomp profile {name!r}: {error}") from error


def _read(folder: Path, name: str) -> bytes:
    """A regular file below the folder. Raises OSError, ValueError."""
    with beneath.opened(folder) as top:
        found = beneath.find(top, name)
    try:
        with open(f"/proc/self/fd/{found}", "rb") as source:
            text = source.read(LARGEST + 1)
    finally:
        os.close(found)
    if len(text) > LARGEST:
        raise ValueError(f"is larger than {LARGEST} bytes")
    return text


def apparmor(profile: Object, *, enabled: Path = APPARMOR, loaded: Path = APPARMOR_PROFILES) -> str:
    """ "" for the runtime's default, "unconfined", or the profile's name. Raises ConfigProblem."""
    match profile.get("type", ""):
        case "" | "RuntimeDefault":
            return ""
        case "Unconfined":
            return UNCONFINED
        case "Localhost":
            name = str(profile.get("localhostProfile") or "")
            if not _is_on(enabled):
                raise ConfigProblem("Cannot enforce AppArmor: AppArmor is not enabled on the host")
            if name not in _names(loaded):
                raise ConfigProblem(f"Cannot enforce AppArmor: profile {name!r} is not loaded")
            return name
        case other:
            raise ConfigProblem(f"AppArmor profile of type {other!r} is not known to this node")


def _is_on(enabled: Path) -> bool:
    try:
        return enabled.read_text().startswith("Y")
    except OSError:
        return False


def _names(loaded: Path) -> set[str]:
    try:
        return {line.rpartition(" (")[0] for line in loaded.read_text().splitlines()}
    except OSError:
        return set()
