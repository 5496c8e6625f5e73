from __future__ import annotations

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_dashboard import diffs

#: A slow machine is no failure.
CHANCE = settings(deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])

LINES = st.lists(st.sampled_from(["a: 1", "b: 2", "c: 3", "- d", "+e"]), max_size=12)


@CHANCE
@given(LINES, LINES)
def test_a_diff_leads_from_one_text_to_the_other(before, after):
    found = diffs.diff("\n".join(before), "\n".join(after))

    removed = [line.text for line in found if line.sign == "-"]
    added = [line.text for line in found if line.sign == "+"]
    assert (found == []) == (before == after)
    assert len(before) - len(removed) == len(after) - len(added)


def test_what_every_write_changes_is_no_difference():
    before = {
        "metadata": {"name": "a", "resourceVersion": "1", "generation": 1, "managedFields": [1]},
        "spec": {"x": 1},
    }
    after = {"metadata": {"name": "a", "resourceVersion": "2", "generation": 2, "managedFields": [2]}, "spec": {"x": 2}}

    assert [line for line in diffs.of_objects(before, after) if line.sign in "+-"] == [("-", "  x: 1"), ("+", "  x: 2")]


def test_the_text_is_yaml_without_managed_fields():
    obj = {"kind": "Pod", "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}}

    assert yaml.safe_load(diffs.text_of(obj)) == {"kind": "Pod", "metadata": {"name": "a"}}
    assert yaml.safe_load(diffs.text_of(obj, managed=True)) == obj


def test_a_secret_is_hidden_also_where_an_annotation_repeats_it():
    secret = {
        "kind": "Secret", "data": {"password": "aHVudGVyMg=="},
        "metadata": {"name": "a", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"aHVudGVyMg=="}}', "note": "n"}},
    }  # fmt: skip

    found = diffs.hidden_secret(secret)

    assert "aHVudGVyMg" not in str(found)
    assert found["metadata"]["annotations"]["note"] == "n"
    assert list(found["data"]) == ["password"]
    assert diffs.hidden_secret({"kind": "ConfigMap", "data": {"a": "b"}}) == {"kind": "ConfigMap", "data": {"a": "b"}}
