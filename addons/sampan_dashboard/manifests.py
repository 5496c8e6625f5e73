"""What the add-on ships: nothing. Its identity has no role, because each request is made as the user who signed in."""

from __future__ import annotations

from sampan.contracts.kinds import Object
from sampan.contracts.options import ManifestOptions


def manifests(options: ManifestOptions) -> list[Object]:
    return []
