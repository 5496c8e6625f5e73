"""A claim's spec, in upstream's words."""

import pytest

from sampan_podspec.validation.claims import claim_spec

GOOD = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"}
REQUIRED = "at least 1 access mode is required"


def found(old=None, **fields):
    return [f"{each.path}: {each.message}" for each in claim_spec("spec", {**GOOD, **fields}, old)]


def test_a_good_claim():
    assert found() == []
    assert found(storageClassName="") == []
    assert found(volumeMode=None, selector={"matchLabels": {"a": "b"}}, storageClassName="fast.example") == []


@pytest.mark.parametrize(
    "fields, lines",
    [
        ({"accessModes": []}, [f"spec.accessModes: Required value: {REQUIRED}"]),
        (
            {"accessModes": ["Odd"]},
            [
                'spec.accessModes: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany", '
                '"ReadWriteOnce", "ReadWriteOncePod"'
            ],
        ),
        (
            {"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
            ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
        ),
        ({"resources": {}}, ["spec.resources[storage]: Required value"]),
        (
            {"resources": {"requests": {"storage": "0"}}},
            ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
        ),
        ({"volumeMode": "Odd"}, ['spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"']),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "Odd"}]}},
            ['spec.selector.matchExpressions[0].operator: Invalid value: "Odd": not a valid selector operator'],
        ),
    ],
)
def test_what_is_wrong_is_named(fields, lines):
    assert found(**fields) == lines


@pytest.mark.parametrize("field", ["storageClassName", "volumeAttributesClassName"])
def test_classes_are_subdomains(field):
    assert found(**{field: "Fast!"})[0].startswith(f'spec.{field}: Invalid value: "Fast!": a lowercase RFC 1123')


def test_a_data_source_of_the_core_group_is_a_claim():
    source = {"kind": "Pod", "name": "a"}

    assert found(dataSource=source) == [
        "spec.dataSource: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup"
    ]
    assert found(dataSource={"kind": "PersistentVolumeClaim"}) == ["spec.dataSource.name: Required value"]


def test_both_data_sources_mean_the_same():
    one, other = ({"kind": "PersistentVolumeClaim", "name": name} for name in "ab")

    assert found(dataSource=one, dataSourceRef=one) == []
    assert found(dataSource=one, dataSourceRef=other) == ["spec: Invalid value: {}: must match dataSourceRef"]
    assert found(dataSource=one, dataSourceRef={**one, "namespace": "other"}) == [
        "spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified"
    ]


def test_what_was_accepted_before_may_stay():
    group = {"kind": "A", "name": "a", "apiGroup": "Not a group"}
    selector = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["-"]}]}

    assert len(found(dataSource=group, selector=selector)) == 2
    assert found({"dataSource": group, "selector": selector}, dataSource=group, selector=selector) == []
