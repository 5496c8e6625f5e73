"""`sampan run NAME`: one component alone, in the foreground, as an API client; and the commands made of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from sampan.cli.logging_setup import set_up
from sampan.errors import ConfigError
from sampan.plugins import suggest
from sampan.settings import Where, load

if TYPE_CHECKING:
    from sampan.contracts.components import Component

    #: Which components to run, of all there are, by name.
    Choice = Callable[[Mapping[str, Component]], list[Component]]

kubeconfig_option = click.option(
    "--kubeconfig", default="", metavar="FILE", help="Identity and server; default: the component's own in home."
)


@click.command()
@click.argument("names", nargs=-1, required=True)
@kubeconfig_option
@click.pass_obj
def command(where: Where, names: tuple[str, ...], kubeconfig: str) -> None:
    """Run one component alone (reconciler, scheduler, node, proxy, an add-on …), as a client of an API server."""
    run(where, named(*names), kubeconfig)


def named(*names: str) -> Choice:
    """Those components; raises ConfigError with a suggestion for one that there is not."""

    def choose(known: Mapping[str, Component]) -> list[Component]:
        for name in names:
            if name not in known:
                raise ConfigError(
                    f"no component is called {name!r}{suggest(name, known)}; there are {', '.join(known)}"
                )
        return [known[name] for name in names]

    return choose


def run(where: Where, choose: Choice, kubeconfig: str = "") -> None:
    """Run the components that are chosen from all there are, by name, until told to stop."""
    from sampan.options import cluster_options
    from sampan.supervisor import cluster
    from sampan.supervisor.components import run_components

    set_up()
    settings = load(**where)
    plugins = cluster.load_plugins(settings)
    chosen = choose({component.name: component for component in cluster.all_components(plugins, settings)})
    if kubeconfig:
        folder = settings.home / "kubeconfigs"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for component in chosen:
            shutil.copyfile(kubeconfig, folder / component.name)
    run_components(chosen, plugins, settings.home, cluster_options(settings))
