"""Where sampan_dashboard meets the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Running
from sampan.hookspecs import hookimpl
from sampan_dashboard.manifests import manifests
from sampan_machinery import bounds

if TYPE_CHECKING:
    import click

USER = "system:sampan-dashboard"
#: What other plugins add.
HOOKS = frozenset(
    {
        "contribute_dashboard_panels",
        "contribute_dashboard_columns",
        "contribute_dashboard_pages",
        "contribute_explainers",
    }
)


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.dashboard``."""

    address: str = "127.0.0.1"
    """Address that the pages are served on; without a certificate only loopback, unless ``plain`` is set."""
    port: int = 7443
    """Port that the pages are served on; 0: a free one."""
    certificate: str = ""
    """PEM file to serve HTTPS with; empty: plain HTTP."""
    key: str = ""
    """PEM file of the certificate's key."""
    plain: bool = False
    """Serve plain HTTP on an address that is not loopback: a proxy or a port-forward in front encrypts."""
    session_hours: float = 12.0
    """After which a user must sign in again."""
    idle_minutes: float = 60.0
    """Without a request, after which a user must sign in again."""
    session_key_file: str = ""
    """File with keys of 32 characters or more, one a line, that seal sessions into cookies; empty: in memory."""
    url: str = ""
    """Address that browsers use, where a proxy stands in front; empty: the one that is served."""
    oidc_issuer: str = ""
    """Issuer of the OpenID Connect provider that the API server trusts; empty: no sign-in there."""
    oidc_client_id: str = ""
    """Name of this client at the provider, which is the audience of its tokens."""
    oidc_client_secret_file: str = ""
    """File that holds the client's secret; empty: a public client, protected by PKCE."""
    oidc_scopes: tuple[str, ...] = ("openid", "email", "profile", "offline_access")
    """What is asked for; offline_access lets a session outlive its first token."""
    oidc_ca_file: str = ""
    """File with the CA certificates (PEM) that sign the provider's; empty: the system's."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            address=bounds.host,
            port=bounds.PORT,
            session_hours=bounds.number(0.01),
            idle_minutes=bounds.number(0.1),
            url=bounds.optional(bounds.url("http", "https")),
            oidc_issuer=bounds.optional(bounds.url("http", "https")),
        )


def _run(running: Running) -> None:
    from sampan_dashboard.component import run

    run(running)


def _command() -> click.Command:
    from sampan_dashboard.commands import dashboard

    return dashboard


@hookimpl
def contribute_components() -> list[Component]:
    return [
        Component(name="dashboard", run=_run, user=USER, process="dashboard", manifests=manifests, hooks=HOOKS)
    ]  # fmt: skip


@hookimpl
def contribute_commands() -> list[Command]:
    return [
        Command(
            name="dashboard", help="Open the dashboard, signed in as the kubeconfig's user.", load=_command,
            hooks=HOOKS,
        )
    ]  # fmt: skip
