from __future__ import annotations

import pytest

from sampan.contracts.kinds import Draft
from sampan.errors import BadRequest
from sampan_daemonsets.kind import DAEMON_SET, GENERATION, default, prepare


def prepared(new, old=None, subresource=""):
    prepare(Draft(new, old, subresource, ""))
    return new["metadata"]["annotations"][GENERATION]


def test_defaults_are_those_of_upstream(build):
    spec = build()["spec"]

    assert spec["updateStrategy"] == {
        "type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}
    }  # fmt: skip
    assert spec["revisionHistoryLimit"] == 10
    assert build(updateStrategy={"type": "OnDelete"})["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_a_template_that_changes_has_the_next_generation(build):
    old = build()
    assert prepared(old) == "1"

    same = build(minReadySeconds=3)
    same["metadata"]["annotations"] = {GENERATION: "9", "mine": "kept"}
    assert prepared(same, old) == "1"
    assert same["metadata"]["annotations"]["mine"] == "kept"

    assert prepared(build("v2"), old) == "2"
    assert prepared(build("v2"), old, "status") == "1"


def test_a_first_generation_may_be_given_as_a_number(build):
    given = build()
    given["metadata"]["annotations"] = {GENERATION: "5"}
    assert prepared(given) == "5"

    given["metadata"]["annotations"] = {GENERATION: "five"}
    with pytest.raises(BadRequest, match="is not a whole number"):
        prepared(given)


def test_the_columns_show_the_node_selector(build):
    obj = {**build(pod={"nodeSelector": {"b": "2", "a": "1"}}), "status": {"desiredNumberScheduled": 2}}

    cells = [column.cell(obj) for column in DAEMON_SET.columns[:7]]

    assert cells == ["agent", 2, 0, 0, 0, 0, "a=1,b=2"]
    assert DAEMON_SET.columns[6].cell(build()) == "<none>"


def test_who_leaves_the_number_of_the_template_out_owns_it():
    obj = {"metadata": {}, "spec": {"template": {"spec": {"containers": []}}}}

    default(obj)
    assert obj["metadata"]["annotations"] == {GENERATION: "0"}
    obj["metadata"]["annotations"] = {GENERATION: "7"}
    default(obj)
    assert obj["metadata"]["annotations"] == {GENERATION: "7"}
