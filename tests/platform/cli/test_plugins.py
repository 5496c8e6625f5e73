"""What `sampan plugins` says."""

from __future__ import annotations

import json
import os

import pytest

from sampan.cli import main
from sampan.fencing.books import Failure


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


def test_the_hooks_are_named_when_asked_for(run):
    assert "    hooks: contribute_admitters, contribute_authorizers, contribute_kinds" in run("list", "--wide")[1]


def test_one_plugin_is_shown_with_all_that_is_known(run, tmp_path):
    fail(tmp_path)

    said = run("show", "rbac")[1]

    assert "module    sampan_rbac.plugin\n" in said
    assert "failure   authorization: late 3 times" in said
    assert "names=('default-scheduler',)" in run("show", "scheduler")[1]


def test_a_plugin_that_is_not_there_is_said_so(run):
    code, said = run("show", "rback")

    assert (code, said) == (2, "sampan: no plugin or add-on is called 'rback' (did you mean 'rbac'?)\n")
