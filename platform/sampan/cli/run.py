"""`sampan run NAME`: one component alone, in the foreground, as a client of an API server."""

from __future__ import annotations

import shutil

import click

from sampan.cli.logging_setup import set_up
from sampan.errors import ConfigError
from sampan.plugins import suggest
from sampan.settings import Where, load


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--kubeconfig", default="", metavar="FILE", help="Identity and server; default: the component's own in home."
)
@click.pass_obj
def command(where: Where, names: tuple[str, ...], kubeconfig: str) -> None:
    """Run one component alone (reconciler, scheduler, node, proxy, an add-on …), as a client of an API server."""
    from sampan.options import cluster_options
    from sampan.supervisor import cluster
    from sampan.supervisor.components import run_components

    set_up()
    settings = load(**where)
    plugins = cluster.load_plugins(settings)
    known = {component.name: component for component in cluster.all_components(plugins, settings)}
    for name in names:
        if name not in known:
            raise ConfigError(f"no component is called {name!r}{suggest(name, known)}; there are {', '.join(known)}")
        if kubeconfig:
            folder = settings.home / "kubeconfigs"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(kubeconfig, folder / name)
    run_components([known[name] for name in names], plugins, settings.home, cluster_options(settings))
