from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_operate.cli.addons import states as module
from sampan_operate.cli.addons.states import FIRM, AddonState, check_installed, settled, started, states
from sampan_operate.supervisor.state import ProcessState, take_lock, write_state
from sampan_server.plugins.plugins import Found, Plugins
from sampan_settings.settings import parse


@pytest.fixture
def settings(tmp_path):
    return parse({"home": str(tmp_path)})


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A cluster with the given process states; what their components say is given too."""
    locks = []

    def begin(processes, said=None):
        locks.append(take_lock(tmp_path))
        write_state(tmp_path, 1, processes)
        monkeypatch.setattr(module.inquiry, "components", lambda home, process: (said or {}).get(process, {}))

    yield begin
    for lock in locks:
        lock.close()


def dns(**more):
    return ProcessState("dns", components=["dns"], **more)


def state_of(settings, addons=("dns",)):
    found = next(state for state in states(settings, Plugins(addons=addons)) if state.name == "dns")
    return found.state, found.words


def test_without_a_cluster_enabled_is_stopped_and_disabled_is_off(settings):
    assert state_of(settings) == ("stopped", "")
    assert state_of(settings, ()) == ("off", "")


@pytest.mark.parametrize(
    ("said", "state"), [("ready", "runs"), ("standby", "runs"), ("failing", "failing"), ("starting", "starting")]
)
def test_it_is_as_its_component_says(settings, running, said, state):
    running([dns(pid=1)], {"dns": {"dns": {"state": said, "words": "so it is"}}})

    assert state_of(settings) == (state, "so it is")


def test_a_process_that_does_not_answer_yet_is_starting(settings, running):
    running([dns(pid=1)])

    assert state_of(settings) == ("starting", "")


def test_a_process_that_ended_is_failing_and_says_how(settings, running):
    running([dns(pid=0, exit="ended with code 1")])

    assert state_of(settings) == ("failing", "ended with code 1")


def test_a_disabled_one_that_is_still_there_is_stopping(settings, running):
    running([dns(pid=1)])

    assert state_of(settings, ()) == ("stopping", "")


def test_an_enabled_one_that_the_supervisor_has_not_taken_up_is_starting(settings, running):
    running([])

    assert state_of(settings) == ("starting", "")


def test_one_that_cannot_be_loaded_says_why(settings):
    plugins = Plugins(entry_points=[])
    plugins.found.append(Found("bad", "m", "d", "1", addon=True, enabled=True, error="ImportError: no"))

    assert [(s.state, s.words) for s in states(settings, plugins)] == [("failed to load", "ImportError: no")]


def test_waiting_is_bounded_and_says_how_it_is_then(settings, running):
    running([dns(pid=1)])

    assert started(settings, "dns", 0.0).state == "starting"


class Said:
    """A state for each time that it is asked, the last one from then on; a clock that asking moves by a second."""

    def __init__(self, *states):
        self.states, self.now = list(states), 100.0

    def ask(self):
        self.now += 1.0
        return AddonState("dns", True, self.states.pop(0) if len(self.states) > 1 else self.states[0], "1")

    def settled(self, seconds=60.0):
        return settled(self.ask, seconds, clock=lambda: self.now, sleep=lambda _: None).state


def test_a_first_attempt_that_fails_is_no_result():
    assert Said("starting", "failing", "starting", "runs").settled() == "runs"
    assert Said("failing", "failing", "runs").settled() == "runs"


def test_one_that_fails_for_good_is_not_waited_for_to_the_end():
    said = Said("starting", "failing")

    assert said.settled() == "failing"
    assert said.now - 100.0 == 2 + FIRM


def test_a_break_between_two_failures_starts_the_count_again():
    assert Said("failing", "starting", "failing", "starting", "failing", "runs").settled() == "runs"
    assert Said("failing", "starting").settled(5.0) == "starting"


def test_an_unknown_name_has_a_suggestion():
    with pytest.raises(ConfigError, match="no add-on is called 'dsn' \\(did you mean 'dns'"):
        check_installed(Plugins(addons=()), "dsn")
