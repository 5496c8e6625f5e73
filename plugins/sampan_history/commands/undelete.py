"""`sampan undelete`: the last state of a deleted object is created again."""

from __future__ import annotations

import click

from sampan.contracts.commands import Place
from sampan.errors import NotFound
from sampan_explain.past.reading import revisions
from sampan_explain.past.restoring import restored, without_lost_owners
from sampan_history.commands.asking import connected, object_named, shown
from sampan_machinery import yamlout


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="OBJECT")
@click.option("-n", "--namespace", default="", help="The object's; without, that of the kubeconfig's context.")
@click.option("--dry-run", is_flag=True, help="Print what would be created, as YAML, and create nothing.")
@click.pass_obj
def undelete(place: Place, words: tuple[str, ...], namespace: str, dry_run: bool) -> None:
    """Create OBJECT (KIND/NAME or KIND NAME) again, as it was when it was deleted, without its status.

    It is a new object with a new uid: what was deleted with it is not brought back, and an owner that is gone is left
    out of its owner references. Wants the rights to read and to create it.
    """
    with connected(place) as client:
        resource, name, namespace = object_named(client, words, namespace)
        what = shown(resource, name, namespace)
        try:
            client.get(resource, name, namespace)
        except NotFound:
            pass
        else:
            raise click.ClickException(f"{what} is there; `sampan history` shows its earlier revisions")
        last = next((each.object for each in revisions(client, resource, name, namespace, 3) if each.object), None)
        if last is None:
            raise click.ClickException(f"the history knows no {what}")
        made = restored(last)
        left_out = without_lost_owners(client, made, namespace)
        if dry_run:
            click.echo(yamlout.encode(made).decode(), nl=False)
            return
        client.create(resource, made, namespace)
    click.echo(f"{what} was created again" + (f"; left out: {', '.join(left_out)}" if left_out else ""))
