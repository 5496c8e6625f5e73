"""`sampan why`: reads through the API as the user of the kubeconfig, explains, prints. Changes nothing."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from sampan.contracts.commands import Place
from sampan.contracts.resources import Resource
from sampan.errors import NotFound, SampanError
from sampan_client import Client
from sampan_client.discovery import Discovered, discover, find
from sampan_explain import Explanation, gather, reader_of
from sampan_explain.contributed import explainers
from sampan_explain.subjects.access import Question, explain_access
from sampan_machinery.resources import PODS


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="OBJECT")
@click.option("-n", "--namespace", default="", help="The object's; without, that of the kubeconfig's context.")
@click.option("--as", "user", default="", help="Instead: whether USER may VERB RESOURCE [NAME], and what is missing.")
@click.option("--as-group", "groups", multiple=True, help="With --as: a group of that user's; may be repeated.")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="With --as: in all namespaces.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one document.")
@click.pass_obj
def why(
    place: Place, words: tuple[str, ...], namespace: str, user: str, groups: tuple[str, ...], everywhere: bool,
    output: str,
) -> None:  # fmt: skip
    """Say why OBJECT (KIND/NAME, KIND NAME, or a pod's NAME) is as it is: a pod that waits or restarts, a rollout that
    does not move, a Service without endpoints, a claim that is pending …

    With --as it is VERB RESOURCE [NAME] instead: why that request is forbidden, and which role or binding would
    allow it; ends with code 1 where it is refused.
    """
    client = _client(place)
    try:
        if user:
            found = _access(client, words, user, groups, "" if everywhere else namespace or client.namespace)
        else:
            found = _object(place, client, words, namespace)
    except (SampanError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()
    if output == "json":
        click.echo(msgspec.json.encode(found.as_json()).decode())
    else:
        for line in found.lines():
            click.echo(line)
    if user and not found.healthy:
        raise SystemExit(1)


def _object(place: Place, client: Client, words: tuple[str, ...], namespace: str) -> Explanation:
    resource, name = named(client, words)
    namespace = (namespace or client.namespace) if resource.namespaced else ""
    try:
        obj = client.get(resource, name, namespace)
    except NotFound:
        where = f" in namespace {namespace}" if namespace else ""
        raise click.ClickException(f"there is no {resource.kind.lower()} {name}{where}") from None
    obj = {"kind": resource.kind, "apiVersion": resource.api_version, **obj}
    return gather(obj, reader_of(client), now=time.time(), explainers=explainers(place.hooks))


def named(client: Client, words: tuple[str, ...]) -> tuple[Resource, str]:
    """Raises UsageError for words that name nothing."""
    parts = list(words)
    if len(parts) == 1 and "/" in parts[0]:
        parts = parts[0].split("/", 1)
    if len(parts) == 1:
        return PODS, parts[0]
    if len(parts) != 2 or not all(parts):
        raise click.UsageError("name one object: KIND/NAME, KIND NAME, or the NAME of a pod")
    return known(discover(client), parts[0]).resource, parts[1]


def known(found: list[Discovered], word: str) -> Discovered:
    kind = find(found, word)
    if kind is None:
        raise click.UsageError(f"the server has no kind called {word}; `kubectl api-resources` lists them")
    return kind


def _access(
    client: Client, words: tuple[str, ...], user: str, groups: tuple[str, ...], namespace: str
) -> Explanation:  # fmt: skip
    if len(words) == 2 and "/" in words[1]:
        words = _split(words)
    if not 2 <= len(words) <= 3:
        raise click.UsageError("with --as: VERB RESOURCE [NAME], such as get pods, or get deployments/scale web")
    resource, _, subresource = words[1].partition("/")
    found = known(discover(client), resource).resource
    question = Question(
        user=user, groups=(*groups, *_groups(user)), verb=words[0].lower(), resource=found, subresource=subresource,
        namespace=namespace if found.namespaced else "", name=words[2] if len(words) == 3 else "",
    )  # fmt: skip
    return explain_access(question, reader_of(client), now=time.time())


def _split(words: tuple[str, ...]) -> tuple[str, ...]:
    """``pods/log`` is a subresource, ``pods/web`` an object: by what the server has."""
    resource, rest = words[1].split("/", 1)
    subresources = {"log", "exec", "attach", "portforward", "proxy", "status", "scale", "eviction", "binding", "token",
                    "ephemeralcontainers", "resize", "approval", "finalize"}  # fmt: skip
    return words if rest in subresources else (words[0], resource, rest)


def _groups(user: str) -> tuple[str, ...]:
    """Those that the server adds by itself."""
    prefix = "system:serviceaccount:"
    if user.startswith(prefix):
        namespace = user.removeprefix(prefix).split(":", 1)[0]
        return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return ("system:authenticated",)


def _client(place: Place) -> Client:
    if not Path(place.kubeconfig).exists():
        raise click.ClickException(f"there is no kubeconfig {place.kubeconfig}: is the cluster up?")
    return Client.from_kubeconfig(place.kubeconfig)
