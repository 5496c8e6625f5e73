"""Where sampan_pods meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_pods.kinds import kinds
from sampan_pods.tolerations import DefaultTolerations


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
    return kinds(context.options.pki)


@hookimpl
def contribute_admitters() -> list[Admitter]:
    return [DefaultTolerations()]
