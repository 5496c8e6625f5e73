"""The engine: fair turns, rest, timers in order, and parts that start again."""

from __future__ import annotations

import pytest

from sampan_testing import engine as module
from sampan_testing.clocks import VirtualClock
from sampan_testing.engine import Engine
from sampan_testing.polling import News, PolledHub


class Part:
    """Works ``todo`` times, and again at each of its timers."""

    def __init__(self, name, log, clock, todo=0, timers=()):
        self.name, self.log, self.clock, self.todo, self.timers = name, log, clock, todo, list(timers)
        self.closed = False

    def turn(self):
        if self.timers and self.timers[0] <= self.clock.time():
            self.timers.pop(0)
            self.todo += 1
        if not self.todo:
            return False
        self.todo -= 1
        self.log.append((self.name, round(self.clock.time() - 1000)))
        return True

    def due(self):
        return self.timers[0] if self.timers else None

    def close(self):
        self.closed = True


@pytest.fixture
def engine():
    clock = VirtualClock(1000.0)
    return Engine(clock, PolledHub(clock.time), News())


def test_parts_work_by_turns(engine):
    log = []
    engine.add("a", lambda: Part("a", log, engine.clock, todo=2))
    engine.add("b", lambda: Part("b", log, engine.clock, todo=2))

    assert engine.settle() == 4
    assert [name for name, _ in log] == ["a", "b", "a", "b"]


def test_time_goes_from_timer_to_timer_in_their_order(engine):
    log = []
    engine.add("a", lambda: Part("a", log, engine.clock, timers=[1010.0, 1030.0, 1100.0]))
    engine.add("b", lambda: Part("b", log, engine.clock, timers=[1020.0]))

    engine.advance(60)

    assert log == [("a", 10), ("b", 20), ("a", 30)]
    assert 1060 <= engine.clock.time() < 1061


def test_what_never_comes_to_rest_is_an_error(engine, monkeypatch):
    monkeypatch.setattr(module, "MOST_TURNS", 100)
    engine.add("a", lambda: Part("a", [], engine.clock, todo=1 << 30))

    with pytest.raises(AssertionError, match="does not come to rest"):
        engine.settle()


def test_a_part_that_is_started_again_has_forgotten_everything(engine):
    engine.add("a", lambda: Part("a", [], engine.clock, todo=1))
    first = engine.parts["a"]
    engine.restart("a")

    assert first.closed
    assert engine.parts["a"] is not first


def test_a_part_that_fails_does_not_stop_the_others(engine, caplog):
    class Broken(Part):
        def turn(self):
            if self.todo:
                self.todo -= 1
                raise RuntimeError("no")
            return False

    log = []
    engine.add("broken", lambda: Broken("broken", log, engine.clock, todo=1))
    engine.add("b", lambda: Part("b", log, engine.clock, todo=1))
    engine.settle()

    assert [name for name, _ in log] == ["b"]
    assert "broken failed in a turn" in caplog.text
