"""`sampan metrics`: what pods and nodes have used, asked of the add-on through the API server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import click

from sampan.contracts.commands import Place
from sampan.errors import BadRequest, NotFound, StatusError
from sampan_client import Client
from sampan_machinery.metadata import parse_time
from sampan_machinery.quantities import parse
from sampan_metrics.durations import duration
from sampan_metrics.resources import API_VERSION

KINDS = {"pod": "pods", "pods": "pods", "po": "pods", "node": "nodes", "nodes": "nodes", "no": "nodes"}
LINES = 30
STEPS = (15, 30, 60, 120, 300, 600, 1800, 3600)  # seconds
BAR = 20  # characters of the longest


@click.group()
def metrics() -> None:
    """Show what pods and nodes have used. (`kubectl top` shows what they use now.)"""


@metrics.command()
@click.argument("what", metavar="pod/NAME|node/NAME")
@click.option("-n", "--namespace", default="", help="Of the pod; default: that of the kubeconfig.")
@click.option("-c", "--container", default="", help="One container of the pod.")
@click.option("--since", default="1h", metavar="WHEN", help="From when on: 30m, 2h or 1d ago, or seconds since 1970.")
@click.option("--until", default="0s", metavar="WHEN", help="Until when, in the same way.")
@click.option(
    "--step", default="", metavar="TIME", help="Average over so long (30s, 10m); default: about thirty lines."
)
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table")
@click.option("--kubeconfig", default="", metavar="FILE", help="Identity and server; default: $KUBECONFIG, or home's.")
@click.option("--context", default="", help="Of the kubeconfig.")
@click.pass_obj
def history(
    place: Place, what: str, namespace: str, container: str, since: str, until: str, step: str, output: str,
    kubeconfig: str, context: str,
) -> None:  # fmt: skip
    """Show what a pod's containers, or a node, used over the last hours."""
    kind, _, name = what.rpartition("/")
    plural = KINDS.get(kind or "pod")
    if plural is None or not name:
        raise click.UsageError(f"{what!r} is neither pod/NAME nor node/NAME")
    if not step and output == "table":
        step = fitting(since, until)
    asked = {"since": since, "until": until, "step": step, "container": container}
    query = urlencode({key: value for key, value in asked.items() if value})
    found = _ask(kubeconfig or place.kubeconfig, context, plural, name, namespace, query)
    if output == "json":
        click.echo(json.dumps(found, indent=2))
        return
    for line in table(found["items"]):
        click.echo(line)


def _ask(kubeconfig: str, context: str, plural: str, name: str, namespace: str, query: str) -> Any:
    client = Client.from_kubeconfig(kubeconfig, context=context, user_agent="sampan-metrics-history")
    try:
        where = f"namespaces/{quote(namespace or client.namespace, safe='')}/" if plural == "pods" else ""
        path = f"/apis/{API_VERSION}/{where}{plural}/{quote(name, safe='')}/history?{query}"
        return json.loads(client.request("GET", path).body)
    except NotFound as error:
        raise click.ClickException(f"{error.message}; is the add-on metrics enabled, and is it sampan's?") from error
    except (StatusError, ConnectionError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()


def fitting(since: str, until: str) -> str:
    """The step that gives about thirty lines, "" where these are not two durations."""
    try:
        span = duration(since) - duration(until)
    except BadRequest:
        return ""
    return f"{next((step for step in STEPS if step * LINES >= span), STEPS[-1])}s"


def table(rows: Sequence[Any]) -> list[str]:
    """A line a step: when, how much cpu in thousandths of a core, how much memory, the most of each within the step."""
    if not rows:
        return ["nothing is known of that time"]
    highest = max(_milli(row["usage"]) for row in rows) or 1
    lines = [f"{'TIME':10}{'CONTAINER':20}{'CPU(cores)':>12}{'MOST':>9}{'MEMORY':>10}{'MOST':>9}"]
    for row in rows:
        used, most = row["usage"], row["most"]
        bar = "█" * round(_milli(used) / highest * BAR)
        at = datetime.fromtimestamp(parse_time(row["timestamp"])).strftime("%H:%M:%S")
        lines.append(
            f"{at:10}{row.get('container', ''):20}{f'{_milli(used)}m':>12}{f'{_milli(most)}m':>9}"
            f"{_mebi(used):>10}{_mebi(most):>9}  {bar}"
        )
    return lines


def _milli(used: Any) -> int:
    return round(parse(used["cpu"]) * 1000)


def _mebi(used: Any) -> str:
    return f"{int(parse(used['memory'])) >> 20}Mi"
