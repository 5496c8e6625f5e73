"""`sampan addons run`: one add-on in the foreground, on any Kubernetes, without a home of sampan."""

from __future__ import annotations

import click

from sampan_operate.cli.addons.assignments import parse
from sampan_operate.cli.logging_setup import set_up
from sampan_settings.settings import Where


@click.command("run")
@click.argument("name")
@click.option("--kubeconfig", default="", metavar="FILE", help="Server and identity; default: the pod's, else home's.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting, before those of the file.")
@click.option("--listen", default="", metavar="HOST:PORT", help="Serve /livez, /readyz and /metrics there too.")
@click.option("--manifests/--no-manifests", default=True, help="Whether to apply what the add-on ships.")
@click.pass_obj
def run_command(where: Where, name: str, kubeconfig: str, words: tuple[str, ...], listen: str, manifests: bool) -> None:
    """Run one add-on in the foreground, on any Kubernetes: by a kubeconfig, or as the pod this runs in."""
    from sampan_operate.supervisor.alone import run_alone

    set_up()
    wanted, _ = parse(words)
    run_alone(name, where, kubeconfig=kubeconfig, changes=wanted, listen=listen, manifests=manifests)
