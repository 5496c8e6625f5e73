"""`sampan status`: what runs, where, and its state. Collected first, then printed as text or JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sampan.errors import StatusError
from sampan_operate.cli import failures
from sampan_operate.cli.up import complaints_of, ready_node
from sampan_operate.supervisor import effective, inquiry
from sampan_operate.supervisor.state import is_alive, is_running, live_state, read_state, require_readable
from sampan_settings.options import node_name
from sampan_settings.settings import Where, home_of, load

if TYPE_CHECKING:
    from sampan_client import Client


@click.command()
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one object.")
@click.pass_obj
def command(where: Where, output: str) -> None:
    """Show what runs, where, and its state. Exit code 1 if the cluster does not run or is not healthy."""
    home = home_of(**where)
    if home.exists():
        require_readable(home)
    if running := live_state(home):
        _say(supervised(home, running, where), output)
    elif parts := inquiry.parts(home):
        _say(in_parts(home, parts), output)
    elif (not home.exists() or not is_running(home)) and inquiry.api_answers(home / "kubeconfig"):
        _say(in_parts(home, {}), output)
    else:
        _say({"home": str(home), "running": False, "well": False}, output)


def _why_not(home: Path) -> str:
    """Why nothing runs here, and what to do."""
    if not home.exists() or not is_running(home):
        return f"not running (home {home}); start it with `sampan up`"
    if read_state(home):
        return f"the supervisor was killed (home {home}); `sampan up` takes over what it left, `sampan down` ends it"
    return f"starting (home {home})"


def _say(found: Mapping[str, Any], output: str) -> NoReturn:
    """Print; exits with 0 if everything is healthy."""
    click.echo(json.dumps(found) if output == "json" else "\n".join(in_words(found)))
    raise SystemExit(0 if found["well"] else 1)


def supervised(home: Path, state: Mapping[str, Any], where: Where) -> dict[str, Any]:
    """State of a cluster that `sampan up` has started, for ``-o json``. Memory is in bytes."""
    settings = effective.recorded(state) or load(**where)
    url = settings.server_url
    client, api = _api(home, url)
    node = ready_node(client, home, node_name(settings)) if settings.node.enabled else ""
    processes, complaints = [], list[str]()
    for process in state["processes"]:
        process = process if is_alive(process) else {**process, "pid": 0}
        words = ("name", "pid", "restarts", "status", "started", "exit", "components")
        memory = proportional_memory(process["pid"]) if process["pid"] else 0
        processes.append({**{word: process[word] for word in words}, "memory": memory})
        complaints += _complaints(home, process)
    complaints += [f"plugin    {failure}" for failure in failures.recorded(settings.home)]
    if state.get("complaint"):
        complaints.append(f"reload    the last change was not applied: {state['complaint']}")
    well = api["ready"] and not complaints and (bool(node) or not settings.node.enabled)
    return {
        "home": str(home), "running": True, "well": well,
        "store": "" if settings.joined else effective.without_password(settings.store_url),
        "api": api, "node": {"enabled": settings.node.enabled, "ready": node}, "addons": list(settings.addons),
        "pending": list(effective.pending(settings, where)),
        "supervisor": {"pid": state["pid"], "memory": proportional_memory(state["pid"], children=False)},
        "processes": processes, "complaints": complaints, "kubeconfig": str(home / "kubeconfig"),
    }  # fmt: skip


def in_parts(home: Path, parts: Mapping[str, int]) -> dict[str, Any]:
    """State of a cluster whose processes were not started by `sampan up`."""
    from sampan_client.kubeconfig import load as load_kubeconfig

    url = load_kubeconfig(str(home / "kubeconfig")).server if (home / "kubeconfig").exists() else ""
    api = _api(home, url)[1] if url else None
    processes = [
        {
            "name": name.removeprefix(inquiry.ALONE), "pid": pid, "memory": proportional_memory(pid),
            "components": list(inquiry.components(home, name)),
        }
        for name, pid in parts.items()
    ]  # fmt: skip
    complaints = [line for name, pid in parts.items() for line in _complaints(home, {"name": name, "pid": pid})]
    well = (api is None or api["ready"]) and not complaints
    return {
        "home": str(home), "running": True, "well": well, "api": api, "parts": processes, "complaints": complaints,
    }  # fmt: skip


def _api(home: Path, url: str) -> tuple[Client, dict[str, Any]]:
    """A client of the running server (the kubeconfig may name another one by now), and the server's state."""
    from sampan_client import Client

    client = Client.from_kubeconfig(str(home / "kubeconfig"), server=url)
    try:
        client.request("GET", "/livez")
    except (StatusError, OSError) as error:
        trouble = [f"does not answer: {error or type(error).__name__}"]
    else:
        trouble = [f"is not ready: {complaint}" for complaint in complaints_of(client)]
    return client, {"url": url, "ready": not trouble, "trouble": trouble}


def in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """The same as text."""
    if not found["running"]:
        yield _why_not(Path(found["home"]))
        return
    yield f"home      {found['home']}"
    if found.get("store"):
        yield f"store     {found['store']}"
    api = found["api"]
    for words in (api["trouble"] or ["is ready"]) if api else ():
        yield f"api       {api['url']} {words}"
    yield from _parts_in_words(found) if "parts" in found else _processes_in_words(found)
    yield from found["complaints"]
    if "kubeconfig" in found:
        yield f"\nexport KUBECONFIG={found['kubeconfig']}"


def _processes_in_words(found: Mapping[str, Any]) -> Iterator[str]:
    if found["node"]["enabled"]:
        yield f"node      {found['node']['ready'] or 'none is Ready'}"
    yield f"add-ons   {', '.join(found['addons']) or 'none'}"
    for line in found["pending"]:
        yield f"not yet   {line}; it counts from the next start"
    yield f"\n{'PROCESS':14}{'PID':>8}{'MEMORY':>10}{'RESTARTS':>10}  {'SINCE':10}RUNS"
    supervisor = found["supervisor"]
    yield f"{'supervisor':14}{supervisor['pid']:>8}{in_megabytes(supervisor['memory']):>10}"
    for each in found["processes"]:
        memory = in_megabytes(each["memory"]) if each["pid"] else "-"
        since = _age(time.time() - each["started"]) if each["pid"] else each["status"]
        runs = ", ".join(each["components"]) + (f"  (last: {each['exit']})" if each["exit"] else "")
        yield f"{each['name']:14}{each['pid'] or '-':>8}{memory:>10}{each['restarts']:>10}  {since:10}{runs}"
    total = supervisor["memory"] + sum(each["memory"] for each in found["processes"])
    yield f"{'all':14}{'':8}{in_megabytes(total):>10}"


def _parts_in_words(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n{'PROCESS':24}{'PID':>8}{'MEMORY':>10}  RUNS"
    for each in found["parts"]:
        yield f"{each['name']:24}{each['pid']:>8}{in_megabytes(each['memory']):>10}  {', '.join(each['components'])}"
    yield "none of it was started by `sampan up`; parts on other machines are not seen from here"


def _complaints(home: Path, process: Mapping[str, Any]) -> list[str]:
    """A line for each failing component of a process, or for a process that has ended."""
    if not process["pid"]:
        return [f"failing   {process['name']}: {process['exit'] or process['status']}"]
    said = inquiry.components(home, process["name"])
    return [f"failing   {name}: {each['words']}" for name, each in said.items() if each["state"] == "failing"]


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
    """The command name; containers of the exec runtime are children too, but are not counted."""
    try:
        return Path(f"/proc/{pid}/comm").read_bytes()
    except OSError:
        return b""


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"
