from __future__ import annotations

from sampan_operate.supervisor.health import ProcessHealth


def test_all_components_have_to_be_well():
    health = ProcessHealth(["a", "b"])
    a, b = health.reporter("a"), health.reporter("b")
    assert health.readiness() == (False, "[-]a starting\n[-]b starting\nreadyz check failed\n")

    a.ready("it works")
    b.standby("another works")

    assert health.readiness() == (True, "ok")
    assert (
        health.readiness(verbose=True)[1] == "[+]a ready: it works\n[+]b standby: another works\nreadyz check passed\n"
    )
    assert health.state()["ready"] is True


def test_a_word_that_changes_nothing_is_logged_once(caplog):
    caplog.set_level("INFO")
    reporter = ProcessHealth(["a"]).reporter("a")
    for _ in range(3):
        reporter.failing("no port")

    assert caplog.text.count("a is failing: no port") == 1


def test_since_is_the_time_of_the_state_and_not_of_the_words():
    health = ProcessHealth(["a"])
    health.reporter("a").ready("one")
    since = health.states()["a"].since
    health.reporter("a").ready("two")

    assert health.states()["a"].since == since


def test_a_component_that_is_started_again_is_counted():
    health = ProcessHealth(["a"])
    health.reporter("a").ended("oh")
    health.reporter("a").ended("oh")

    said = health.states()["a"]
    assert (said.state, said.words, said.restarts) == ("failing", "oh", 2)
    assert b'sampan_component_restarts_total{component="a"} 2.0' in health.exposition()


def test_why_a_run_failed_is_said_until_the_next_one_reports():
    health = ProcessHealth(["a"])
    reporter = health.reporter("a")
    reporter.starting()
    assert health.states()["a"].state == "starting"
    reporter.ended("its port is taken")

    reporter.starting()

    assert (health.states()["a"].state, health.states()["a"].words) == ("failing", "its port is taken")
    reporter.ready("it answers")
    assert (health.states()["a"].state, health.states()["a"].words) == ("ready", "it answers")
