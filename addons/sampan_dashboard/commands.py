"""`sampan dashboard`: a one-time sign-in link for the kubeconfig's user, and the browser that opens it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import webbrowser
from pathlib import Path
from typing import Any

import click

from sampan.contracts.commands import Place
from sampan.contracts.components import Hooks
from sampan.errors import ConfigError
from sampan_client.kubeconfig import Config, load
from sampan_dashboard import connecting
from sampan_dashboard.component import SOCKET
from sampan_dashboard.signin import LINK_PATH

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@click.command()
@click.option("--kubeconfig", default="", metavar="FILE", help="Whose dashboard; default: $KUBECONFIG, else home's.")
@click.option("--port", default=0, help="Port of a dashboard that this command serves itself; default: a free one.")
@click.option("--no-open", is_flag=True, help="Print the link, and open no browser.")
@click.pass_obj
def dashboard(place: Place, kubeconfig: str, port: int, no_open: bool) -> None:
    """Open the dashboard, signed in as the kubeconfig's user.

    Where the add-on runs in this home, the link leads to it. Elsewhere this command serves the dashboard itself, on
    loopback, until it is interrupted; any Kubernetes will do.
    """
    config = load(kubeconfig or place.kubeconfig)
    path = Path(place.home) / "components" / "dashboard" / SOCKET
    own = not kubeconfig or Path(kubeconfig).resolve() == (Path(place.home) / "kubeconfig").resolve()
    link = handed_over(path, config) if own and path.exists() else ""
    if link:
        _show(link, no_open)
    else:
        serve(config, port, no_open, place.hooks)


def handed_over(path: Path, config: Config) -> str:
    """The link that the running add-on gives for these credentials; "" where none answers."""
    connection = UnixConnection(str(path))
    try:
        body = json.dumps(connecting.to_wire(config)).encode()
        connection.request("POST", LINK_PATH, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found: Any = json.loads(answer.read())
    except (OSError, ValueError):
        return ""
    finally:
        connection.close()
    if answer.status != 200:
        raise ConfigError(str(found.get("message") or "the dashboard refuses"))
    return str(found["link"])


def serve(config: Config, port: int, no_open: bool, hooks: Hooks | None = None) -> None:
    """The dashboard in this process, for one user, until SIGINT."""
    from sampan_dashboard.accounts import Account
    from sampan_dashboard.app import new_app
    from sampan_dashboard.contributions import Contributions
    from sampan_dashboard.serving import PageServer
    from sampan_dashboard.sessions import Sessions

    account = connecting.by_config(config)
    sessions: Sessions[Account] = Sessions()
    app = new_app(connecting.Place.of(config), sessions, links=lambda: "", added=Contributions.ask(hooks))
    server = PageServer(app, "127.0.0.1", port)
    server.start()
    try:
        code = sessions.link(lambda: account)
        _show(f"http://127.0.0.1:{server.port}/signin/{code}", no_open)
        click.echo(f"serving the dashboard as {account.who.name}; Ctrl-C ends it")
        _wait()
    finally:
        server.stop()
        sessions.close()
        account.close()


def _wait() -> None:
    import signal
    import threading

    done = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *rest: done.set())
    done.wait()


def _show(link: str, no_open: bool) -> None:
    click.echo(link)
    if not no_open and any(os.environ.get(name) for name in DISPLAYS):
        webbrowser.open(link)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
