"""What `sampan plugins` says."""

from __future__ import annotations

import json
import os

import pytest

from sampan import __version__
from sampan_isolation.failure_log import Failure
from sampan_operate.cli import main
from sampan_operate.supervisor.state import take_lock, write_loaded
from sampan_server.plugins.plugins import Found


@pytest.fixture
def run(tmp_path, capsys):
    def call(*argv):
        with pytest.raises(SystemExit) as ended:
            main(["--home", str(tmp_path), "plugins", *argv])
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    return call


def fail(home, **more):
    folder = home / "run" / "plugins"
    folder.mkdir(parents=True)
    failure = Failure("rbac", "authorization", "late", 3, "no answer within 1 s", 1.0)
    (folder / f"{os.getpid()}.json").write_text(json.dumps([vars(failure)]))


def test_every_plugin_is_listed_with_its_state_and_where_it_is_from(run):
    code, said = run("list")

    lines = {line.split()[0]: line.split() for line in said.splitlines()}
    assert code == 0
    assert lines["rbac"][1:3] == ["on", "sampan"]
    assert lines["rbac"][4] == "sampan_rbac.plugin"


def test_what_went_wrong_in_the_running_cluster_is_below_its_plugin(run, tmp_path):
    fail(tmp_path)

    lines = run("list")[1].splitlines()

    at = next(index for index, line in enumerate(lines) if line.startswith("rbac"))
    assert lines[at + 1].startswith("    authorization: late 3 times, last ")
    assert lines[at + 1].endswith("ago: no answer within 1 s")


def test_programs_read_the_same(run, tmp_path):
    fail(tmp_path)

    found = {each["name"]: each for each in json.loads(run("list", "-o", "json")[1])}

    assert (found["rbac"]["state"], found["rbac"]["error"]) == ("on", "")
    assert "authorization: late 3 times" in found["rbac"]["failures"][0]
    assert "dns" not in found


def test_the_hooks_are_named_when_asked_for(run):
    assert (
        "    hooks: contribute_admitters, contribute_authorizers, contribute_bootstrap_objects, contribute_kinds"
        in run("list", "--wide")[1]
    )


def test_one_plugin_is_shown_with_all_that_is_known(run, tmp_path):
    fail(tmp_path)

    said = run("show", "rbac")[1]

    assert "module    sampan_rbac.plugin\n" in said
    assert "failure   authorization: late 3 times" in said
    assert "names=('default-scheduler',)" in run("show", "scheduler")[1]


def test_a_plugin_that_is_not_there_is_said_so(run):
    code, said = run("show", "rback")

    assert (code, said) == (2, "sampan: no plugin or add-on is called 'rback' (did you mean 'rbac'?)\n")


def test_what_runs_is_listed_and_what_the_next_start_changes_is_said(run, tmp_path):
    (tmp_path / "sampan.yaml").write_text("disable: [events]\n")
    now = [
        Found("events", "sampan_events.plugin", "sampan", __version__, addon=False, enabled=True),
        Found("old", "old.plugin", "sampan-old", "1.0", addon=False, enabled=True),
    ]
    lock = take_lock(tmp_path)
    write_loaded(tmp_path, now)

    lines = run("list")[1].splitlines()

    lock.close()
    at = {line.split()[0]: number for number, line in enumerate(lines) if not line.startswith(" ")}
    assert lines[at["events"]].split()[1] == "on"
    assert lines[at["events"] + 1] == f"    off at the next start (sampan {__version__})"
    assert lines[at["old"] + 1] == "    no longer installed: gone at the next start"
    assert lines[at["rbac"]].split()[1] == "off"
    assert lines[at["rbac"] + 1] == "    on at the next start"


def test_where_nothing_runs_the_next_start_is_listed(run, tmp_path):
    write_loaded(tmp_path, [])
    (tmp_path / "sampan.yaml").write_text("disable: [events]\n")

    lines = {line.split()[0]: line.split() for line in run("list")[1].splitlines()}

    assert (lines["events"][1], lines["rbac"][1]) == ("off", "on")
