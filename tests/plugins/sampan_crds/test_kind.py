"""The kind CustomResourceDefinition."""

from crd_samples import complete, definition, version

from sampan.contracts.kinds import Draft
from sampan_crds import kind
from sampan_crds.definitions import FINALIZER


def test_names_and_conversion_have_defaults():
    spec = complete(definition())["spec"]

    assert spec["names"] == {"plural": "boats", "kind": "Boat", "singular": "boat", "listKind": "BoatList"}
    assert spec["conversion"] == {"strategy": "None"}


def test_a_definition_of_nothing_is_validations_to_refuse():
    empty = {"metadata": {"name": "a"}}
    kind.default(empty)
    kind.prepare(Draft(empty, None, "", "admin"))

    assert "spec.group" in {problem.path for problem in kind.validate(empty, None)}


def test_a_service_has_the_port_443():
    client = {"service": {"name": "a", "namespace": "b"}}
    crd = complete(definition(conversion={"strategy": "Webhook", "webhook": {"clientConfig": client}}))

    assert crd["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["port"] == 443


def test_a_new_storage_version_joins_those_that_objects_are_stored_in():
    old = complete(definition())
    new = definition(version("v1", storage=False), version("v2"))
    new["status"] = dict(old["status"])

    assert complete(new, old)["status"]["storedVersions"] == ["v1", "v2"]


def test_deletion_waits_for_the_instances():
    crd = complete(definition())
    assert kind.CUSTOM_RESOURCE_DEFINITION.held(crd)

    crd["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 0, "generation": 2}
    kind.terminate(crd)

    assert "deletionGracePeriodSeconds" not in crd["metadata"] and crd["metadata"]["generation"] == 1

    assert not kind.CUSTOM_RESOURCE_DEFINITION.held(crd)
    assert crd["metadata"]["finalizers"] == [FINALIZER]
    (condition,) = crd["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("Terminating", "InstanceDeletionPending")
