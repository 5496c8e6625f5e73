import json

import pytest

from sampan_history.commands.get import get
from sampan_machinery.resources import CONFIG_MAPS


@pytest.fixture(scope="module")
def then(cluster):
    """A revision at which ConfigMaps a and b were there; b has gone since, and a has changed."""
    made = [
        cluster.client.create(
            CONFIG_MAPS, {"metadata": {"name": name, "labels": {"t": "1"}}, "data": {"v": "1"}}, "default"
        )
        for name in ("at-a", "at-b")
    ]
    revision = made[1]["metadata"]["resourceVersion"]
    cluster.client.update(CONFIG_MAPS, {**made[0], "data": {"v": "2", "w": "3"}})
    cluster.client.delete(CONFIG_MAPS, "at-b", "default")
    return f"@{revision}"


def test_the_servers_table_is_shown_as_it_was(run, then):
    lines = run(get, "cm", "-l", "t=1", "--at", then).output.splitlines()

    assert lines[0].split() == ["NAME", "DATA", "AGE"]
    assert [line.split()[:2] for line in lines[1:]] == [["at-a", "1"], ["at-b", "1"]]


def test_one_object_and_all_forms(run, then):
    assert json.loads(run(get, "cm/at-b", "--at", then, "-o", "json").output)["data"] == {"v": "1"}
    assert 'v: "1"' in run(get, "cm", "at-a", "--at", then, "-o", "yaml").output
    assert run(get, "cm", "-l", "t=1", "--at", then, "-o", "name").output == "configmap/at-a\nconfigmap/at-b\n"
    assert json.loads(run(get, "cm", "-l", "t=1", "--at", then, "-o", "json").output)["kind"] == "List"


def test_all_namespaces_have_a_column(run, then):
    assert run(get, "cm", "-A", "-l", "t=1", "--at", then).output.startswith("NAMESPACE")


def test_a_moment_is_a_revision_too(run, then, second):
    second()

    assert "at-a" in run(get, "cm", "-l", "t=1", "--at", "2099-01-01T00:00:00Z").output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["cm"], "say when with --at"),
        (["cm", "--at", "soon"], "--at is 30s, 10m or 2h ago"),
        (["cm", "--at", "9d"], "the history does not reach back"),
        (["cm/never", "--at", "@{}"], "there was no configmap never at revision"),
        (["boats", "--at", "@2"], "the server has no kind called boats"),
        (["a", "b", "c", "--at", "@2"], "name one kind"),
    ],
)
def test_what_cannot_be_read_is_said(run, then, words, problem):
    done = run(get, *(then if word == "@{}" else word for word in words))

    assert done.exit_code
    assert problem in done.output


def test_rights_are_those_of_now(run, then):
    assert 'cannot list resource "configmaps"' in run(get, "cm", "--at", then, user="ann").output
