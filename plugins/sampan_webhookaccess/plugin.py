"""Where sampan_webhookaccess meets the platform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sampan.contracts.access import Authenticator, Authorizer, Decision
from sampan.contracts.serving import ServerContext
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds

Version = Literal["v1", "v1beta1"]


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.webhookaccess``."""

    token_kubeconfig: str = ""
    """A kubeconfig file that names the webhook which knows tokens; relative to home. Empty: none."""
    token_version: Version = "v1"
    """Version of the TokenReview that is sent."""
    token_cache_seconds: float = 120.0
    """How long what the webhook said of a token is remembered."""
    permission_kubeconfig: str = ""
    """A kubeconfig file that names the webhook which says what callers may do; relative to home. Empty: none."""
    permission_version: Version = "v1"
    """Version of the SubjectAccessReview that is sent."""
    permission_allowed_seconds: float = 300.0
    """How long it is remembered that something is allowed."""
    permission_refused_seconds: float = 30.0
    """How long it is remembered that something is not."""
    permission_on_failure: Literal["NoOpinion", "Deny"] = "NoOpinion"
    """What counts where the webhook gives no usable answer: the other authorizers, or a refusal."""

    def __post_init__(self) -> None:
        bounds.require(
            self, token_cache_seconds=bounds.number(0), permission_allowed_seconds=bounds.number(0),
            permission_refused_seconds=bounds.number(0),
        )  # fmt: skip


@hookimpl
def contribute_authenticators(context: ServerContext) -> list[Authenticator]:
    settings = _settings(context)
    if not settings.token_kubeconfig:
        return []
    from sampan_webhookaccess.asking import Asking
    from sampan_webhookaccess.tokens import WebhookTokens
    from sampan_webhookclient.client import WebhookClient
    from sampan_webhookclient.kubeconfigs import ConfiguredServer

    server = ConfiguredServer(Path(context.home) / settings.token_kubeconfig)
    return [
        WebhookTokens(
            Asking(WebhookClient(), server), (context.issuer,), version=settings.token_version,
            seconds=settings.token_cache_seconds,
        )
    ]  # fmt: skip


@hookimpl
def contribute_authorizers(context: ServerContext) -> list[Authorizer]:
    settings = _settings(context)
    if not settings.permission_kubeconfig:
        return []
    from sampan_webhookaccess.asking import Asking
    from sampan_webhookaccess.permissions import WebhookPermissions
    from sampan_webhookclient.client import WebhookClient
    from sampan_webhookclient.kubeconfigs import ConfiguredServer

    server = ConfiguredServer(Path(context.home) / settings.permission_kubeconfig)
    on_failure = Decision.DENY if settings.permission_on_failure == "Deny" else Decision.NO_OPINION
    return [
        WebhookPermissions(
            Asking(WebhookClient(), server), version=settings.permission_version,
            allowed_seconds=settings.permission_allowed_seconds, refused_seconds=settings.permission_refused_seconds,
            on_failure=on_failure,
        )
    ]  # fmt: skip


def _settings(context: ServerContext) -> Settings:
    return context.settings if isinstance(context.settings, Settings) else Settings()
