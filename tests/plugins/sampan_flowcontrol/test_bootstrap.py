from __future__ import annotations

import copy

import pytest

from sampan_flowcontrol import bootstrap
from sampan_flowcontrol.kinds import default_level, default_schema
from sampan_flowcontrol.validation import validate_level, validate_schema


def test_all_objects_are_valid_and_have_their_defaults():
    for manifest in bootstrap.manifests():
        is_level = manifest["kind"] == "PriorityLevelConfiguration"
        defaulted = copy.deepcopy(manifest)
        (default_level if is_level else default_schema)(defaulted)

        assert defaulted == manifest
        assert list((validate_level if is_level else validate_schema)(manifest, None)) == []


def test_every_schema_names_a_level_that_is_there():
    levels = {each["metadata"]["name"] for each in bootstrap.manifests() if "rules" not in each["spec"]}
    named = {
        each["spec"]["priorityLevelConfiguration"]["name"] for each in bootstrap.manifests() if "rules" in each["spec"]
    }

    assert named <= levels
    assert len(bootstrap.manifests()) == 19


@pytest.mark.parametrize(
    "name, annotations, generation, restored",
    [
        ("system", {bootstrap.AUTOUPDATE: "true"}, 5, True),
        ("system", {bootstrap.AUTOUPDATE: "false"}, 1, False),
        ("system", {}, 1, True),
        ("system", {}, 2, False),
        ("catch-all", {bootstrap.AUTOUPDATE: "false"}, 5, True),
        ("exempt", {bootstrap.AUTOUPDATE: "false"}, 5, False),
    ],
)
def test_a_changed_spec_is_set_back_where_the_object_says_so(name, annotations, generation, restored):
    manifest = bootstrap.level(name)
    current = copy.deepcopy(manifest)
    current["metadata"] = {"name": name, "annotations": annotations, "generation": generation, "uid": "7"}
    current["spec"]["limited"] = {"nominalConcurrencyShares": 1}

    found = bootstrap.restore(current, manifest)

    assert (found is not None) is restored
    if found is not None:
        assert found["spec"] == manifest["spec"] and found["metadata"]["uid"] == "7"


def test_what_is_as_it_should_be_is_left_alone():
    manifest = bootstrap.schema("probes")

    assert bootstrap.restore(copy.deepcopy(manifest), manifest) is None
