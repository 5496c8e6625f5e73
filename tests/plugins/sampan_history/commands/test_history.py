import json

import pytest

from sampan_history.commands.history import history
from sampan_machinery.resources import CONFIG_MAPS, SECRETS


@pytest.fixture
def changed(cluster, request):
    """A ConfigMap that was written three times."""
    name = request.node.name.replace("_", "-")[:60].strip("-")
    made = cluster.client.create(CONFIG_MAPS, {"metadata": {"name": name}, "data": {"v": "1"}}, "default")
    for value in "23":
        made = cluster.client.update(CONFIG_MAPS, {**made, "data": {"v": value}})
    return name


def test_every_revision_is_shown_with_what_it_changed(run, changed):
    lines = run(history, f"cm/{changed}").output.splitlines()

    assert lines[0].split() == ["REVISION", "TIME", "CHANGE"]
    assert [line.split("   ")[-1] for line in lines[1:]] == ["data.v: 2 → 3", "data.v: 1 → 2", "created"]


def test_a_diff_is_shown_of_each(run, changed):
    output = run(history, "configmap", changed, "--diff").output

    assert output.count("@@") == 4
    assert '-  v: "1"' in output
    assert '+  v: "2"' in output


def test_who_is_told_by_managed_fields_and_the_audit_log(run, changed, cluster, tmp_path):
    revision = cluster.client.get(CONFIG_MAPS, changed, "default")["metadata"]["resourceVersion"]
    log = tmp_path / "audit.log"
    about = {"resource": "configmaps", "namespace": "default", "name": changed}
    log.write_text(
        json.dumps(
            {
                "stage": "ResponseComplete",
                "verb": "update",
                "user": {"username": "ann"},
                "objectRef": about,
                "stageTimestamp": "2020-01-01T00:00:00Z",
                "responseObject": {"metadata": {"resourceVersion": revision}},
            }
        )
    )
    lines = run(history, f"cm/{changed}", "--who", "--audit-log", str(log)).output.splitlines()

    assert "WHO" in lines[0]
    assert "ann" in lines[1]
    assert "ann" not in lines[2]
    assert "cannot be read" in run(history, f"cm/{changed}", "--who", "--audit-log", str(tmp_path / "no")).output


def test_json_holds_fields_and_managers(run, changed):
    found = json.loads(run(history, f"cm/{changed}", "-o", "json").output)

    assert found["revisions"][0]["fields"] == [{"path": "data.v", "before": "2", "after": "3"}]
    assert [each["change"] for each in found["revisions"]] == ["changed", "changed", "created"]


def test_a_deleted_object_has_a_history_too(run, changed, cluster, second):
    second()
    cluster.client.delete(CONFIG_MAPS, changed, "default")

    assert run(history, f"cm/{changed}").output.splitlines()[1].endswith("deleted")


def test_a_limit_leaves_the_oldest_out(run, changed):
    lines = run(history, f"cm/{changed}", "--limit", "2").output.splitlines()

    assert len(lines) == 3
    assert lines[2].endswith("oldest kept")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["cm/never"], "the history knows no configmap default/never"),
        (["never"], "name one object"),
        (["boat/a"], "no kind"),
    ],
)
def test_what_has_no_history_is_said(run, words, problem):
    done = run(history, *words)

    assert done.exit_code
    assert problem in done.output


def test_the_history_of_a_secret_wants_the_right_to_get_it(run, cluster):
    cluster.client.create(SECRETS, {"metadata": {"name": "hidden"}, "stringData": {"p": "x"}}, "default")

    done = run(history, "secret/hidden", user="ann")
    assert (done.exit_code, 'cannot get resource "secrets"' in done.output) == (1, True)
    assert run(history, "secret/hidden").exit_code == 0
