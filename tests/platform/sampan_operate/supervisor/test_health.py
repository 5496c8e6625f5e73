from __future__ import annotations

from sampan_operate.supervisor.health import Board


def test_all_components_have_to_be_well():
    board = Board(["a", "b"])
    a, b = board.voice("a"), board.voice("b")
    assert board.readiness() == (False, "[-]a starting\n[-]b starting\nreadyz check failed\n")

    a.ready("it works")
    b.standby("another works")

    assert board.readiness() == (True, "ok")
    assert (
        board.readiness(verbose=True)[1] == "[+]a ready: it works\n[+]b standby: another works\nreadyz check passed\n"
    )
    assert board.state()["ready"] is True


def test_a_word_that_changes_nothing_is_logged_once(caplog):
    caplog.set_level("INFO")
    voice = Board(["a"]).voice("a")
    for _ in range(3):
        voice.failing("no port")

    assert caplog.text.count("a is failing: no port") == 1


def test_since_is_the_time_of_the_state_and_not_of_the_words():
    board = Board(["a"])
    board.voice("a").ready("one")
    since = board.said()["a"].since
    board.voice("a").ready("two")

    assert board.said()["a"].since == since


def test_a_component_that_is_started_again_is_counted():
    board = Board(["a"])
    board.voice("a").ended("oh")
    board.voice("a").ended("oh")

    said = board.said()["a"]
    assert (said.state, said.words, said.restarts) == ("failing", "oh", 2)
    assert b'sampan_component_restarts_total{component="a"} 2.0' in board.exposition()
