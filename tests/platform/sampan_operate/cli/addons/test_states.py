from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_operate.cli.addons import states as module
from sampan_operate.cli.addons.states import check_installed, states, wait_for
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

    assert wait_for(settings, "dns", lambda state: False, 0.0).state == "starting"


def test_an_unknown_name_has_a_suggestion():
    with pytest.raises(ConfigError, match="no add-on is called 'dsn' \\(did you mean 'dns'"):
        check_installed(Plugins(addons=()), "dsn")
