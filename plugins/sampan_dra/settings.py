"""The section ``plugins.dra``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sampan_machinery import bounds


def _absolute(text: str) -> str:
    return "" if not text or (text.startswith("/") and ".." not in text.split("/")) else "must be an absolute path"


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.dra``."""

    registry: str = ""
    """Absolute path of the directory in which drivers of devices put their registrars' sockets, as a kubelet's
    `plugins_registry`; empty: `components/csi/plugins_registry` in the home, the one of CSI drivers."""

    def __post_init__(self) -> None:
        bounds.require(self, registry=_absolute)


def registry(settings: Settings, components: Path) -> Path:
    """``components`` holds the folders of the components."""
    return Path(settings.registry or components / "csi" / "plugins_registry")
