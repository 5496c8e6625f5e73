from __future__ import annotations

import pytest

from sampan_metrics.history import FINE, STEP, History, Sample
from sampan_metrics.reading import NODE, Address

WEB = Address("ns", "web", "main")
DAY = 86400
T0 = 1_800_000_000


@pytest.fixture
def open_history(tmp_path):
    opened = []

    def open_(**bounds):
        opened.append(History(tmp_path / "history.db", **bounds))
        return opened[-1]

    yield open_
    for history in opened:
        history.close()


def fill(history, seconds, *, every=15, address=WEB, start=T0, memory=1000):
    """Measurements over so many seconds, tidied once a minute as the add-on does."""
    for at in range(start, start + seconds, every):
        history.add([Sample("n1", address, at, (at - start) * 1000, memory)])
        if at % 60 < every:
            history.tidy(at)


def test_what_was_measured_is_told_as_it_was(open_history):
    history = open_history()
    fill(history, 60)

    rows = history.query(since=T0, until=T0 + 60, namespace="ns", pod="web")

    assert [row.at for row in rows] == [T0, T0 + 15, T0 + 30, T0 + 45]
    assert rows[1][1:] == ("n1", "main", 15000, 15000, 1000, 1000)


def test_a_step_averages_and_keeps_the_most(open_history):
    history = open_history()
    fill(history, 120)

    (row,) = history.query(since=T0, until=T0 + 120, step=600, namespace="ns", pod="web")

    assert (row.cpu, row.cpu_most) == (52500, 105000)


def test_after_an_hour_averages_are_left_and_nothing_is_told_twice(open_history):
    history = open_history()
    fill(history, 3 * FINE, every=60)

    rows = history.query(since=0, until=T0 + DAY, namespace="ns", pod="web")
    coarse = [row for row in rows if row.at < T0 + 2 * FINE - STEP]

    assert [row.at for row in coarse] == list(range(T0, T0 + 2 * FINE - STEP, STEP))
    assert coarse[0].cpu == sum(range(0, STEP, 60)) * 1000 // 5
    assert [row.at for row in rows[len(coarse) :]] == list(range(T0 + 2 * FINE - STEP, T0 + 3 * FINE, 60))
    even = history.query(since=0, until=T0 + DAY, step=STEP, namespace="ns", pod="web")
    assert [row.at for row in even] == list(range(T0, T0 + 3 * FINE, STEP))


def test_what_is_older_than_a_day_goes_and_its_names_with_it(open_history):
    history = open_history(hours=2)
    fill(history, 600, address=Address("ns", "old", "main"))
    fill(history, 3 * FINE, start=T0 + 600, every=60)

    assert history.query(since=0, until=T0 + DAY, namespace="ns", pod="old") == []
    first = history.query(since=0, until=T0 + DAY, namespace="ns", pod="web")[0].at
    assert first >= T0 + 600 + FINE - 2 * STEP


def test_the_file_stays_within_its_bounds(open_history, tmp_path):
    history = open_history(megabytes=1)
    for minute in range(120):
        at = T0 + minute * 60
        history.add(Sample("n1", Address("ns", f"p{n}", "main"), at, 5, 5) for n in range(500))
        history.tidy(at)

    assert history.size() <= 1 << 20
    assert (tmp_path / "history.db").stat().st_size < 3 << 20
    assert history.query(since=at - 60, until=at, namespace="ns", pod="p7") != []


def test_nodes_have_a_history_too(open_history):
    history = open_history()
    fill(history, 30, address=NODE)

    assert len(history.query(since=T0, until=T0 + 60, node="n1")) == 2
    assert history.query(since=T0, until=T0 + 60, node="n2") == []


def test_it_outlives_a_restart(open_history):
    first = open_history()
    fill(first, 60)
    first.close()
    second = open_history()
    fill(second, 60, start=T0 + 60)

    assert len(second.query(since=T0, until=T0 + 120, namespace="ns", pod="web")) == 8


def test_a_damaged_file_is_begun_again(open_history, tmp_path):
    (tmp_path / "history.db").write_bytes(b"no database at all, but long enough to be taken for one" * 100)

    history = open_history()
    fill(history, 15)

    assert len(history.query(since=T0, until=T0 + 60, namespace="ns", pod="web")) == 1
