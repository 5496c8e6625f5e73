"""The duty that keeps definitions up."""

import pytest
from crd_samples import complete, definition, version

from sampan.errors import Conflict, Forbidden, InternalError, NotFound
from sampan_crds.definitions import FINALIZER
from sampan_crds.names import namings
from sampan_crds.source import Outcome
from sampan_crds.upkeep import AGAIN, PATIENCE, SOON, Upkeep, instances_of
from sampan_machinery.resources import CUSTOM_RESOURCE_DEFINITIONS


class Cluster:
    """One definition and its instances."""

    def __init__(self, crd, *instances):
        self.crd, self.instances = crd, {name: {"metadata": {"name": name}} for name in instances}
        self.failure = None
        self.read, self.revision = 0, 1

    def get(self, resource, name, namespace=""):
        self.read += 1
        return self.crd

    def update(self, resource, name, namespace, change, *, subresource=""):
        if self.failure is not None:
            raise self.failure
        assert (resource, subresource) == (CUSTOM_RESOURCE_DEFINITIONS, "status")
        self.crd = change(self.crd) or self.crd
        self.revision += 1

    def revisions(self, resource):
        if resource == CUSTOM_RESOURCE_DEFINITIONS:
            return {("", self.crd["metadata"]["name"]): self.revision}
        return dict.fromkeys(self.instances, 1)

    def list(self, resource):
        return list(self.instances.values())

    def delete(self, resource, name, namespace=""):
        if name == "held":
            self.instances[name]["metadata"]["deletionTimestamp"] = "now"
        elif self.instances.pop(name) and name == "lost":
            raise NotFound("somebody else was faster")


class Source:
    def __init__(self, crd, *, is_served=True):
        name = crd["metadata"]["name"]
        self.outcomes = {name: Outcome(namings([crd])[name], is_served, "")}


def upkeep(crd, *instances):
    cluster = Cluster(crd, *instances)
    return cluster, Upkeep(cluster, Source(crd), clock=lambda: 0.0)


def deleted(*, established=True):
    crd = complete(definition())
    _, found = upkeep(crd)
    if established:
        found.look()
    crd["metadata"].update({"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": [FINALIZER]})
    return crd


def reason(crd):
    return terminating(crd)["reason"]


def message(crd):
    return terminating(crd)["message"]


def terminating(crd):
    return next(each for each in crd["status"]["conditions"] if each["type"] == "Terminating")


def test_the_status_is_written_once():
    cluster, found = upkeep(complete(definition()))

    assert found.look() is None
    assert [each["status"] for each in cluster.crd["status"]["conditions"]] == ["True", "True"]

    cluster.failure = AssertionError("nothing is to be written")

    assert found.look() is None


def test_what_did_not_change_is_not_read_again():
    cluster, found = upkeep(complete(definition()))
    found.look()
    found.look()
    before = cluster.read
    found.look()

    assert cluster.read == before


def test_what_cannot_be_written_is_tried_again(caplog):
    cluster, found = upkeep(complete(definition()))
    cluster.failure = Conflict("somebody else was faster")

    assert found.look() == AGAIN
    assert "cannot be written" in caplog.text


def test_instances_go_before_the_finalizer():
    cluster, found = upkeep(deleted(), "a", "lost")

    assert found.look() == SOON
    assert reason(cluster.crd) == "InstanceDeletionInProgress"
    assert cluster.instances == {}

    assert found.look() is None
    assert cluster.crd["metadata"]["finalizers"] == []
    assert reason(cluster.crd) == "InstanceDeletionCompleted"


def test_instances_that_others_hold_are_waited_for():
    _, found = upkeep(deleted(), "held")

    assert [found.look(), found.look()] == [SOON, AGAIN]


def test_what_cannot_be_deleted_is_said_with_the_reason_until_it_goes():
    cluster, found = upkeep(deleted(), "a", "b")
    remove = cluster.delete

    def refuse(resource, name, namespace=""):
        raise Forbidden("admission webhook denies it")

    cluster.delete = refuse

    assert found.look() == AGAIN
    assert reason(cluster.crd) == "InstanceDeletionFailed"
    assert message(cluster.crd) == "could not issue all deletes: admission webhook denies it"
    revision = cluster.revision
    assert found.look() == AGAIN and cluster.revision == revision  # written one time

    cluster.delete = remove
    assert (found.look(), reason(cluster.crd)) == (SOON, "InstanceDeletionInProgress")
    assert (found.look(), reason(cluster.crd)) == (None, "InstanceDeletionCompleted")


def test_instances_that_cannot_be_read_are_said():
    cluster, found = upkeep(deleted(), "a")

    def fail(resource):
        raise InternalError("conversion webhook failed")

    cluster.list = fail

    assert (found.look(), reason(cluster.crd)) == (AGAIN, "InstanceDeletionFailed")
    assert message(cluster.crd) == "could not list instances: conversion webhook failed"


def test_instances_that_are_held_for_a_minute_are_said():
    now = 0.0
    crd = deleted()
    cluster = Cluster(crd, "held")
    found = Upkeep(cluster, Source(crd), clock=lambda: now)
    found.look()
    found.look()
    assert reason(cluster.crd) == "InstanceDeletionInProgress"

    now = PATIENCE + 1
    assert (found.look(), reason(cluster.crd)) == (AGAIN, "InstanceDeletionCheck")

    cluster.instances.clear()
    assert (found.look(), reason(cluster.crd)) == (None, "InstanceDeletionCompleted")


def test_what_was_never_established_has_no_instances():
    cluster, found = upkeep(deleted(established=False), "of another definition")

    assert found.look() is None
    assert reason(cluster.crd) == "NeverEstablished"
    assert len(cluster.instances) == 1


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        ([version("v1", storage=False), version("v2")], "v2"),
        ([version("v1", storage=False), version("v2", served=False)], "v1"),
        ([version("v1", served=False)], None),
    ],
)
def test_by_which_version_instances_are_read(versions, found):
    crd = complete(definition(*versions))
    crd["status"]["acceptedNames"] = crd["spec"]["names"]

    resource = instances_of(crd)

    assert (resource and resource.version) == found
