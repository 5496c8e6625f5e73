"""Asking for mounters of volumes."""

from __future__ import annotations

from typing import Any

from sampan.contracts.components import Hooks
from sampan_volumes.contracts import VolumeMounter

HOOK = "contribute_volume_mounters"


def volume_mounters(hooks: Hooks | None, **facts: Any) -> dict[str, VolumeMounter]:
    """By type; none where no other plugin can be asked. ``facts`` are the hook's."""
    found: dict[str, VolumeMounter] = {}
    for contributed in hooks.ask(HOOK, **facts) if hooks is not None else ():
        for mounter in contributed.answer:
            found.setdefault(mounter.kind, mounter)
    return found
