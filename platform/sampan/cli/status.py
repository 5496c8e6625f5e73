"""`sampan status`: what runs, where, and how it is."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sampan.cli import failures
from sampan.cli.up import ready_node
from sampan.errors import StatusError
from sampan.settings import Where, load
from sampan.supervisor import inquiry
from sampan.supervisor.state import is_running, read_state


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Say what runs, where, and how it is. Exit code 1 when the cluster does not run or is not well."""
    settings = load(**where)
    if not settings.home.exists() or not is_running(settings.home):
        click.echo(f"not running (home {settings.home}); start it with `sampan up`")
        raise SystemExit(1)
    from sampan.client import Client

    state = read_state(settings.home)
    click.echo(f"home      {settings.home}")
    click.echo(f"store     {settings.store_url}")
    client = Client.from_kubeconfig(str(settings.home / "kubeconfig"))
    well = _say_health(client, settings.server_url)
    node = ready_node(client) if well else ""
    if settings.node.enabled:
        click.echo(f"node      {node or 'none is Ready'}")
    click.echo(f"add-ons   {', '.join(settings.addons) or 'none'}")
    click.echo(f"\n{'PROCESS':14}{'PID':>8}{'MEMORY':>10}{'RESTARTS':>10}  {'SINCE':10}RUNS")
    own = proportional_memory(state["pid"], children=False)
    click.echo(f"{'supervisor':14}{state['pid']:>8}{in_megabytes(own):>10}")
    total, complaints = own, list[str]()
    for process in state["processes"]:
        used = proportional_memory(process["pid"]) if process["pid"] else 0
        total += used
        memory = in_megabytes(used) if process["pid"] else "-"
        since = _age(time.time() - process["started"]) if process["pid"] else process["status"]
        runs = ", ".join(process["components"]) + (f"  (last: {process['exit']})" if process["exit"] else "")
        click.echo(
            f"{process['name']:14}{process['pid'] or '-':>8}{memory:>10}{process['restarts']:>10}  {since:10}{runs}"
        )
        complaints += _complaints(settings.home, process)
    click.echo(f"{'all':14}{'':8}{in_megabytes(total):>10}")
    complaints += [f"plugin    {failure}" for failure in failures.recorded(settings.home)]
    if state.get("complaint"):
        complaints.append(f"reload    the last change was not applied: {state['complaint']}")
    for complaint in complaints:
        click.echo(complaint)
    click.echo(f"\nexport KUBECONFIG={settings.home / 'kubeconfig'}")
    if not well or complaints or (settings.node.enabled and not node):
        raise SystemExit(1)


def _complaints(home: Path, process: Mapping[str, Any]) -> list[str]:
    """A line for each component of a process that says it is failing, or for a process that has ended."""
    if not process["pid"]:
        return [f"failing   {process['name']}: {process['exit'] or process['status']}"]
    said = inquiry.components(home, process["name"])
    return [f"failing   {name}: {each['words']}" for name, each in said.items() if each["state"] == "failing"]


def _say_health(client: object, url: str) -> bool:
    try:
        client.request("GET", "/readyz")  # type: ignore[attr-defined]  # Client, imported late
    except (StatusError, OSError) as error:
        click.echo(f"api       {url} does not answer: {error}")
        return False
    click.echo(f"api       {url} is ready")
    return True


def in_megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def proportional_memory(pid: int, *, children: bool = True) -> int:
    """Bytes of a process (and its children), shared pages counted in part (PSS); 0 when it is gone."""
    total = 0
    for one in (pid, *(_children(pid) if children else ())):
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def _children(pid: int) -> list[int]:
    found = []
    for task in os.listdir(f"/proc/{pid}/task") if os.path.isdir(f"/proc/{pid}/task") else ():
        try:
            direct = [int(word) for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
        except OSError:
            continue
        for child in direct:
            if b"sampan" in _command_name(child):
                found += [child, *_children(child)]
    return found


def _command_name(pid: int) -> bytes:
    """Containers of the exec runtime are children too, and are not ours to count."""
    try:
        return Path(f"/proc/{pid}/comm").read_bytes()
    except OSError:
        return b""


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"
