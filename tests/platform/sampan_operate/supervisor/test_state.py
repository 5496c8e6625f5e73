from __future__ import annotations

import os

import pytest

from sampan.errors import ConfigError
from sampan_operate.supervisor.state import (
    ProcessState,
    is_running,
    live_state,
    make_home,
    read_state,
    take_lock,
    write_state,
)


def test_one_supervisor_holds_the_lock(tmp_path):
    assert not is_running(tmp_path)

    with take_lock(tmp_path):
        assert is_running(tmp_path)
        assert take_lock(tmp_path) is None

    assert not is_running(tmp_path)


def test_the_state_is_read_as_written(tmp_path):
    write_state(tmp_path, 7, [ProcessState("apiserver", pid=8, components=["apiserver"])])

    assert read_state(tmp_path)["pid"] == 7
    assert read_state(tmp_path)["processes"][0]["components"] == ["apiserver"]


def test_no_state_and_half_a_state_are_empty(tmp_path):
    assert read_state(tmp_path) == {}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.json").write_text("{")
    assert read_state(tmp_path) == {}


def test_the_state_of_a_copied_home_is_not_live_though_its_process_is(tmp_path):
    write_state(tmp_path, os.getpid(), [])

    assert live_state(tmp_path) == {}
    with take_lock(tmp_path):
        assert live_state(tmp_path)["pid"] == os.getpid()


def test_passwords_in_the_state_are_for_its_owner_alone(tmp_path):
    write_state(tmp_path, 7, [], settings={"store": "postgresql://u:secret@h/db"})

    assert (tmp_path / "run" / "state.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", ["file", "file/below", "file/below/it"])
def test_a_home_where_no_folder_can_be_is_refused_in_words(tmp_path, place):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=r"cannot be made: .*; name a folder with --home"):
        make_home(tmp_path / place)


def test_a_home_is_made_with_what_is_above_it_and_may_be_there(tmp_path):
    for _ in range(2):
        make_home(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
