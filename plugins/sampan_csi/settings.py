"""The section ``plugins.csi``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sampan_machinery import bounds


def _absolute(text: str) -> str:
    return "" if not text or (text.startswith("/") and ".." not in text.split("/")) else "must be an absolute path"


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.csi``."""

    registry: str = ""
    """Absolute path of the directory in which drivers' registrars put their sockets, as a kubelet's
    `plugins_registry`; empty: `components/csi/plugins_registry` in the home."""
    sidecar_of: tuple[str, ...] = ()
    """Names of drivers for which each node makes, removes, attaches and detaches volumes itself, in place of the
    driver's external-provisioner, external-attacher and external-resizer."""

    snapshots: bool = False
    """Bring the kinds VolumeSnapshot, VolumeSnapshotContent and VolumeSnapshotClass, their controller, and for the
    drivers of `sidecar_of` external-snapshotter's part."""

    def __post_init__(self) -> None:
        bounds.require(self, registry=_absolute, sidecar_of=bounds.each(bounds.subdomain))


def registry(settings: Settings, components: Path) -> Path:
    """The same for the node agent and the side-car: ``components`` holds the folders of both."""
    return Path(settings.registry or components / "csi" / "plugins_registry")
