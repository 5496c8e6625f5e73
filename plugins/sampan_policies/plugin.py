"""Where sampan_policies meets the platform."""

from __future__ import annotations

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_policies.admission import MutatingPolicies, ValidatingPolicies
from sampan_policies.kinds import KINDS


@hookimpl
def contribute_kinds() -> list[Kind]:
    return list(KINDS)


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    return [MutatingPolicies(context.cluster), ValidatingPolicies(context.cluster)]
