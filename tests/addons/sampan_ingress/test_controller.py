"""What the controller passes over; that it serves is shown by test_component."""

from __future__ import annotations

from sampan_ingress.controller import DueTime, identity_in, is_same


def changed(obj, **metadata):
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def test_a_status_is_no_change(made):
    old = made.ingress("web")

    assert is_same(old, changed({**old, "status": {"loadBalancer": {}}}, resourceVersion="2"))
    assert not is_same(old, changed(old, generation=2))
    assert not is_same(old, changed(old, annotations={"a": "b"}))
    assert not is_same(old, changed(old, deletionTimestamp="now"))


def test_what_is_due_earlier_stays():
    due = DueTime()
    assert not due.now
    due.in_(0)
    due.in_(60)
    assert due.now


def test_its_name_in_the_lease_is_kept_but_not_shared_with_another_host(tmp_path):
    first = identity_in(tmp_path, "a")

    assert first.startswith("a-")
    assert identity_in(tmp_path, "a") == first
    assert identity_in(tmp_path, "b").startswith("b-")
