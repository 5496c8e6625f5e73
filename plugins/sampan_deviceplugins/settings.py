"""The section ``plugins.deviceplugins``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sampan_machinery import bounds


def _absolute(text: str) -> str:
    return "" if not text or (text.startswith("/") and ".." not in text.split("/")) else "must be an absolute path"


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.deviceplugins``."""

    folder: str = ""
    """Absolute path of the directory with `kubelet.sock`, at which device plugins register, and with their own sockets;
    `/var/lib/kubelet/device-plugins` where a kubelet's is wanted; empty: `device-plugins` in the node agent's
    directory."""

    def __post_init__(self) -> None:
        bounds.require(self, folder=_absolute)


def folder(settings: Settings, home: Path) -> Path:
    """``home``: the agent's directory."""
    return Path(settings.folder) if settings.folder else home / "device-plugins"
