"""`sampan addons diff` and `reset`: show and undo users' edits of an add-on's objects."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sampan.errors import ConfigError, StatusError
from sampan_client import Client
from sampan_client.kubeconfig import load as load_kubeconfig
from sampan_operate.supervisor.alone import load_addon, options_for
from sampan_operate.supervisor.members import members_of, shipped
from sampan_server.plugins.plugins import suggest
from sampan_settings.settings import Where, load
from sampan_shipping import Shipment
from sampan_shipping.differences import difference
from sampan_shipping.inventory import Ref

kubeconfig_option = click.option(
    "--kubeconfig", default="", metavar="FILE", help="Another cluster's administrator; default: this home's."
)
objects_argument = click.argument("objects", nargs=-1, metavar="[KIND/[NAMESPACE/]NAME]...")


@click.command("diff")
@click.argument("name")
@objects_argument
@kubeconfig_option
@click.pass_obj
def diff_command(where: Where, name: str, objects: tuple[str, ...], kubeconfig: str) -> None:
    """Show users' edits of what an add-on ships. Exits with 1 if there is any difference, as diff does."""
    with shipment(where, name, kubeconfig) as found:
        differences = [difference(ref, found.manifests[ref], found.live(ref)) for ref in chosen(found, objects)]
    for text in differences:
        click.echo(text, nl=False)
    if any(differences):
        raise SystemExit(1)


@click.command("reset")
@click.argument("name")
@objects_argument
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@kubeconfig_option
@click.pass_obj
def reset_command(where: Where, name: str, objects: tuple[str, ...], yes: bool, kubeconfig: str) -> None:
    """Restore what an add-on ships, all of it or the named objects; edits are lost."""
    with shipment(where, name, kubeconfig) as found:
        refs = [ref for ref in chosen(found, objects) if _differs(found, ref)]
        if not refs:
            click.echo("nothing differs from what is shipped")
            return
        _confirm(refs, yes)
        for outcome in found.reset(refs):
            click.echo(str(outcome))


@contextmanager
def shipment(where: Where, name: str, kubeconfig: str) -> Iterator[Shipment]:
    """What the installed version ships to this home's cluster or another. Raises ConfigError if that does not
    answer."""
    from sampan_operate.supervisor.cluster import load_plugins
    from sampan_settings.options import cluster_options

    settings = load(**where)
    path = kubeconfig or str(settings.home / "kubeconfig")
    plugins = load_addon(name, settings.plugins.get(name, {}))
    client = Client.from_kubeconfig(path, user_agent="sampan-addons")
    try:
        server = load_kubeconfig(path)
        foreign = options_for(client, server, settings, os.environ, kubeconfig=path) if kubeconfig else None
        members = members_of(plugins)
        manifests = shipped(members, foreign or cluster_options(settings, load_plugins(settings)))
        found = Shipment(client, name, members[0].version if members else "", manifests)
        if not found.read_inventory().refs:
            raise ConfigError(f"{name} has shipped nothing to this cluster; does it run? (`sampan addons list`)")
        yield found
    except (StatusError, ConnectionError) as error:
        raise ConfigError(f"the cluster does not answer: {error}") from error
    finally:
        client.close()


def chosen(shipment: Shipment, objects: tuple[str, ...]) -> list[Ref]:
    """The objects named by KIND/NAME or KIND/NAMESPACE/NAME, in the order in which they are shipped; all by default."""
    if not objects:
        return list(shipment.manifests)
    known = {text.lower(): ref for ref in shipment.manifests for text in (f"{ref.kind}/{ref.name}", str(ref))}
    for text in objects:
        if text.lower() not in known:
            names = [str(ref) for ref in shipment.manifests]
            raise ConfigError(f"{shipment.addon} ships no {text!r}{suggest(text, names)}; it ships {', '.join(names)}")
    wanted = {known[text.lower()] for text in objects}
    return [ref for ref in shipment.manifests if ref in wanted]


def _differs(shipment: Shipment, ref: Ref) -> bool:
    return bool(difference(ref, shipment.manifests[ref], shipment.live(ref)))


def _confirm(refs: list[Ref], yes: bool) -> None:
    """Ask the user to confirm. Raises ConfigError if there is no terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(f"{', '.join(map(str, refs))} would lose what was edited there; say --yes")
    click.confirm(f"Put back {', '.join(map(str, refs))}? What was edited there is lost", abort=True)
