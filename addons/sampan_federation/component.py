"""The add-on as a component: its controllers over shared informers of the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from sampan.contracts.components import Running
from sampan.contracts.kinds import Resource
from sampan_client.events import Recorder
from sampan_federation import parts
from sampan_federation.caches import Caches
from sampan_federation.controllers import Context, Controller, Controllers
from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.interpreter.plugins import rules_of_plugins
from sampan_federation.members.connecting import connector
from sampan_federation.members.registry import Connect, Members
from sampan_federation.settings import Settings


class Federation:
    """Everything together. Satisfies ``Turns``."""

    def __init__(
        self,
        running: Running,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        connect: Connect | None = None,
        makers: Sequence[Callable[[Context], Controller]] = parts.MAKERS,
        scopes: Mapping[Resource, Mapping[str, str]] | None = None,
        threaded: bool = True,
    ) -> None:
        settings = running.settings or Settings()
        self._threaded = threaded
        self._recorder = Recorder(running.client, "sampan-federation", clock=clock, threaded=threaded)
        self._caches = Caches(running.client, self._synced, scopes)
        self._controllers: Controllers | None = None
        members = Members(
            self._caches, connect or connector(running.client, settings), ticks, longest=settings.answer_bytes
        )
        plugins = running.hooks.ask("contribute_interpreters") if running.hooks is not None else ()
        interpreter = Interpreter(rules_of_plugins(plugins))
        self.context = Context(running.client, self._caches, members, settings, clock, self._recorder, interpreter)
        self._controllers = Controllers([make(self.context) for make in makers], self._caches, ticks)
        self._controllers.start()
        if threaded:
            self._controllers.run_threads()

    def turn(self) -> bool:
        assert self._controllers is not None
        return self._controllers.turn() or self._recorder.write_one()

    def due(self) -> float | None:
        assert self._controllers is not None
        return self._controllers.due()

    def close(self) -> None:
        if self._controllers is not None:
            self._controllers.close()
        self._caches.close()
        self.context.members.close()
        self._recorder.close()

    def _synced(self) -> None:
        if self._controllers is not None:
            self._controllers.open_when_synced()


def run(running: Running) -> None:
    """Until stopped."""
    federation = Federation(running)
    try:
        running.ready("members are watched")
        running.stop.wait()
    finally:
        federation.close()


def turns(running: Running, clock: Callable[[], float]) -> Federation:
    """The same in turns, by the caller's clock."""
    return Federation(running, clock=clock, ticks=clock, threaded=False)
