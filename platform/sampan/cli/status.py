"""`sampan status`: what runs, where, and how it is."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sampan.cli import failures
from sampan.cli.up import complaints_of, ready_node
from sampan.errors import StatusError
from sampan.options import node_name
from sampan.settings import Where, home_of, load
from sampan.supervisor import effective, inquiry
from sampan.supervisor.state import is_alive, is_running, live_state, read_state, require_readable

if TYPE_CHECKING:
    from sampan.client import Client


@click.command()
@click.pass_obj
def command(where: Where) -> None:
    """Say what runs, where, and how it is. Exit code 1 when the cluster does not run or is not well."""
    home = home_of(**where)
    if home.exists():
        require_readable(home)
    state = read_state(home)
    if running := live_state(home):
        _supervised(home, running, where)
    elif parts := inquiry.parts(home):
        _in_parts(home, parts)
    elif not home.exists() or not is_running(home):
        if inquiry.api_answers(home / "kubeconfig"):
            _in_parts(home, {})
        click.echo(f"not running (home {home}); start it with `sampan up`")
    elif state:
        click.echo(
            f"the supervisor was killed (home {home}); `sampan up` takes over what it left, `sampan down` ends it"
        )
    else:
        click.echo(f"starting (home {home})")
    raise SystemExit(1)


def _supervised(home: Path, state: Mapping[str, Any], where: Where) -> None:
    """Exits with 0 where all is well."""
    settings = effective.recorded(state) or load(**where)
    client = _say_place(home, settings.server_url)
    click.echo(f"store     {effective.without_password(settings.store_url)}")
    well = _say_health(client, settings.server_url)
    node = ready_node(client, home, node_name(settings)) if settings.node.enabled else ""
    if settings.node.enabled:
        click.echo(f"node      {node or 'none is Ready'}")
    click.echo(f"add-ons   {', '.join(settings.addons) or 'none'}")
    for line in effective.pending(settings, where):
        click.echo(f"not yet   {line}; it counts from the next start")
    click.echo(f"\n{'PROCESS':14}{'PID':>8}{'MEMORY':>10}{'RESTARTS':>10}  {'SINCE':10}RUNS")
    own = proportional_memory(state["pid"], children=False)
    click.echo(f"{'supervisor':14}{state['pid']:>8}{in_megabytes(own):>10}")
    total, complaints = own, list[str]()
    for process in state["processes"]:
        process = process if is_alive(process) else {**process, "pid": 0}
        used = proportional_memory(process["pid"]) if process["pid"] else 0
        total += used
        memory = in_megabytes(used) if process["pid"] else "-"
        since = _age(time.time() - process["started"]) if process["pid"] else process["status"]
        runs = ", ".join(process["components"]) + (f"  (last: {process['exit']})" if process["exit"] else "")
        click.echo(
            f"{process['name']:14}{process['pid'] or '-':>8}{memory:>10}{process['restarts']:>10}  {since:10}{runs}"
        )
        complaints += _complaints(home, process)
    click.echo(f"{'all':14}{'':8}{in_megabytes(total):>10}")
    complaints += [f"plugin    {failure}" for failure in failures.recorded(settings.home)]
    if state.get("complaint"):
        complaints.append(f"reload    the last change was not applied: {state['complaint']}")
    for complaint in complaints:
        click.echo(complaint)
    click.echo(f"\nexport KUBECONFIG={home / 'kubeconfig'}")
    raise SystemExit(0 if well and not complaints and (node or not settings.node.enabled) else 1)


def _in_parts(home: Path, parts: Mapping[str, int]) -> None:
    """Of a cluster whose processes `sampan up` has not started. Exits with 0 where all that is found is well."""
    from sampan.client.kubeconfig import load as load_kubeconfig

    url = load_kubeconfig(str(home / "kubeconfig")).server if (home / "kubeconfig").exists() else ""
    well = _say_health(_say_place(home, url), url) if url else True
    click.echo(f"\n{'PROCESS':24}{'PID':>8}{'MEMORY':>10}  RUNS")
    complaints = list[str]()
    for name, pid in parts.items():
        runs = ", ".join(inquiry.components(home, name))
        click.echo(f"{name.removeprefix(inquiry.ALONE):24}{pid:>8}{in_megabytes(proportional_memory(pid)):>10}  {runs}")
        complaints += _complaints(home, {"name": name, "pid": pid})
    click.echo("none of it was started by `sampan up`; parts on other machines are not seen from here")
    for complaint in complaints:
        click.echo(complaint)
    raise SystemExit(0 if well and not complaints else 1)


def _say_place(home: Path, url: str) -> Client:
    """The client of the server that runs: the file may have been written for another one since."""
    from sampan.client import Client

    click.echo(f"home      {home}")
    return Client.from_kubeconfig(str(home / "kubeconfig"), server=url)


def _complaints(home: Path, process: Mapping[str, Any]) -> list[str]:
    """A line for each component of a process that says it is failing, or for a process that has ended."""
    if not process["pid"]:
        return [f"failing   {process['name']}: {process['exit'] or process['status']}"]
    said = inquiry.components(home, process["name"])
    return [f"failing   {name}: {each['words']}" for name, each in said.items() if each["state"] == "failing"]


def _say_health(client: Client, url: str) -> bool:
    try:
        client.request("GET", "/livez")
    except (StatusError, OSError) as error:
        click.echo(f"api       {url} does not answer: {error}")
        return False
    complaints = complaints_of(client)
    for complaint in complaints:
        click.echo(f"api       {url} is not ready: {complaint}")
    if not complaints:
        click.echo(f"api       {url} is ready")
    return not complaints


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
