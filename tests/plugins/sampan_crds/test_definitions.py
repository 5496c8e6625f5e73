"""Reading a definition, and its conditions."""

from crd_samples import complete, definition, version

from sampan_crds import definitions

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
FALSE = {"type": "Established", "status": "False", "reason": "Installing", "message": "soon"}


def test_what_a_definition_says():
    crd = complete(definition(version("v1", storage=False), version("v2"), scope="Cluster"))

    assert definitions.storage_of(crd) == "v2"
    assert definitions.stored_versions(crd) == ["v2"]
    assert not definitions.is_namespaced(crd)
    assert not definitions.is_deleting(crd)
    assert definitions.accepted_of(crd) == {}


def test_a_conditions_time_changes_with_its_status_alone():
    crd = definition()
    definitions.set_condition(crd, FALSE, NOW)
    definitions.set_condition(crd, {**FALSE, "message": "sooner"}, LATER)

    assert definitions.condition(crd, "Established") == {**FALSE, "message": "sooner", "lastTransitionTime": NOW}

    definitions.set_condition(crd, {**FALSE, "status": "True"}, LATER)

    assert definitions.condition(crd, "Established")["lastTransitionTime"] == LATER
    assert definitions.is_true(crd, "Established")


def test_a_condition_that_is_there_is_known_without_its_time():
    crd = definition()
    definitions.set_condition(crd, FALSE, NOW)

    assert definitions.says(crd, FALSE)
    assert not definitions.says(crd, {**FALSE, "status": "True"})

    definitions.remove_condition(crd, "Established")

    assert definitions.condition(crd, "Established") is None
