"""Running components inside one process: a thread each, restarted with back-off, stopped together.

The same for supervised processes, `sampan run` and `sampan addons run`; what differs between them is ``Surroundings``.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan.errors import SampanError
from sampan_client import Client
from sampan_operate.supervisor.election import Stop, run_elected
from sampan_operate.supervisor.exposing import Exposure
from sampan_operate.supervisor.health import Board, Voice
from sampan_operate.supervisor.inquiry import socket_of
from sampan_operate.supervisor.members import Member, may_ship, shipped
from sampan_operate.supervisor.state import run_directory
from sampan_server.plugins.asking import HooksOf
from sampan_server.plugins.plugins import Plugins
from sampan_shipping import Shipment

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2  # seconds before the first restart of a failed component
LONGEST_PAUSE = 30.0
STOPPING = 12.0  # a component has 10 s to end; one that is elected gives its lease back after that


@dataclass(frozen=True)
class Surroundings:
    """Where a process finds itself."""

    home: Path
    process: str  # names its socket in home/run
    connect: Callable[[Member], Client]  # with the member's own identity
    ship: Callable[[], Client] | None  # with the right to make what is shipped; None: nothing is shipped from here
    listen: str = ""  # HOST:PORT for health and metrics, beside the socket


def supervised(home: Path, process: str, admin: str) -> Surroundings:
    """Of a process under `sampan up`: every identity is a kubeconfig in home."""

    def connect(member: Member) -> Client:
        path = home / "kubeconfigs" / member.name
        return Client.from_kubeconfig(str(path), user_agent=f"sampan-{member.name}")

    return Surroundings(home, process, connect, lambda: Client.from_kubeconfig(admin, user_agent="sampan-manifests"))


def run_components(
    members: Iterable[Member], plugins: Plugins, options: ClusterOptions, surroundings: Surroundings
) -> None:
    """Run them until SIGTERM or SIGINT; call on the main thread. Raises ConfigError where it cannot be listened."""
    asked, members = threading.Event(), list(members)
    plugins.failure_log.keep_in(surroundings.home / "run" / "plugins")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    board, stop = Board(member.name for member in members), Stop()
    with ExitStack() as stack:
        exposure = Exposure(board)
        stack.callback(exposure.close)
        exposure.on_file(socket_of(run_directory(surroundings.home).parent, surroundings.process))
        if surroundings.listen:
            log.info("health and metrics are at http://%s", exposure.on_address(surroundings.listen))
        keepers = [Keeper(member, members, plugins, options, surroundings, board, stop) for member in members]
        for keeper in keepers:
            keeper.start()
        asked.wait()
        stop.set()
        for keeper in keepers:
            keeper.wait()


class Keeper:
    """Keeps one component running: ships what it ships, runs it, and begins again with growing pauses."""

    def __init__(
        self, member: Member, members: Iterable[Member], plugins: Plugins, options: ClusterOptions,
        surroundings: Surroundings, board: Board, stop: Stop,
    ) -> None:  # fmt: skip
        self._member = member
        self._family = [each for each in members if each.plugin == member.plugin]
        self._options, self._plugins = options, plugins
        self._surroundings = surroundings
        self._voice: Voice = board.voice(member.name)
        self._stop = stop.branch()
        self._client: Client | None = None
        self._thread = threading.Thread(target=self.keep, name=member.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        self._thread.join(timeout=STOPPING)
        if self._thread.is_alive():
            log.warning("%s did not stop within %.0f s and is left behind", self._member.name, STOPPING)

    def keep(self) -> None:
        pause, name = FIRST_PAUSE, self._member.name
        while not self._stop.is_set():
            self._voice.starting()
            try:
                self._once()
                if self._stop.is_set():
                    return
                log.error("%s ended by itself; starting it again in %.1f s", name, pause)
                self._voice.ended("ended by itself")
            except Exception as error:
                if self._stop.is_set():
                    return
                traced = None if isinstance(error, ConnectionError) else error  # the API server does not answer yet
                log.error("%s failed; starting it again in %.1f s: %s", name, pause, error, exc_info=traced)
                self._voice.ended(in_words(error))
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self) -> None:
        member = self._member
        if self._surroundings.ship is not None and may_ship(self._family):
            self._ship(self._surroundings.ship)
        if self._client is None:
            self._client = self._surroundings.connect(member)
        home = str(directory(self._surroundings.home, member.name))
        running = Running(
            client=self._client,
            settings=member.settings,
            home=home,
            stop=self._stop,
            options=self._options,
            ready=self._voice.ready,
            failing=self._voice.failing,
            metrics=self._voice.figures(),
            hooks=HooksOf(self._plugins, member.component.hooks, home=home, options=self._options),
        )
        if member.component.elected:
            run_elected(member.component, running, self._stop, self._voice.standby)
        else:
            member.component.run(running)

    def _ship(self, connect: Callable[[], Client]) -> None:
        """What the whole add-on ships, whichever of its components comes first: they have one inventory."""
        client = connect()
        try:
            manifests = shipped(self._family, self._options)
            Shipment(client, self._member.plugin or self._member.name, self._member.version, manifests).apply()
        finally:
            client.close()


def directory(home: Path, name: str) -> Path:
    """The component's own; made where it is missing."""
    path = home / "components" / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def in_words(error: Exception) -> str:
    """What an error of ours says, any other with its type."""
    return str(error) if isinstance(error, SampanError) else f"{type(error).__name__}: {error}"
