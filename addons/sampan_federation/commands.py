"""`sampan federation`: members join and leave, and what is decided is explained."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sampan.contracts.commands import Place
from sampan.contracts.kinds import Object
from sampan.errors import ConfigError, NotFound, SampanError, StatusError
from sampan_client import Client, kubeconfig
from sampan_client.kubeconfig import Config
from sampan_federation.agent.commands import register_cluster, run_agent
from sampan_federation.agent.registering import deregister
from sampan_federation.members import joining
from sampan_federation.members.commands import find_objects, get_objects
from sampan_federation.names import binding_name
from sampan_federation.overrides.commands import diff
from sampan_federation.placement.explaining import explain, table
from sampan_federation.resources import CLUSTER_RESOURCE_BINDINGS, CLUSTERS, RESOURCE_BINDINGS
from sampan_machinery.metadata import get_condition

HOST = click.option("--kubeconfig", default="", metavar="FILE", help="Of the host; default: $KUBECONFIG, or home's.")
CONTEXT = click.option("--context", default="", help="Of the host's kubeconfig.")
AGENT = "sampan-federation-command"
LONGEST = 300.0  # seconds that `unjoin` waits
SHORT = {
    "deploy": "deployment", "deployments": "deployment", "sts": "statefulset", "statefulsets": "statefulset",
    "ds": "daemonset", "daemonsets": "daemonset", "cm": "configmap", "configmaps": "configmap", "svc": "service",
    "services": "service", "secrets": "secret", "jobs": "job", "ing": "ingress", "ingresses": "ingress",
    "ns": "namespace", "namespaces": "namespace", "sa": "serviceaccount", "pvc": "persistentvolumeclaim",
}  # fmt: skip


@click.group()
def federation() -> None:
    """Join clusters, and see why a workload runs where it does."""


federation.add_command(diff)
federation.add_command(find_objects)
federation.add_command(get_objects)
federation.add_command(register_cluster)
federation.add_command(run_agent)


@federation.command()
@click.argument("name")
@click.option("--cluster-kubeconfig", required=True, metavar="FILE", help="An administrator's of the member.")
@click.option("--cluster-context", default="", help="Of that kubeconfig.")
@click.option(
    "--cluster-server", default="", metavar="URL", help="Where the host reaches the member; default: as there."
)
@click.option("--cluster-provider", default="", help="Whose cluster it is: a cloud's name.")
@click.option("--cluster-region", default="")
@click.option("--cluster-zones", default="", metavar="ZONE,…")
@click.option("--labels", default="", metavar="KEY=VALUE,…", help="Of the Cluster object, for affinities.")
@click.option("--rules", default="", metavar="FILE", help="More RBAC rules for the host on the member: a YAML list.")
@click.option(
    "--proxy-users",
    default="",
    metavar="NAME,…",
    help="Users of the host that may act on the member; default: any.",
)
@click.option(
    "--proxy-groups", default="", metavar="NAME,…", help="Groups of theirs that count on the member; default: none."
)
@click.option("--cluster-admin", is_flag=True, help="Let the host do everything on the member, as Karmada does.")
@HOST
@CONTEXT
@click.pass_obj
def join(
    place: Place, name: str, cluster_kubeconfig: str, cluster_context: str, cluster_server: str, cluster_provider: str,
    cluster_region: str, cluster_zones: str, labels: str, rules: str, proxy_users: str, proxy_groups: str,
    cluster_admin: bool, kubeconfig: str, context: str,
) -> None:  # fmt: skip
    """Let the cluster NAME join, in push mode."""
    with _said():
        joining.check_name(name)
        config = _load(cluster_kubeconfig, cluster_context)
        asked = joining.Joining(
            name=name, server=cluster_server or config.server, authorities=config.ca, insecure=config.insecure,
            provider=cluster_provider, region=cluster_region, zones=tuple(_words(cluster_zones)),
            labels=dict(each.partition("=")[::2] for each in _words(labels)),
            proxy_users=tuple(_words(proxy_users)), proxy_groups=tuple(_words(proxy_groups)),
            rules=joining.ADMINISTRATOR if cluster_admin else [*joining.RULES, *_rules(rules)],
        )  # fmt: skip
        with (
            _client(kubeconfig or place.kubeconfig, context) as host,
            _client(cluster_kubeconfig, cluster_context) as member,
        ):
            joining.join(host, member, asked)
    click.echo(f"cluster {name} has joined")


@federation.command()
@click.argument("name")
@click.option(
    "--cluster-kubeconfig", default="", metavar="FILE", help="Of the member: the host's identity there goes too."
)
@click.option("--cluster-context", default="", help="Of that kubeconfig.")
@HOST
@CONTEXT
@click.pass_obj
def unjoin(
    place: Place, name: str, cluster_kubeconfig: str, cluster_context: str, kubeconfig: str, context: str
) -> None:  # fmt: skip
    """Let the cluster NAME leave. What runs there stays there, and belongs to no federation any more; to have it moved
    before, taint the cluster (NoExecute)."""
    with _said(), _client(kubeconfig or place.kubeconfig, context) as host:
        joining.leave_host(host, name)
        deadline = time.monotonic() + LONGEST
        while _is_there(host, name):
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"the cluster {name} has not left within {LONGEST:.0f} s; is the add-on running?"
                )
            time.sleep(0.2)
        joining.forget_secrets(host, name)
        deregister(host, name)
        if cluster_kubeconfig:
            with _client(cluster_kubeconfig, cluster_context) as member:
                joining.leave_member(member, name)
    click.echo(f"cluster {name} has left")


@federation.command(name="list")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@HOST
@CONTEXT
@click.pass_obj
def list_members(place: Place, output: str, kubeconfig: str, context: str) -> None:
    """List the members, and how they are."""
    with _said(), _client(kubeconfig or place.kubeconfig, context) as host:
        clusters = host.list(CLUSTERS).items
    if output == "json":
        click.echo(json.dumps(clusters, indent=2))
        return
    rows: list[tuple[str, ...]] = [
        ("NAME", "MODE", "READY", "VERSION", "PROVIDER", "REGION", "ZONES", "NODES", "TAINTS")
    ]
    rows += [row_of(cluster) for cluster in clusters]
    widths = [max(len(row[column]) for row in rows) + 3 for column in range(len(rows[0]))]
    for row in rows:
        click.echo("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def row_of(cluster: Object) -> tuple[str, ...]:
    """A line of `list`."""
    spec, status = cluster.get("spec") or {}, cluster.get("status") or {}
    nodes = status.get("nodeSummary") or {}
    taints = [f"{each.get('key')}:{each.get('effect')}" for each in spec.get("taints") or ()]
    return (
        cluster["metadata"]["name"],
        spec.get("syncMode", ""),
        (get_condition(status, "Ready") or {}).get("status", ""),
        status.get("kubernetesVersion", ""),
        spec.get("provider", ""),
        spec.get("region", ""),
        ",".join(spec.get("zones") or ([spec["zone"]] if spec.get("zone") else [])),
        f"{nodes.get('readyNum', 0)}/{nodes.get('totalNum', 0)}" if nodes else "",
        ",".join(taints),
    )


@federation.command()
@click.argument("name")
@click.argument("taints", nargs=-1, required=True, metavar="KEY=VALUE:EFFECT|KEY-…")
@HOST
@CONTEXT
@click.pass_obj
def taint(place: Place, name: str, taints: tuple[str, ...], kubeconfig: str, context: str) -> None:
    """Taint the cluster NAME, or remove taints (KEY-, KEY:EFFECT-), as `kubectl taint` does with nodes."""
    with _said(), _client(kubeconfig or place.kubeconfig, context) as host:
        cluster = host.get(CLUSTERS, name)
        changed = (cluster.get("spec") or {}).get("taints") or []
        for each in taints:
            changed = changed_taints(changed, each)
        guard = {"resourceVersion": cluster["metadata"]["resourceVersion"]}
        host.patch(CLUSTERS, name, {"metadata": guard, "spec": {"taints": changed}})
    click.echo(f"cluster {name} tainted" if changed else f"cluster {name} has no taints")


def changed_taints(present: Sequence[Object], word: str) -> list[Object]:
    """With one taint added, changed or removed. Raises UsageError."""
    removal = word.endswith("-")
    body, _, effect = word.removesuffix("-").partition(":")
    key, _, value = body.partition("=")
    if not key or (not removal and effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute")):
        raise click.UsageError(f"{word!r} is neither KEY=VALUE:NoSchedule|PreferNoSchedule|NoExecute nor KEY-")
    kept = [each for each in present if each.get("key") != key or (effect and each.get("effect") != effect)]
    return kept if removal else [*kept, {"key": key, "effect": effect, **({"value": value} if value else {})}]


@federation.command()
@click.argument("what", metavar="KIND/NAME|BINDING")
@click.option("-n", "--namespace", default="", help="Default: that of the kubeconfig.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@HOST
@CONTEXT
@click.pass_obj
def why(place: Place, what: str, namespace: str, output: str, kubeconfig: str, context: str) -> None:
    """Say for each member why a workload is there, or why not."""
    with _said(), _client(kubeconfig or place.kubeconfig, context) as host:
        binding = find_binding(host, what, namespace or host.namespace)
        found = explain(binding, host.list(CLUSTERS).items, _of_its_groups(host, binding))
    click.echo(json.dumps(found.to_json(), indent=2) if output == "json" else "\n".join(table(found)))


def _of_its_groups(host: Client, binding: Object) -> list[Object]:
    """Bindings that its workload may have to run with, or apart from."""
    if not binding["spec"].get("workloadAffinityGroups"):
        return []
    return host.list(RESOURCE_BINDINGS, binding["metadata"]["namespace"]).items


def find_binding(host: Client, what: str, namespace: str) -> Object:
    """A binding by its name, or by its object's kind and name. Raises ClickException."""
    kind, _, name = what.rpartition("/")
    kind = kind.lower().partition(".")[0]
    wanted = binding_name(SHORT.get(kind, kind), name) if kind else name
    with contextlib.suppress(NotFound):
        return host.get(RESOURCE_BINDINGS, wanted, namespace)
    with contextlib.suppress(NotFound):
        return host.get(CLUSTER_RESOURCE_BINDINGS, wanted)
    raise click.ClickException(
        f"there is no binding {wanted} in the namespace {namespace} and none of the whole cluster: does a policy select"
        f" {what}? (kubectl get pp,cpp -A)"
    )


def _is_there(host: Client, name: str) -> bool:
    try:
        host.get(CLUSTERS, name)
    except NotFound:
        return False
    return True


@contextlib.contextmanager
def _client(path: str, context: str) -> Iterator[Client]:
    client = Client.from_kubeconfig(path, context=context, user_agent=AGENT)
    try:
        yield client
    finally:
        client.close()


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Errors as words."""
    try:
        yield
    except NotFound as error:
        raise click.ClickException(f"{error.message}; is the add-on federation enabled?") from error
    except (StatusError, SampanError, ConnectionError) as error:
        raise click.ClickException(str(error)) from error


def _load(path: str, context: str) -> Config:
    return kubeconfig.load(path, context=context)


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _rules(path: str) -> list[Any]:
    if not path:
        return []
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"the rules in {path} cannot be read: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ConfigError(f"{path} is no list of RBAC rules")
    return found
