"""The add-on as a component: serves the pages until it is stopped. Connects its parts."""

from __future__ import annotations

import ipaddress
import os
from typing import Any

from sampan.contracts.components import Running
from sampan.errors import ConfigError
from sampan_dashboard.accounts import Account
from sampan_dashboard.app import new_app
from sampan_dashboard.connecting import Place
from sampan_dashboard.contributions import Contributions
from sampan_dashboard.oidc import flow_of
from sampan_dashboard.operating import Operator
from sampan_dashboard.sealed import SealedSessions
from sampan_dashboard.sealing import sealer_of
from sampan_dashboard.serving import PageServer, tls
from sampan_dashboard.sessions import Sessions, Times

SOCKET = "signin.sock"  # in the component's home; the command hands credentials over by it


def run(running: Running) -> None:
    """Until stopped. The component's own identity is used for nothing: it has no role."""
    settings: Any = running.settings
    check(settings)
    place, sealer = Place.of_running(running), sealer_of(settings.session_key_file)
    flow = flow_of(settings, sealer)
    times = Times(settings.session_hours * 3600, settings.idle_minutes * 60)
    sessions = SealedSessions(sealer, place, flow, times=times) if sealer else Sessions[Account](times)
    scheme = "https" if settings.certificate else "http"
    app = new_app(
        place, sessions, links=lambda: address, added=Contributions.ask(running.hooks), operator=operator_of(running),
        flow=flow,
    )  # fmt: skip
    server = PageServer(
        app, settings.address, settings.port, unix=os.path.join(running.home, SOCKET),
        context=tls(settings.certificate, settings.key) if settings.certificate else None,
    )  # fmt: skip
    address = settings.url.rstrip("/") or f"{scheme}://{shown(settings.address)}:{server.port}"
    server.start()
    try:
        running.ready(f"the dashboard is at {address}; `sampan dashboard` opens it, signed in")
        running.stop.wait()
    finally:
        server.stop()
        sessions.close()


def operator_of(running: Running) -> Operator | None:
    """Only under `sampan up`, and not where the home is that of a node which has joined another machine's cluster."""
    options = running.options
    return Operator(options.home) if options.pki and not options.joined else None


def check(settings: Any) -> None:
    """Raises ConfigError where credentials would travel unencrypted."""
    if settings.certificate or settings.plain or is_loopback(settings.address):
        return
    raise ConfigError(
        f"plugins.dashboard.address is {settings.address}, which is not loopback: set certificate and key, or plain: "
        "true where a proxy in front ends TLS"
    )


def is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def shown(address: str) -> str:
    """As in a URL; a wildcard is reached by loopback."""
    if address in ("0.0.0.0", "::"):
        address = "127.0.0.1"
    return f"[{address}]" if ":" in address else address
