"""Where the policy meets the platform: wiring only."""

from __future__ import annotations

from dataclasses import dataclass

from allowed_registries.policy import AllowedRegistries
from sampan.contracts.admission import Admitter
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.registries``."""

    allowed: tuple[str, ...] = ("docker.io",)
    """Registries (registry.example.org) or parts of one (registry.example.org/team) that images may come from."""

    exempt: tuple[str, ...] = ("kube-system",)
    """Namespaces in which everything is allowed."""


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    return [AllowedRegistries(context.settings.allowed, context.settings.exempt)]
