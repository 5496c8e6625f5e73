"""`sampan up`: start the cluster, show progress, return when it works."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from sampan.errors import ConfigError, StatusError
from sampan_operate.cli import failures
from sampan_operate.cli.logging_setup import set_up
from sampan_operate.cli.logs import in_words
from sampan_operate.logfile import Handler, last_lines
from sampan_operate.supervisor import effective, inquiry, remains
from sampan_operate.supervisor.background import files_of_caller, in_background
from sampan_operate.supervisor.state import (
    is_alive,
    is_running,
    make_home,
    read_loaded,
    read_state,
    require_readable,
    take_lock,
)
from sampan_server.plugins.plugins import Found
from sampan_settings.options import node_name
from sampan_settings.settings import Settings, Where, load, parse

if TYPE_CHECKING:
    from sampan_operate.supervisor.processes import Supervisor

API_WAIT = 180.0  # seconds
NODE_WAIT = 180.0
STOP_WAIT = 30.0
HOPELESS = 3  # restarts of one process
QUIET = 3.0  # seconds of waiting about which nothing is said


@click.command()
@click.option("--foreground", is_flag=True, help="Stay, and log to the terminal; ctrl-c stops the cluster.")
@click.option("--port", type=int, default=None, help="Port of the API server (api.port).")
@click.option("--runtime", metavar="NAME", default=None, help="Container runtime, or auto (node.runtime).")
@click.option("--node/--no-node", default=None, help="Whether this machine is a node (node.enabled).")
@click.option(
    "--hollow", type=click.IntRange(0), metavar="N", default=None, help="Simulated nodes (plugins.hollow.nodes)."
)
@click.option("--hint/--no-hint", default=True, help="End with the export line for KUBECONFIG.")
@click.pass_obj
def command(
    where: Where, foreground: bool, port: int | None, runtime: str | None, node: bool | None, hollow: int | None,
    hint: bool,
) -> None:  # fmt: skip
    """Start the cluster on this machine, or say that it runs."""
    left_open = files_of_caller()
    started = time.monotonic()
    configured = load(**where)
    flags = _flags(configured, port, runtime, node, hollow)
    settings = _with_flags(configured, flags)
    if runtime is not None:
        _require_runtime(settings)
    make_home(settings.home)
    require_readable(settings.home)
    lock = take_lock(settings.home)
    if lock is None and not is_alive(read_state(settings.home)):
        lock = _inherit(settings)
    if lock is None:
        settings = _running(settings)
        click.echo(f"already running in {settings.home}; see `sampan status`")
    else:
        with lock:
            if foreground:
                set_up()
                _supervisor(settings, where["config"], flags).run()
                return
            _launch(settings, _supervisor(settings, where["config"], flags), lock, left_open)
        click.echo(f"starting in {settings.home}")
    wait_until_up(settings, started)
    for failure in failures.recorded(settings.home):
        click.echo(f"  plugin   {failure}", err=True)
    for found in (Found(**each) for each in read_loaded(settings.home)):
        if found.addon and found.lacks:  # add-ons are asked for by name; a plugin that is needed is an error
            click.echo(f"  addon    {found.name} is left out: it {found.lacks}", err=True)
    if hint:
        click.echo(f"\nexport KUBECONFIG={settings.home / 'kubeconfig'}")


def _require_runtime(settings: Settings) -> None:
    """Raises ConfigError for a mistyped runtime before anything is made."""
    from sampan_operate.supervisor.cluster import load_plugins, require_runtime

    require_runtime(settings, load_plugins(settings))


def _running(wanted: Settings) -> Settings:
    """The settings of the cluster that runs; raises ConfigError, changing nothing, where others are asked for."""
    state = _await(lambda: read_state(wanted.home), API_WAIT, wanted, "the supervisor does not start")
    return effective.refuse_others(state, wanted)


def _inherit(settings: Settings) -> IO[str] | None:
    """The lock, once what a killed supervisor left has ended; None where another `sampan up` was quicker."""
    if _starts(settings.home):
        return None
    click.echo("the last supervisor was killed; waiting for what it left")
    if not remains.end(settings.home, read_state(settings.home)):
        raise ConfigError(f"some of it does not stop; see {settings.home / 'logs'}")
    return take_lock(settings.home)


def _starts(home: Path) -> bool:
    """Whether a supervisor holds the lock but has not written its state yet."""
    return not read_state(home)


def _flags(
    settings: Settings, port: int | None, runtime: str | None, node: bool | None = None, hollow: int | None = None
) -> dict[str, Any]:
    """The flags that differ from the file."""
    wanted: dict[str, Any] = {}
    if port is not None and port != settings.api.port:
        wanted["api"] = {"port": port}
    if runtime is not None and runtime != settings.node.runtime:
        wanted["node"] = {"runtime": runtime}
    if node is not None and node != settings.node.enabled:
        wanted.setdefault("node", {})["enabled"] = node
    section = settings.plugins.get("hollow") or {}
    if hollow is not None and hollow != section.get("nodes", 0):
        wanted["plugins"] = {"hollow": {**section, "nodes": hollow}}
    return wanted


def _with_flags(settings: Settings, flags: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Checked as the file is. Raises ConfigError."""
    data = effective.record(settings)
    for section, values in flags.items():
        data[section] |= values
    return parse(data, where="the command line") if flags else settings


def _supervisor(settings: Settings, config: str, flags: Mapping[str, Any]) -> Supervisor:
    """Ready to run. Flags are kept in the file, so that a later `sampan up` without them finds the same cluster: once
    all that can go wrong before the start has gone well. Raises ConfigError."""
    from sampan_operate.cli.configuration import change
    from sampan_operate.supervisor.launch import ready_to_supervise

    supervisor = ready_to_supervise(settings, config=config)
    if flags:
        change(settings, flags, config=config)
    return supervisor


def _launch(settings: Settings, supervisor: Supervisor, lock: Any, unwanted: Iterable[int]) -> None:
    logs = settings.home / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    (settings.home / "run" / "state.json").unlink(missing_ok=True)

    def main() -> None:
        set_up(file=Handler(logs / "sampan.log", settings.logs.megabytes << 20, settings.logs.keep))
        supervisor.run()

    with open(logs / "sampan.log", "ab") as log_file:
        in_background(main, log_file, lock, unwanted)


def wait_until_up(settings: Settings, started: float) -> None:
    """Print each part when it is ready; raises ConfigError if one is not ready in time."""
    from sampan_client import Client

    since = _clock(started)
    kubeconfig = settings.home / "kubeconfig"
    _await(
        lambda: kubeconfig.exists() and read_state(settings.home), API_WAIT, settings, "the supervisor does not start"
    )
    client = Client.from_kubeconfig(str(kubeconfig), server=settings.server_url)
    _await(lambda: _answers(client), API_WAIT, settings, "the API server does not answer")
    click.echo(f"  api      {settings.server_url} answers{since()}")
    if settings.node.enabled:
        name = node_name(settings)
        node = _await(
            telling(lambda: ready_node(client, settings.home, name), lambda: unready_words(settings.home)),
            NODE_WAIT,
            settings,
            f"the node {name} does not become Ready",
        )
        click.echo(f"  node     {node} is Ready{since()}")
    for complaint in complaints_of(client):
        click.echo(f"  api      {complaint}", err=True)
    client.close()


def ready_node(client: Any, home: Path, name: str) -> str:
    """This machine's node with its runtime, "" unless it is Ready and its agent runs: the object alone may be of an
    earlier start."""
    from sampan.contracts.kinds import Resource

    if inquiry.components(home, "node").get("node", {}).get("state") != "ready":
        return ""
    try:
        status = client.get(Resource("", "v1", "nodes", "Node", False), name).get("status") or {}
    except (StatusError, OSError):
        return ""
    conditions = {str(each.get("type")): each.get("status") for each in status.get("conditions") or ()}
    runtime = (status.get("nodeInfo") or {}).get("containerRuntimeVersion") or "unknown runtime"
    return f"{name} ({runtime})" if conditions.get("Ready") == "True" else ""


def unready_words(home: Path) -> str:
    """Why the node's agent fails at present, in its words; "" where it does not, or where it is not known."""
    agent = inquiry.components(home, "node").get("node", {})
    return str(agent.get("words") or "") if agent.get("state") == "failing" else ""


def telling(
    found: Callable[[], Any], words: Callable[[], str], *, clock: Callable[[], float] = time.monotonic
) -> Callable[[], Any]:
    """``found``, which says each reason once while there is nothing, from QUIET on: three minutes are long for a user
    whose container engine is not started."""
    began, told = clock(), {""}

    def ask() -> Any:
        result = found()
        if not result and clock() - began >= QUIET and (why := words()) not in told:
            told.add(why)
            click.echo(f"  node     waits: {why}", err=True)
        return result

    return ask


def complaints_of(client: Any) -> list[str]:
    """The reasons that the API server reports for not being ready."""
    try:
        client.request("GET", "/readyz")
    except (StatusError, OSError) as error:
        lines = str(error).splitlines()
        return [line[3:] for line in lines if line.startswith("[-]")] or [str(error)]
    return []


def _answers(client: Any) -> bool:
    """Whether it answers; the store may have no space for new objects."""
    try:
        client.request("GET", "/readyz", query={"exclude": "store-writes"})
    except (StatusError, OSError):
        return False
    return True


def _await(found: Callable[[], Any], seconds: float, settings: Settings, complaint: str) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := found()):
        if time.monotonic() > deadline or _is_hopeless(settings.home):
            log = settings.home / "logs" / "sampan.log"
            said = _refusal(log) if _end_refused(settings.home) else ""
            raise ConfigError(said or f"{complaint}; see `sampan logs` ({log})\n{_last_lines(log)}")
        time.sleep(0.02)
    return result


def _is_hopeless(home: Path) -> bool:
    """Whether the supervisor has ended, or one of its processes ends repeatedly."""
    state = read_state(home)
    if not state:
        return False
    failing = any(each["restarts"] >= HOPELESS or each["status"] == "refused" for each in state["processes"])
    return failing or not is_alive(state)


def _end_refused(home: Path) -> bool:
    """Stop a cluster whose API server says that it cannot start, for without it the rest would only wait; whether it
    is one."""
    state = read_state(home)
    refused = any(each["name"] == "apiserver" and each["status"] == "refused" for each in state.get("processes", ()))
    if refused and is_alive(state):
        with contextlib.suppress(ProcessLookupError):
            os.kill(state["pid"], signal.SIGTERM)
        deadline = time.monotonic() + STOP_WAIT
        while is_running(home) and time.monotonic() < deadline:
            time.sleep(0.02)
    return refused


def _refusal(log: Path) -> str:
    """Why a process does not start, as it has logged last; "" where it has not."""
    said = [in_words(line).splitlines()[0] for line in tail(log) if " does not start: " in line]
    return said[-1].partition(": ")[2] if said else ""


def tail(path: Path) -> list[str]:
    """The log's last lines; none where it cannot be read."""
    try:
        return last_lines(path, 200)
    except OSError:
        return []


def _last_lines(path: Path, count: int = 8) -> str:
    """The last warnings and errors, each in one line."""
    words = [in_words(line).splitlines()[0] for line in tail(path) if line.strip()]
    return "\n".join([line for line in words if " warning " in line or " error " in line][-count:])


def _clock(started: float) -> Callable[[], str]:
    return lambda: f"  ({time.monotonic() - started:.1f} s)"
