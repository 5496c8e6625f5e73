"""Where sampan_pods meets the platform."""

from __future__ import annotations

from dataclasses import dataclass

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_pods.tolerations import SECONDS


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.pods``."""

    tolerate_not_ready_seconds: int = SECONDS
    """Seconds for which new pods tolerate a node that is not ready, where they do not say it."""
    tolerate_unreachable_seconds: int = SECONDS
    """The same for a node that is silent."""
    always_pull_images: bool = False
    """Whether every image is pulled at every start, so that only who may pull an image can run it."""
    extended_resource_toleration: bool = False
    """Whether pods tolerate the taint named after a device that they ask for, such as example.com/gpu."""

    def __post_init__(self) -> None:
        bounds.require(self, tolerate_not_ready_seconds=bounds.number(0), tolerate_unreachable_seconds=bounds.number(0))


@hookimpl
def contribute_kinds(context: ServerContext) -> list[Kind]:
    from sampan_pods.kinds import kinds

    return kinds(context.options.pki)


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_pods.tolerations import DefaultTolerations

    settings: Settings = context.settings
    found: list[Admitter] = [
        DefaultTolerations(settings.tolerate_not_ready_seconds, settings.tolerate_unreachable_seconds)
    ]
    if settings.always_pull_images or settings.extended_resource_toleration:
        from sampan_pods.optional import AlwaysPullImages, AlwaysPullImagesCheck, ExtendedResourceToleration

        found += [AlwaysPullImages(), AlwaysPullImagesCheck()] if settings.always_pull_images else []
        found += [ExtendedResourceToleration()] if settings.extended_resource_toleration else []
    return found
