"""`sampan status`: what runs, where, and how it is."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sampan.cli.up import ready_node
from sampan.errors import StatusError
from sampan.settings import Settings, Where, load
from sampan.supervisor import inquiry
from sampan.supervisor.state import is_running, read_state

if TYPE_CHECKING:
    from sampan.client import Client


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one object.")
@click.pass_obj
def command(where: Where, output: str) -> None:
    """Say what runs, where, and how it is. Exit code 1 when the cluster does not run or is not well."""
    settings = load(**where)
    if not settings.home.exists() or not is_running(settings.home):
        if output == "json":
            click.echo(json.dumps({"home": str(settings.home), "running": False, "well": False}))
        else:
            click.echo(f"not running (home {settings.home}); start it with `sampan up`")
        raise SystemExit(1)
    found = gathered(settings)
    click.echo(json.dumps(found) if output == "json" else "\n".join(in_words(found)))
    if not found["well"]:
        raise SystemExit(1)


def gathered(settings: Settings) -> dict[str, Any]:
    """All that is known, as ``-o json`` shows it. Memory is in bytes."""
    from sampan.client import Client

    state, home = read_state(settings.home), settings.home
    client = Client.from_kubeconfig(str(home / "kubeconfig"))
    trouble = _api_trouble(client)
    node = "" if trouble else ready_node(client)
    own = proportional_memory(state["pid"], children=False)
    processes = [
        {
            **{word: each[word] for word in ("name", "pid", "restarts", "status", "started", "exit", "components")},
            "memory": proportional_memory(each["pid"]) if each["pid"] else 0,
        }
        for each in state["processes"]
    ]
    complaints = [line for each in state["processes"] for line in _complaints(home, each)]
    return {
        "home": str(home), "running": True,
        "well": not trouble and not complaints and (bool(node) or not settings.node.enabled),
        "store": settings.store_url, "kubeconfig": str(home / "kubeconfig"),
        "api": {"url": settings.server_url, "ready": not trouble, "trouble": trouble},
        "node": {"enabled": settings.node.enabled, "ready": node}, "addons": list(settings.addons),
        "supervisor": {"pid": state["pid"], "memory": own}, "processes": processes, "complaints": complaints,
    }  # fmt: skip


def in_words(found: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    api, supervisor = found["api"], found["supervisor"]
    yield f"home      {found['home']}"
    yield f"store     {found['store']}"
    yield f"api       {api['url']} " + (f"does not answer: {api['trouble']}" if api["trouble"] else "is ready")
    if found["node"]["enabled"]:
        yield f"node      {found['node']['ready'] or 'none is Ready'}"
    yield f"add-ons   {', '.join(found['addons']) or 'none'}"
    yield f"\n{'PROCESS':14}{'PID':>8}{'MEMORY':>10}{'RESTARTS':>10}  {'SINCE':10}RUNS"
    yield f"{'supervisor':14}{supervisor['pid']:>8}{in_megabytes(supervisor['memory']):>10}"
    for each in found["processes"]:
        memory = in_megabytes(each["memory"]) if each["pid"] else "-"
        since = _age(time.time() - each["started"]) if each["pid"] else each["status"]
        runs = ", ".join(each["components"]) + (f"  (last: {each['exit']})" if each["exit"] else "")
        yield f"{each['name']:14}{each['pid'] or '-':>8}{memory:>10}{each['restarts']:>10}  {since:10}{runs}"
    total = supervisor["memory"] + sum(each["memory"] for each in found["processes"])
    yield f"{'all':14}{'':8}{in_megabytes(total):>10}"
    yield from found["complaints"]
    yield f"\nexport KUBECONFIG={found['kubeconfig']}"


def _complaints(home: Path, process: Mapping[str, Any]) -> list[str]:
    """A line for each component of a process that says it is failing, or for a process that has ended."""
    if not process["pid"]:
        return [f"failing   {process['name']}: {process['exit'] or process['status']}"]
    said = inquiry.components(home, process["name"])
    return [f"failing   {name}: {each['words']}" for name, each in said.items() if each["state"] == "failing"]


def _api_trouble(client: Client) -> str:
    """Why the API server does not answer, "" where it does."""
    try:
        client.request("GET", "/readyz")
    except (StatusError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


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
