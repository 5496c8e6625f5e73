"""`sampan run NAME`: one component alone, in the foreground, as a client of an API server; and commands built on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from sampan.errors import ConfigError
from sampan_operate.cli.logging_setup import set_up
from sampan_server.plugins.plugins import suggest
from sampan_settings.settings import Where, load

if TYPE_CHECKING:
    from sampan.contracts.components import Component
    from sampan.contracts.options import ClusterOptions
    from sampan_client import Client
    from sampan_operate.supervisor.members import Member

    #: Which components to run, of all there are, by name.
    Choice = Callable[[Mapping[str, Component]], list[Component]]

kubeconfig_option = click.option(
    "--kubeconfig", default="", metavar="FILE", help="Identity and server; default: the component's own in home."
)


@click.command()
@click.argument("names", nargs=-1, required=True)
@kubeconfig_option
@click.option("--listen", default="", metavar="HOST:PORT", help="Serve /livez, /readyz and /metrics there too.")
@click.pass_obj
def command(where: Where, names: tuple[str, ...], kubeconfig: str, listen: str) -> None:
    """Run one component alone (reconciler, scheduler, node, proxy, an add-on …), as a client of an API server."""
    run(where, named(*names), kubeconfig, listen)


def named(*names: str) -> Choice:
    """Choose these components; raises ConfigError with a suggestion for an unknown one."""

    def choose(known: Mapping[str, Component]) -> list[Component]:
        for name in names:
            if name not in known:
                raise ConfigError(
                    f"no component is called {name!r}{suggest(name, known)}; there are {', '.join(known)}"
                )
        return [known[name] for name in names]

    return choose


def with_work(members: Iterable[Member], options: ClusterOptions) -> list[Member]:
    """Those for which there is work in this cluster; raises ConfigError where that is none of them."""
    asked = list(members)
    found = [member for member in asked if member.suits(options)]
    if asked and not found:
        raise ConfigError(f"there is no work for {', '.join(member.name for member in asked)} by these settings")
    return found


def runner(help: str, wanted: Callable[[Component], bool]) -> click.Command:
    """A command that runs the components for which ``wanted`` is true; its ``ctx.obj`` is the Where of the command."""

    @click.command(help=help)
    @kubeconfig_option
    @click.pass_obj
    def command(where: Where, kubeconfig: str) -> None:
        run(where, lambda known: [one for one in known.values() if wanted(one)], kubeconfig)

    return command


def run(where: Where, choose: Choice, kubeconfig: str = "", listen: str = "") -> None:
    """Run the chosen components until SIGTERM or SIGINT."""
    from sampan_client import Client
    from sampan_operate.supervisor import cluster
    from sampan_operate.supervisor.components import ProcessContext, run_components
    from sampan_operate.supervisor.inquiry import ALONE
    from sampan_settings import reservations
    from sampan_settings.options import cluster_options, hold_reservation, refuse_in_use

    set_up()
    settings = load(**where)
    plugins = cluster.load_plugins(settings)
    known = {member.name: member for member in cluster.all_members(plugins, settings)}
    chosen = choose({name: member.component for name, member in known.items()})

    def connect(member: Member) -> Client:
        path = kubeconfig or str(settings.home / "kubeconfigs" / member.name)
        return Client.from_kubeconfig(path, user_agent=f"sampan-{member.name}")

    ship = partial(Client.from_kubeconfig, kubeconfig or str(settings.home / "kubeconfig"))
    process = f"{ALONE}{_name_of(chosen)}"
    around = ProcessContext(settings.home, process, connect, ship, listen)
    members = [known[component.name] for component in chosen]
    with reservations.turn():
        held = None
        if any(member.of_node for member in members):
            refuse_in_use(settings)
            held = hold_reservation(settings)
        options = cluster_options(settings, plugins)
    members = with_work(members, options)
    with held or contextlib.nullcontext():
        run_components(members, plugins, options, around)


def _name_of(chosen: Sequence[Component]) -> str:
    """The name of the process that runs them: that of their common process where they are several."""
    process = {component.process for component in chosen}
    if len(chosen) > 1 and len(process) == 1:
        return process.pop()
    return "-".join(component.name for component in chosen)
