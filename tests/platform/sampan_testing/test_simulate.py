"""The command: it shows what it ran, and how a failure is replayed."""

from __future__ import annotations

import pytest

from sampan_testing import scenarios, simulate
from sampan_testing.scenarios import Scenario
from sampan_testing.simulated import Violation


@pytest.fixture(autouse=True)
def _same_order(monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "0")


def test_a_seed_that_fails_prints_its_replay_command(monkeypatch, capsys):
    def begin(made):
        raise Violation(made.failure("it is wrong"))

    monkeypatch.setattr(scenarios, "SCENARIOS", {"bad": Scenario(begin, ())})

    assert simulate.main(["bad", "--seed", "17"]) == 1
    shown = capsys.readouterr().out
    assert "bad: seed 17: it is wrong" in shown
    assert "replay: python -m sampan_testing.simulate bad --seed 17" in shown


def test_a_process_with_another_order_of_sets_starts_itself_again(monkeypatch):
    started = []
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    monkeypatch.setattr(simulate.os, "execv", lambda path, command: started.append(command) or exit(0))

    with pytest.raises(SystemExit):
        simulate.main(["quota", "--seed", "1"])

    assert started[0][1:] == ["-m", "sampan_testing.simulate", "quota", "--seed", "1"]
