from __future__ import annotations

from sampan_federation.execution.comparing import fingerprint
from sampan_federation.execution.deciding import Create, Keep, Left, Put, Refuse, Wait, decide, prepared, released
from sampan_federation.interpreter.retention import retained
from sampan_federation.works import names


def work(**annotations):
    return {"metadata": {"namespace": "karmada-es-east", "name": "w", "annotations": annotations}}


def manifest(color="red", **annotations):
    metadata = {"name": "c", "namespace": "default", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"color": color}}


def wanted(color="red", **annotations):
    return prepared(manifest(color, **annotations), work())


def on_member(obj, revision="5", **data):
    metadata = {**obj["metadata"], "resourceVersion": revision, "uid": "u"}
    return {**obj, "metadata": metadata, "data": {**obj["data"], **data}}


def left(obj):
    return Left("", fingerprint(obj), obj["metadata"]["resourceVersion"])


def test_what_is_not_there_is_created():
    assert decide(wanted(), None, None, retained) == Create(wanted())


def test_what_is_in_place_is_kept_also_after_a_restart():
    seen = on_member(wanted())

    assert decide(wanted(), seen, left(seen), retained) == Keep([])
    assert decide(wanted(), seen, None, retained) == Keep([])


def test_a_new_manifest_is_written_also_where_it_only_says_less():
    less = wanted()
    seen = on_member(prepared({**manifest(), "data": {"color": "red", "more": "x"}}, work()))

    verdict = decide(less, seen, left(seen), retained)

    assert isinstance(verdict, Put) and not verdict.drifted
    assert verdict.obj["data"] == {"color": "red"}
    assert verdict.obj["metadata"]["resourceVersion"] == "5"


def test_drift_is_put_back_and_named():
    good = on_member(wanted())

    verdict = decide(wanted(), on_member(good, "6", color="blue"), left(good), retained)

    assert isinstance(verdict, Put) and verdict.drifted == ["data.color"]


def test_drift_is_seen_after_a_restart_by_what_the_manifest_says():
    verdict = decide(wanted(), on_member(wanted(), color="blue"), None, retained)

    assert isinstance(verdict, Put) and verdict.drifted == ["data.color"]


def test_something_that_the_manifest_does_not_say_is_put_back_too():
    good = on_member(wanted())

    assert isinstance(decide(wanted(), on_member(good, "6", more="x"), left(good), retained), Put)


def test_values_that_the_server_words_differently_are_no_drift():
    seen = on_member(wanted(), color="RED")

    assert decide(wanted(), seen, left(seen), retained) == Keep([])


def test_drift_is_left_where_the_template_says_so_and_stays_named():
    ours = wanted(**{names.DRIFT: "report"})
    good = on_member(ours)
    changed = on_member(good, "6", color="blue")

    for known in (left(good), None):
        assert decide(ours, changed, known, retained) == Keep(["data.color"])


def test_what_is_not_ours_is_refused_and_the_way_out_is_named():
    theirs = on_member(manifest())

    verdict = decide(wanted(), theirs, None, retained)

    assert isinstance(verdict, Refuse) and "overwrite" in verdict.why
    assert isinstance(decide(wanted(**{names.CONFLICT: "overwrite"}), theirs, None, retained), Put)


def test_an_object_of_another_work_is_not_ours():
    other = prepared(manifest(), {"metadata": {"namespace": "karmada-es-east", "name": "other"}})

    assert isinstance(decide(wanted(), on_member(other), None, retained), Refuse)


def test_an_object_that_is_being_deleted_or_older_than_our_write_is_waited_for():
    dying = on_member(wanted())
    dying["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    newer = left(on_member(wanted(), "9"))

    assert decide(wanted(), dying, None, retained) == Wait()
    assert decide(wanted(), on_member(wanted(), "8"), newer, retained) == Wait()


def test_revisions_that_are_no_numbers_are_not_compared():
    seen = on_member(wanted(), "abc")

    assert decide(wanted(), seen, Left("", fingerprint(seen), "xyz"), retained) == Keep([])


def test_a_work_made_by_hand_is_marked_as_well():
    ready = prepared(manifest(), work(**{names.CONFLICT: "overwrite"}))

    assert ready["metadata"]["labels"][names.MANAGED] == "true"
    assert ready["metadata"]["annotations"][names.CONFLICT] == "overwrite"


def test_a_released_object_has_no_marks_of_ours():
    seen = on_member(wanted(mine="1"))
    seen["metadata"]["labels"]["app"] = "a"

    found = released(seen)["metadata"]

    assert (found["labels"], found["annotations"]) == ({"app": "a"}, {"mine": "1"})
