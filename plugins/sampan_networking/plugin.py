"""Where sampan_networking meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.hookspecs import hookimpl
from sampan_networking import kinds
from sampan_networking.admission import DefaultIngressClass, PolicyWarning


@hookimpl
def contribute_kinds() -> list[Kind]:
    return kinds.ALL


@hookimpl
def contribute_admitters() -> list[Admitter]:
    return [DefaultIngressClass(), PolicyWarning()]
