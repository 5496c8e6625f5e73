from __future__ import annotations

import pytest

from sampan_operate.cli.up import QUIET, telling, unready_words
from sampan_operate.supervisor import inquiry


def test_each_reason_is_told_once_while_there_is_nothing(capsys):
    now, reasons, found = [0.0], ["", "no Docker daemon", "no Docker daemon", "no image", "no Docker daemon"], [""]
    ask = telling(lambda: found[0], lambda: reasons.pop(0), clock=lambda: now[0])

    assert ask() == ""  # too early to say anything
    now[0] = QUIET
    while reasons:
        assert ask() == ""
    found[0] = "node-1"
    assert ask() == "node-1"

    lines = capsys.readouterr().err.splitlines()
    assert lines == ["  node     waits: no Docker daemon", "  node     waits: no image"]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"node": {"state": "failing", "words": "no Docker daemon answers"}}, "no Docker daemon answers"),
        ({"node": {"state": "ready", "words": "the node is Ready"}}, ""),
        ({"node": {"state": "starting", "words": ""}, "proxy": {"state": "failing", "words": "no nft"}}, ""),
        ({}, ""),
    ],
)
def test_why_the_agent_fails_is_in_its_own_words(tmp_path, monkeypatch, report, words):
    monkeypatch.setattr(inquiry, "components", lambda home, process: report if process == "node" else {})

    assert unready_words(tmp_path) == words
