from __future__ import annotations

import pytest

from sampan.contracts.store import Delete, Put, Stale, Unavailable
from sampan_etcd.pipeline import UNDER_WAY, Pipeline


class Bench:
    """A pipeline whose commits the test finishes by hand."""

    def __init__(self):
        self.started = []
        self.answers = []
        self.pipeline = Pipeline(self.started.append)

    def submit(self, *keys):
        number = len(self.answers) + len(self.started)
        self.pipeline.submit([Put(key, b"") for key in keys], lambda answer: self.answers.append((keys, answer)))
        return number

    def finish(self, place, answer):
        self.pipeline.finish(self.started[place], answer)


@pytest.fixture
def bench():
    return Bench()


def keys(bench):
    return [[op.key for op in order.ops] for order in bench.started]


def test_commits_of_different_keys_are_under_way_at_once(bench):
    bench.submit("a")
    bench.submit("b")

    assert keys(bench) == [["a"], ["b"]]


def test_commits_with_a_common_key_follow_one_another(bench):
    bench.submit("a", "b")
    bench.submit("b", "c")
    bench.submit("c")
    bench.submit("d")
    assert keys(bench) == [["a", "b"], ["d"]]

    bench.finish(0, 2)
    assert keys(bench)[2:] == [["b", "c"]]
    bench.finish(2, 4)
    assert keys(bench)[3:] == [["c"]]


def test_callbacks_come_in_the_order_of_the_revisions(bench):
    for key in "abc":
        bench.submit(key)
    bench.finish(2, 4)
    bench.finish(0, 3)
    assert bench.answers == []  # b may have been the second

    bench.finish(1, 2)
    assert [answer for _, answer in bench.answers] == [2, 3, 4]


def test_who_started_after_an_answer_cannot_come_before_it(bench):
    bench.submit("a")
    bench.submit("b")
    bench.finish(0, 9)
    bench.submit("c")

    bench.finish(1, Stale("b"))

    assert [answer if isinstance(answer, int) else type(answer) for _, answer in bench.answers] == [Stale, 9]


def test_the_next_revision_does_not_wait(bench):
    for key in "abc":
        bench.submit(key)
    bench.finish(0, 5)
    bench.finish(1, 6)
    assert bench.answers == []
    bench.finish(2, 4)
    assert [answer for _, answer in bench.answers] == [4, 5, 6]

    bench.submit("d")
    bench.submit("e")
    bench.finish(4, 7)

    assert bench.answers[-1] == (("e",), 7)


def test_a_failed_commit_lets_those_behind_it_go_on(bench):
    bench.submit("a")
    bench.submit("a")
    bench.finish(0, Unavailable("lost"))

    assert len(bench.started) == 2
    bench.finish(1, 2)
    assert [type(answer) for _, answer in bench.answers] == [Unavailable, int]


def test_only_so_many_are_under_way(bench):
    for number in range(UNDER_WAY + 5):
        bench.submit(str(number))
    assert len(bench.started) == UNDER_WAY

    bench.finish(0, 2)

    assert len(bench.started) == UNDER_WAY + 1


def test_a_closed_pipeline_refuses(bench):
    bench.pipeline.close(1)
    bench.pipeline.submit((Delete("a"),), lambda answer: bench.answers.append(("a", answer)))

    assert isinstance(bench.answers[0][1], Unavailable)
    assert bench.started == []
