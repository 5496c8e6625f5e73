import logging

import pytest

from sampan.errors import Conflict, Forbidden, NotFound
from sampan_devices.scheduling import writes
from sampan_podspec.device_claims import FINALIZER

POD = {"metadata": {"name": "web", "namespace": "default", "uid": "u"}}
MINE = {"resource": "pods", "name": "web", "uid": "u"}


def claim(allocation=None, reserved=(), **meta):
    status = {"reservedFor": list(reserved), **({} if allocation is None else {"allocation": allocation})}
    return {"metadata": {"name": "c", "namespace": "default", "uid": "uid-c", **meta}, "status": status}


class Api:
    """``stored``: what a GET finds; the first ``conflicts`` writes lose against another writer."""

    def __init__(self, stored=None, conflicts=0, error=None):
        self.stored, self.conflicts, self.error, self.written = stored, conflicts, error, []

    def get(self, resource, name, namespace):
        return self.stored

    def update(self, resource, obj, subresource=""):
        if self.error is not None:
            raise self.error
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("stale")
        self.written.append((subresource, obj))
        return obj

    def patch(self, resource, name, patch, namespace, how, subresource):
        if self.error is not None:
            raise self.error
        self.written.append((how, subresource, patch))


def test_an_allocation_is_written_after_the_finalizer_that_guards_it():
    api, before = Api(), claim()
    found = writes.bind(api, before, POD, {"devices": {}}, 0.0)

    assert [where for where, _ in api.written] == ["", "status"]
    assert found["metadata"]["finalizers"] == [FINALIZER] and found["status"]["reservedFor"] == [MINE]
    assert found["status"]["allocation"] == {"devices": {}, "allocationTimestamp": "1970-01-01T00:00:00Z"}
    assert before == claim()  # the informer's object


def test_an_allocated_claim_is_reserved_beside_others():
    other = {"resource": "pods", "name": "o", "uid": "o"}
    api = Api()

    assert writes.bind(api, claim({}, [other]), POD, None, 0.0)["status"]["reservedFor"] == [other, MINE]
    assert writes.bind(api, claim({}, [MINE]), POD, None, 0.0) == claim({}, [MINE])
    assert len(api.written) == 1


def test_a_write_that_was_too_late_is_tried_again_on_the_newest():
    other = {"resource": "pods", "name": "o", "uid": "o"}
    api = Api(claim({}, [other]), conflicts=2)

    assert writes.bind(api, claim({}), POD, None, 0.0)["status"]["reservedFor"] == [other, MINE]
    with pytest.raises(Conflict):
        writes.bind(Api(claim({}), conflicts=99), claim({}), POD, None, 0.0)


@pytest.mark.parametrize(
    ("stored", "allocation", "why"),
    [
        (claim({}), {}, "got allocated elsewhere"), (claim(), None, "got deallocated elsewhere"),
        (claim({}, deletionTimestamp="x"), None, "got deleted"),
    ],
)  # fmt: skip
def test_a_claim_that_has_changed_needs_another_decision(stored, allocation, why):
    with pytest.raises(LookupError, match=why):
        writes.bind(Api(), stored, POD, allocation, 0.0)


def test_a_reservation_is_taken_back_by_uid(caplog):
    api = Api()
    writes.release(api, claim({}, [MINE]), POD)

    removed = {"metadata": {"uid": "uid-c"}, "status": {"reservedFor": [{"uid": "u", "$patch": "delete"}]}}
    assert api.written == [("strategic", "status", removed)]
    writes.release(Api(error=NotFound("gone")), claim(), POD)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        writes.release(Api(error=Forbidden("no")), claim(), POD)
    assert "its reservation stays" in caplog.text


def test_devices_are_given_back_unless_another_pod_has_them(caplog):
    api = Api()
    writes.deallocate(api, claim({}, [{"uid": "o"}]), POD)
    assert not api.written

    writes.deallocate(api, claim({}, [MINE]), POD)
    assert api.written[0][1]["status"] == {}
    writes.deallocate(Api(error=Conflict("stale")), claim({}), POD)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        writes.deallocate(Api(error=Forbidden("no")), claim({}), POD)
    assert "stays allocated" in caplog.text


class Making(Api):
    def __init__(self, stored=None, error=None):
        super().__init__(stored)
        self.refuses, self.deleted = error, []

    def create(self, resource, obj, namespace):
        return {**obj, "metadata": {**obj["metadata"], "name": "c", "uid": "uid-c"}}

    def patch(self, resource, name, patch, namespace, how, subresource):
        if self.refuses is not None:
            raise self.refuses
        super().patch(resource, name, patch, namespace, how, subresource)

    def get(self, resource, name, namespace):
        if self.stored is None:
            raise NotFound(name)
        return self.stored

    def delete(self, resource, name, namespace, uid):
        self.deleted.append((name, uid))


def test_a_claim_that_is_made_is_named_in_the_pods_status():
    api = Making()

    made = writes.make(api, claim(), POD, lambda each: {"named": each["metadata"]["name"]})

    assert made["metadata"]["uid"] == "uid-c"
    assert api.written == [("merge", "status", {"metadata": {"uid": "u"}, "status": {"named": "c"}})]


def test_a_claim_that_no_pod_names_is_not_left_behind():
    api = Making(claim(finalizers=[FINALIZER]), Forbidden("no"))

    with pytest.raises(Forbidden):
        writes.make(api, claim(), POD, lambda each: {})

    assert api.deleted == [("c", "uid-c")]
    assert "finalizers" not in api.written[0][1]["metadata"] or not api.written[0][1]["metadata"]["finalizers"]


def test_only_the_claim_that_was_made_is_removed(caplog):
    writes.remove(Making(), claim())
    other = Making(claim(uid="another"))
    writes.remove(other, claim())
    failing = Making(claim(finalizers=[FINALIZER]))
    failing.error = Forbidden("no")
    writes.remove(failing, claim())

    assert other.deleted == failing.deleted == []
    assert "claim default/c stays: no" in caplog.text
