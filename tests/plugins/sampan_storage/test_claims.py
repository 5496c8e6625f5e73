import pytest

from sampan.contracts.kinds import Draft
from sampan_machinery.metadata import copy
from sampan_storage.claims import OLD_CLASS, class_of, class_or_none, prepare
from sampan_storage.kinds import CLAIM

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
FROZEN = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for"


def claim(phase="Pending", annotations=None, status=None, **spec):
    return {
        "metadata": {"annotations": annotations or {}},
        "spec": {**copy(SPEC), **spec},
        "status": {"phase": phase, **(status or {})},
    }


def sized(amount, **rest):
    return claim(resources={"requests": {"storage": amount}}, **rest)


def test_a_good_claim_gets_its_defaults(problems_of):
    good = {"spec": copy(SPEC)}

    assert problems_of(CLAIM, good) == []
    assert (good["spec"]["volumeMode"], good["status"]["phase"]) == ("Filesystem", "Pending")


def test_a_volume_is_named_once(problems_of):
    assert problems_of(CLAIM, claim(volumeName="a"), claim()) == []
    [line] = problems_of(CLAIM, claim(volumeName="b"), claim(volumeName="a"))
    assert line.startswith(FROZEN)
    assert '-  "volumeName": "a"\n+  "volumeName": "b"' in line


def test_only_a_bound_claim_changes_its_size(problems_of):
    assert problems_of(CLAIM, sized("3Gi", phase="Bound"), claim("Bound")) == []
    assert problems_of(CLAIM, sized("3Gi"), claim())[0].startswith(FROZEN)


def test_a_claim_shrinks_no_further_than_what_is_there(problems_of):
    there = {"capacity": {"storage": "1Gi"}}
    lines = problems_of(CLAIM, sized("1Gi", phase="Bound", status=there), claim("Bound", status=there))

    assert lines == [
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
    ]
    assert problems_of(CLAIM, sized("1536Mi", phase="Bound", status=there), claim("Bound", status=there)) == []


def test_a_class_may_be_set_where_there_was_none(problems_of):
    assert problems_of(CLAIM, claim(storageClassName="a"), claim()) == []
    assert problems_of(CLAIM, claim(storageClassName=""), claim()) == []
    assert problems_of(CLAIM, claim(storageClassName="b"), claim(storageClassName="a"))[0].startswith(FROZEN)
    assert problems_of(CLAIM, claim(), claim(storageClassName="a"))[0].startswith(FROZEN)


def test_a_class_moves_from_the_annotation_to_the_field(problems_of):
    old = claim(annotations={OLD_CLASS: "a"})

    assert problems_of(CLAIM, claim(storageClassName="a"), copy(old)) == []
    assert problems_of(CLAIM, claim(annotations={OLD_CLASS: "b"}), copy(old)) == [
        f'metadata.annotations[{OLD_CLASS}]: Invalid value: "b": field is immutable'
    ]


def test_a_class_of_attributes_is_not_taken_back(problems_of):
    old = claim("Bound", volumeAttributesClassName="a", status={"currentVolumeAttributesClassName": "a"})

    assert problems_of(CLAIM, {**copy(old), "spec": {**copy(SPEC), "volumeAttributesClassName": "b"}}, copy(old)) == []
    [line] = problems_of(CLAIM, {**copy(old), "spec": copy(SPEC)}, copy(old))
    assert line.startswith("spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.current")


@pytest.mark.parametrize(
    "status, line",
    [
        (
            {"capacity": {"storage": "-1"}},
            "status.capacity[storage]: Invalid value: -1: must be a valid resource quant",
        ),
        (
            {"allocatedResourceStatuses": {"cpu": "NodeResizePending"}},
            "status.allocatedResourceStatuses: Unsupported va",
        ),
        (
            {"allocatedResourceStatuses": {"storage": "Odd"}},
            'status.allocatedResourceStatuses: Unsupported value: "stor',
        ),
        ({"allocatedResources": {"storage": "-1"}}, "status.allocatedResources[storage]: Invalid value: -1: must be a"),
    ],
)
def test_what_is_wrong_in_a_status_is_named(problems_of, status, line):
    [told] = problems_of(CLAIM, claim(status=status), claim())

    assert told.startswith(line)


def prepared(spec, old=None):
    new = {"spec": spec}
    prepare(Draft(new, old and {"spec": old}, "", "me"))
    return new["spec"]


def test_either_data_source_fills_the_other():
    source = {"kind": "PersistentVolumeClaim", "name": "a"}

    assert prepared({"dataSource": source}) == {"dataSource": source, "dataSourceRef": source}
    assert prepared({"dataSourceRef": source}) == {"dataSource": source, "dataSourceRef": source}


def test_a_data_source_of_an_unknown_kind_is_dropped_but_not_from_what_was_stored():
    source = {"kind": "Pod", "name": "a"}

    assert prepared({"dataSource": source}) == {}
    assert prepared({"dataSource": source}, {"dataSource": source})["dataSourceRef"] == source


def test_a_data_source_of_another_namespace_is_dropped():
    assert prepared({"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a", "namespace": "b"}}) == {}


def test_the_annotation_wins_over_the_field():
    assert class_of(claim(annotations={OLD_CLASS: "a"}, storageClassName="b")) == "a"
    assert class_or_none(claim(storageClassName="")) == ""
    assert class_or_none(claim()) is None
    assert class_of(claim()) == ""
