"""What an administrator may change of the scheduler."""

from __future__ import annotations

from dataclasses import dataclass

from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.scheduler``."""

    names: tuple[str, ...] = ("default-scheduler",)
    """Pods with one of these as spec.schedulerName are scheduled here. Not read where ``config`` is set."""
    config: str = ""
    """A file with a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1): profiles, plugins, arguments."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            names=bounds.each(bounds.subdomain, least=1),
            config=bounds.optional(bounds.matching(r"/.*", "/etc/sampan/scheduler.yaml")),
        )
