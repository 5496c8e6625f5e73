"""Where sampan_networking meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_networking import kinds

    return kinds.ALL


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_networking.admission import DefaultIngressClass

    return [DefaultIngressClass()]
