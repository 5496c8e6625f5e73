"""Where sampan_podsecurity meets the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sampan.contracts.admission import Admitter
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds
from sampan_podsecurity.policy import Policy, Standard, minor_of

Level = Literal["privileged", "baseline", "restricted"]
_VERSION = bounds.matching(r"latest|v1\.(0|[1-9][0-9]{0,5})", "latest or v1.36")


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.podsecurity``."""

    enforce: Level = "privileged"
    """The level that pods of a namespace without a label must keep to."""
    enforce_version: str = "latest"
    """The version of that level: latest, or v1.x."""
    audit: Level = "privileged"
    """The level whose violations are told to the audit log, where no label says one."""
    audit_version: str = "latest"
    """The version of that level."""
    warn: Level = "privileged"
    """The level whose violations the client is warned of, where no label says one."""
    warn_version: str = "latest"
    """The version of that level."""
    exempt_namespaces: tuple[str, ...] = ()
    """Namespaces whose pods are not looked at."""
    exempt_users: tuple[str, ...] = ()
    """Users whose pods are not looked at. With a controller among them, all are exempt who can create a Deployment."""
    exempt_runtime_classes: tuple[str, ...] = ()
    """RuntimeClasses whose pods are not looked at."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            enforce_version=_VERSION,
            audit_version=_VERSION,
            warn_version=_VERSION,
            exempt_namespaces=bounds.each(bounds.subdomain),
            exempt_users=bounds.each(bounds.not_empty),
            exempt_runtime_classes=bounds.each(bounds.subdomain),
        )

    def policy(self) -> Policy:
        pairs = ((self.enforce, self.enforce_version), (self.audit, self.audit_version), (self.warn, self.warn_version))
        return Policy(*(Standard(level, minor_of(version) or 0) for level, version in pairs))


@hookimpl
def contribute_admitters(context: ServerContext) -> list[Admitter]:
    from sampan_podsecurity.admission import (
        Exemptions,
        PodSecurity,
        PodSecurityLabels,
        PodSecurityOfExistingPods,
        PodSecurityTemplates,
        Policies,
    )

    settings: Settings = context.settings
    defaults = settings.policy()
    exempt = Exemptions(settings.exempt_namespaces, settings.exempt_users, settings.exempt_runtime_classes)
    policies = Policies(defaults)
    return [
        PodSecurity(policies, exempt),
        PodSecurityTemplates(policies, exempt),
        PodSecurityLabels(defaults, exempt),
        PodSecurityOfExistingPods(defaults, exempt),
    ]
