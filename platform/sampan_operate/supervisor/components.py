"""Runs components in one process: one thread each, restarted with back-off, stopped together.

Used by supervised processes, `sampan run` and `sampan addons run`; ``ProcessContext`` holds their differences.
"""

from __future__ import annotations

import dataclasses
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan.errors import SampanError
from sampan_client import Client
from sampan_operate.supervisor.election import StopEvent, run_elected
from sampan_operate.supervisor.health import HealthReporter, ProcessHealth
from sampan_operate.supervisor.health_server import HealthServer
from sampan_operate.supervisor.inquiry import socket_of
from sampan_operate.supervisor.members import Member, may_ship, shipped
from sampan_operate.supervisor.memory import LOADED, trim
from sampan_operate.supervisor.state import read_state, run_directory
from sampan_server.plugins.asking import HooksOf
from sampan_server.plugins.plugins import Plugins
from sampan_shipping import Shipment

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2  # seconds before the first restart of a failed component
LONGEST_PAUSE = 30.0
SAID_WITHIN = 1.0  # seconds to wait for the supervisor to say that it ends
STOPPING = 12.0  # a component has 10 s to end; an elected one releases its lease afterwards


@dataclass(frozen=True)
class ProcessContext:
    """How a process connects, ships manifests and exposes its health."""

    home: Path
    process: str  # names its socket in home/run
    connect: Callable[[Member], Client]  # with the member's own identity
    ship: Callable[[], Client] | None  # with permission to create what is shipped; None: this process ships nothing
    listen: str = ""  # HOST:PORT for health and metrics, beside the socket
    is_final: Callable[[], bool] = lambda: True  # as ``Running.is_final``


def supervised(home: Path, process: str, admin: str) -> ProcessContext:
    """For a process under `sampan up`: every identity is a kubeconfig in home. ``admin``: the one that may make what is
    shipped; "": nothing is shipped from here."""

    def connect(member: Member) -> Client:
        path = home / "kubeconfigs" / member.name
        return Client.from_kubeconfig(str(path), user_agent=f"sampan-{member.name}")

    ship = (lambda: Client.from_kubeconfig(admin, user_agent="sampan-manifests")) if admin else None
    return ProcessContext(home, process, connect, ship, is_final=partial(is_ending, home))


def is_ending(home: Path, patience: float = SAID_WITHIN) -> bool:
    """Whether the supervisor ends, as its state file says it. Waits for that: who shuts a machine down may signal this
    process before the supervisor."""
    deadline = time.monotonic() + patience
    while not read_state(home).get("stopping"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def run_components(
    members: Iterable[Member], plugins: Plugins, options: ClusterOptions, context: ProcessContext
) -> None:
    """Run the components until SIGTERM or SIGINT; call on the main thread. Raises ConfigError if it cannot listen."""
    asked, members = threading.Event(), list(members)
    options = dataclasses.replace(options, beside=tuple(member.name for member in members))
    plugins.failure_log.keep_in(context.home / "run" / "plugins")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    health, stop = ProcessHealth(member.name for member in members), StopEvent()
    with ExitStack() as stack:
        exposure = HealthServer(health)
        stack.callback(exposure.close)
        exposure.on_file(socket_of(run_directory(context.home).parent, context.process))
        if context.listen:
            log.info("health and metrics are at http://%s", exposure.on_address(context.listen))
        keepers = [ComponentRunner(member, members, plugins, options, context, health, stop) for member in members]
        for keeper in keepers:
            keeper.start()
        if not asked.wait(LOADED):
            trim()
        asked.wait()
        stop.set()
        for keeper in keepers:
            keeper.wait()


class ComponentRunner:
    """Runs one component: applies its manifests, runs it, and restarts it with back-off."""

    def __init__(
        self, member: Member, members: Iterable[Member], plugins: Plugins, options: ClusterOptions,
        context: ProcessContext, health: ProcessHealth, stop: StopEvent,
    ) -> None:  # fmt: skip
        self._member = member
        self._siblings = [each for each in members if each.plugin == member.plugin]
        self._options, self._plugins = options, plugins
        self._context = context
        self._reporter: HealthReporter = health.reporter(member.name)
        self._stop = stop.branch()
        self._client: Client | None = None
        self._thread = threading.Thread(target=self.run, name=member.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        seconds = STOPPING + self._member.stop_seconds
        self._thread.join(timeout=seconds)
        if self._thread.is_alive():
            log.warning("%s did not stop within %.0f s and is abandoned", self._member.name, seconds)

    def run(self) -> None:
        pause, name = FIRST_PAUSE, self._member.name
        while not self._stop.is_set():
            self._reporter.starting()
            try:
                self._once()
                if self._stop.is_set():
                    return
                log.error("%s ended by itself; restarting it in %.1f s", name, pause)
                self._reporter.ended("ended by itself")
            except Exception as error:
                if self._stop.is_set():
                    return
                traced = None if isinstance(error, ConnectionError) else error  # the API server does not answer yet
                log.error("%s failed; restarting it in %.1f s: %s", name, pause, error, exc_info=traced)
                self._reporter.ended(in_words(error))
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self) -> None:
        member = self._member
        if self._context.ship is not None and may_ship(self._siblings):
            self._ship(self._context.ship)
        if self._client is None:
            self._client = self._context.connect(member)
        home = str(directory(self._context.home, member.name))
        running = Running(
            client=self._client,
            settings=member.settings,
            home=home,
            stop=self._stop,
            options=self._options,
            is_final=self._context.is_final,
            ready=self._reporter.ready,
            failing=self._reporter.failing,
            metrics=self._reporter.new_registry(),
            hooks=HooksOf(self._plugins, member.component.hooks, home=home, options=self._options),
        )
        if member.component.elected:
            run_elected(member.component, running, self._stop, self._reporter.standby)
        else:
            member.component.run(running)

    def _ship(self, connect: Callable[[], Client]) -> None:
        """Apply the manifests of the whole add-on, from any of its components: they share one inventory."""
        client = connect()
        try:
            manifests = shipped(self._siblings, self._options)
            Shipment(client, self._member.plugin or self._member.name, self._member.version, manifests).apply()
        finally:
            client.close()


def directory(home: Path, name: str) -> Path:
    """The component's directory; created if it is missing."""
    path = home / "components" / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def in_words(error: Exception) -> str:
    """An error as a message; errors that are not sampan's with their type."""
    return str(error) if isinstance(error, SampanError) else f"{type(error).__name__}: {error}"
