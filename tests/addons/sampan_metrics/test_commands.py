from __future__ import annotations

import pytest

from sampan_metrics import commands
from sampan_metrics.plugin import contribute_commands


def row(cpu, memory="2048Ki"):
    used = {"cpu": f"{cpu}n", "memory": memory}
    return {"timestamp": "2027-01-15T08:00:00Z", "container": "main", "usage": used, "most": used}


def test_rows_become_lines_with_a_bar():
    head, first, second = commands.table([row(500_000_000), row(250_000_000)])

    assert head.split() == ["TIME", "CONTAINER", "CPU(cores)", "MOST", "MEMORY", "MOST"]
    assert first.split()[1:-1] == ["main", "500m", "500m", "2Mi", "2Mi"]
    assert first.count("█") == 2 * second.count("█") == 20


def test_no_rows_are_said_in_words():
    assert commands.table([]) == ["nothing is known of that time"]


@pytest.mark.parametrize(
    ("since", "until", "step"),
    [("1h", "0s", "120s"), ("5m", "0s", "15s"), ("1d", "0s", "3600s"), ("2h", "1h", "120s"), ("1800000000", "0s", "")],
)
def test_the_step_fits_a_screen(since, until, step):
    assert commands.fitting(since, until) == step


def test_the_command_is_loaded_when_it_is_called():
    (command,) = contribute_commands()

    assert (command.name, command.parent) == ("metrics", "")
    assert list(command.load().commands) == ["history"]
