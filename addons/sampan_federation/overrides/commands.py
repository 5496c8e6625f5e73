"""`sampan federation diff`: what each cluster gets of an object, and what a change of overrides would do."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from sampan.contracts.commands import Place
from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_client import Client
from sampan_federation.execution.discovery import Discovery
from sampan_federation.interpreter.customizations import rules_of
from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.overrides.previewing import Preview, difference, preview, with_policies, yaml_of
from sampan_federation.resources import (
    CLUSTER_OVERRIDE_POLICIES,
    CLUSTER_RESOURCE_BINDINGS,
    CLUSTERS,
    INTERPRETER_CUSTOMIZATIONS,
    OVERRIDE_POLICIES,
    RESOURCE_BINDINGS,
    WORKS,
)
from sampan_federation.works.rendering import Policies, binding_of


@click.command()
@click.argument("what", metavar="KIND/NAME")
@click.option("-n", "--namespace", default="", help="Of the object; default: that of the kubeconfig.")
@click.option(
    "-f", "--filename", multiple=True, metavar="FILE", help="Override policies as if they were applied; -: stdin."
)
@click.option("--cluster", default="", help="This cluster only.")
@click.option("--full", is_flag=True, help="Show whole manifests instead of differences.")
@click.option("--kubeconfig", default="", metavar="FILE", help="Identity and server; default: $KUBECONFIG, or home's.")
@click.option("--context", default="", help="Of the kubeconfig.")
@click.pass_obj
def diff(
    place: Place, what: str, namespace: str, filename: tuple[str, ...], cluster: str, full: bool, kubeconfig: str,
    context: str,
) -> None:  # fmt: skip
    """Show what each cluster would get of an object, against what it has: before the override policies in FILE are
    applied, and nothing where all is as it should be."""
    kind, _, name = what.partition("/")
    if not kind or not name:
        raise click.UsageError(f"{what!r} is not KIND/NAME, as in deployment/web")
    client = Client.from_kubeconfig(kubeconfig or place.kubeconfig, context=context)
    try:
        policies = [each for file in filename for each in _read(file)]
        previews = previews_of(client, kind, name, namespace or client.namespace, policies)
    except StatusError as error:
        raise click.ClickException(error.message) from error
    except ConnectionError as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()
    shown = [each for each in previews if cluster in ("", each.cluster)]
    for each in shown:
        click.echo(_text(each, full=full), nl=False)
    if any(each.error for each in shown):
        sys.exit(1)


def previews_of(client: Client, kind: str, name: str, namespace: str, files: list[Object]) -> list[Preview]:
    """Raises NotFound if the object is not propagated."""
    binding = _binding(client, kind, name, namespace)
    reference = binding["spec"]["resource"]
    resource = Discovery(time.monotonic).resource_of(client, KindName(reference["apiVersion"], reference["kind"]))
    template = client.get(resource, reference["name"], reference.get("namespace", ""))
    template.update(apiVersion=resource.api_version, kind=resource.kind)
    interpreter = Interpreter()
    interpreter.customize(rules_of(client.list(INTERPRETER_CUSTOMIZATIONS).items)[0])
    present = Policies(client.list(CLUSTER_OVERRIDE_POLICIES).items, client.list(OVERRIDE_POLICIES).items)
    clusters = {each["metadata"]["name"]: each for each in client.list(CLUSTERS).items}
    owner = binding["metadata"].get("namespace", ""), binding["metadata"]["name"]
    works = [work for work in client.list(WORKS).items if binding_of(work) == owner]
    return list(preview(template, binding, clusters, with_policies(present, files), works, interpreter))


def _binding(client: Client, kind: str, name: str, namespace: str) -> Object:
    known = kind.lower().rstrip("s")
    everywhere = (client.list(RESOURCE_BINDINGS, namespace).items, client.list(CLUSTER_RESOURCE_BINDINGS).items)
    for binding in (each for found in everywhere for each in found):
        reference = binding["spec"]["resource"]
        if reference["name"] == name and reference["kind"].lower().rstrip("s") == known:
            return binding
    raise NotFound(
        f"{kind}/{name} is not propagated: it has no binding in {namespace}; `sampan federation why` says whether a "
        "policy selects it"
    )


def _read(file: str) -> list[Object]:
    import yaml

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        found: list[Any] = list(yaml.safe_load_all(text))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise click.ClickException(f"{file} is no YAML: {error}") from error
    objects = [each for each in found if each is not None]
    if not all(isinstance(each, dict) and (each.get("metadata") or {}).get("name") for each in objects):
        raise click.ClickException(f"{file} has something that is no object with a name")
    return objects


def _text(found: Preview, *, full: bool) -> str:
    if found.error:
        return f"# {found.cluster}: {found.error}\n"
    if not full:
        return difference(found.before, found.after, found.cluster)
    return (
        f"# {found.cluster}\n---\n{yaml_of(found.after)}"
        if found.after is not None
        else f"# {found.cluster}: nothing\n"
    )
