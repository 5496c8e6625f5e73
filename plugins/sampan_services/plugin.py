"""Where sampan_services meets the platform."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import Reconciler
from sampan.contracts.serving import Duty, ServerContext
from sampan.hookspecs import hookimpl


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.services``."""

    deny_external_ips: bool = False
    """Whether Services may not take external IP addresses (DenyServiceExternalIPs)."""


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_services import kinds

    return kinds.ALL


@hookimpl
def contribute_bootstrap_objects(context: ServerContext) -> list[Object]:
    from sampan_services.bootstrap import kubernetes_objects

    return kubernetes_objects(context.options)


@hookimpl
def contribute_duties(context: ServerContext) -> list[Duty]:
    from sampan_services.server_registration import ServerRegistration

    return [Duty("presence", ServerRegistration(context.cluster, context.options).run)]


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_services.advice import ServiceAdvice
    from sampan_services.allocation import Allocator
    from sampan_services.externalips import DenyServiceExternalIPs
    from sampan_services.loopback import ForbiddenAddresses

    low, _, high = context.options.node_port_range.partition("-")
    allocate = Allocator(context.options.service_cidr, (int(low), int(high)), random.SystemRandom())
    denied = [DenyServiceExternalIPs()] if context.settings.deny_external_ips else []
    return [allocate, ForbiddenAddresses(), ServiceAdvice(), *denied]


@hookimpl
def contribute_reconcilers() -> list[Reconciler]:
    from sampan_services import endpoints_objects, mirroring, slices, sweeping

    return [
        slices.RECONCILER, endpoints_objects.ENDPOINTS_RECONCILER, mirroring.RECONCILER,
        *sweeping.RECONCILERS,
    ]  # fmt: skip
