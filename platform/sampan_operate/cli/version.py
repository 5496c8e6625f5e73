"""`sampan version`: the version of this program and of the running cluster."""

from __future__ import annotations

import json
import platform
from typing import Any

import click

from sampan import KUBERNETES_VERSION, __version__
from sampan.errors import StatusError
from sampan_settings.settings import Where, load


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one object.")
@click.pass_obj
def command(where: Where, output: str) -> None:
    """Show this program's version, and the Kubernetes version of the running cluster."""
    found: dict[str, Any] = {
        "sampan": __version__, "python": platform.python_version(), "kubernetes": KUBERNETES_VERSION,
        "server": _server(where),
    }  # fmt: skip
    if output == "json":
        click.echo(json.dumps(found))
        return
    for name, version in found.items():
        click.echo(f"{name:12}{version or 'does not answer'}")


def _server(where: Where) -> str | None:
    """The version of this home's cluster; None if it does not answer."""
    kubeconfig = load(**where).home / "kubeconfig"
    if not kubeconfig.exists():
        return None
    from sampan_client import Client

    try:
        answer = Client.from_kubeconfig(str(kubeconfig)).request("GET", "/version")
        return str(json.loads(answer.body)["gitVersion"])
    except (StatusError, OSError, ValueError, KeyError):
        return None
