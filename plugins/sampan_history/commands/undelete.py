"""`sampan undelete`: the last state of a deleted object is created again."""

from __future__ import annotations

import click

from sampan.contracts.commands import Place
from sampan.contracts.resources import Object
from sampan.errors import NotFound
from sampan_client import Client
from sampan_client.discovery import discover
from sampan_history.commands.asking import connected, object_named, shown
from sampan_history.reading import revisions
from sampan_machinery import yamlout
from sampan_machinery.metadata import get_path

#: What the server sets itself.
_SERVERS = (
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
    "managedFields", "selfLink",
)  # fmt: skip


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
        left_out = _without_lost_owners(client, made, namespace)
        if dry_run:
            click.echo(yamlout.encode(made).decode(), nl=False)
            return
        client.create(resource, made, namespace)
    click.echo(f"{what} was created again" + (f"; left out: {', '.join(left_out)}" if left_out else ""))


def restored(last: Object) -> Object:
    """What to create: pure."""
    metadata = {key: value for key, value in last["metadata"].items() if key not in _SERVERS}
    made = {key: value for key, value in last.items() if key != "status"}
    made["metadata"] = metadata
    if last.get("kind") == "Pod":
        made["spec"] = {key: value for key, value in last["spec"].items() if key != "nodeName"}
    if last.get("kind") == "PersistentVolume" and get_path(last, "spec", "claimRef"):
        claim = {key: value for key, value in last["spec"]["claimRef"].items() if key not in ("uid", "resourceVersion")}
        made["spec"] = {**last["spec"], "claimRef": claim}
    if last.get("kind") == "Job" and not get_path(last, "spec", "manualSelector"):
        made["spec"] = _without_job_labels(last["spec"])
    return made


def _without_job_labels(spec: Object) -> Object:
    """A Job's selector names its uid; the server makes both again."""
    template = spec.get("template") or {}
    labels = {
        key: value
        for key, value in (get_path(template, "metadata", "labels", default={}) or {}).items()
        if key.rpartition("/")[2] not in ("controller-uid", "job-name")
    }
    metadata = {**(template.get("metadata") or {}), "labels": labels}
    kept = {key: value for key, value in spec.items() if key != "selector"}
    return {**kept, "template": {**template, "metadata": metadata}}


def _without_lost_owners(client: Client, made: Object, namespace: str) -> list[str]:
    """Drops the references to owners that are not there, or the garbage collector would delete it at once."""
    references = made["metadata"].get("ownerReferences") or []
    if not references:
        return []
    kinds = {(each.resource.api_version, each.resource.kind): each.resource for each in discover(client)}
    kept, left_out = [], []
    for each in references:
        resource = kinds.get((each["apiVersion"], each["kind"]))
        try:
            found = client.get(resource, each["name"], namespace if resource.namespaced else "") if resource else {}
        except NotFound:
            found = {}
        if get_path(found, "metadata", "uid") == each["uid"]:
            kept.append(each)
        else:
            left_out.append(f"the owner {each['kind'].lower()} {each['name']}, which is gone")
    made["metadata"]["ownerReferences"] = kept
    return left_out
