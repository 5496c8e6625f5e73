from __future__ import annotations

import pytest

from sampan_rbac.selectors import read_selectors, validate_selectors

LABELS, FIELDS = "spec.resourceAttributes.labelSelector", "spec.resourceAttributes.fieldSelector"
UNKNOWN, KNOWN = {"key": "a", "operator": "New"}, {"key": "a", "operator": "In", "values": ["b"]}
EXISTS, TWO = {"key": "a", "operator": "Exists"}, {"key": "a", "operator": "In", "values": ["b", "c"]}


def found(**selectors):
    return [f"{problem.path}: {problem.message}" for problem in validate_selectors(selectors)]


def test_requirements_on_labels_are_checked_as_in_any_label_selector():
    key, empty, value = found(labelSelector={"requirements": [{"operator": "In", "values": ["a b"]}]})

    assert key.startswith(f'{LABELS}.requirements[0].key: Invalid value: "": name part must be non-empty')
    assert empty.startswith(f'{LABELS}.requirements[0].key: Invalid value: "": name part must consist of')
    assert value.startswith(f'{LABELS}.requirements[0].values[0]: Invalid value: "a b": a valid label must')


def test_requirements_on_fields_need_a_key_and_values():
    assert found(fieldSelector={"requirements": [{"operator": "In"}]}) == [
        f"{FIELDS}.requirements[0].key: Required value: must be specified",
        f"{FIELDS}.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ]


def test_operators_of_newer_clients_are_let_through():
    assert found(labelSelector={"requirements": [UNKNOWN]}, fieldSelector={"requirements": [UNKNOWN]}) == []


def test_a_selector_has_one_form():
    assert [line.partition(":")[0] for line in found(labelSelector={}, fieldSelector={"rawSelector": "a=b",
            "requirements": [KNOWN]})] == [f"{FIELDS}.rawSelector", f"{LABELS}.requirements"]  # fmt: skip


@pytest.mark.parametrize(
    "selectors, error",
    [
        ({"labelSelector": {"rawSelector": "a in"}}, f"{LABELS} ignored due to parse error"),
        ({"labelSelector": {"requirements": [UNKNOWN]}}, f"{LABELS} ignored due to parse error"),
        ({"labelSelector": {"requirements": [UNKNOWN, KNOWN]}}, f"{LABELS} partially ignored due to parse error"),
        ({"labelSelector": {"requirements": [KNOWN]}}, ""),
        ({"labelSelector": {"rawSelector": "a"}}, ""),
        ({"fieldSelector": {"rawSelector": "a"}}, f"{FIELDS} ignored due to parse error"),
        ({"fieldSelector": {"requirements": [EXISTS, KNOWN]}}, f"{FIELDS} partially ignored due to parse error"),
        ({"fieldSelector": {"requirements": [TWO]}}, f"{FIELDS} ignored due to parse error"),
        (
            {"fieldSelector": {"rawSelector": "a"}, "labelSelector": {"rawSelector": "a in"}},
            f"{FIELDS} ignored due to parse error; {LABELS} ignored due to parse error",
        ),
    ],
)
def test_what_cannot_be_read_is_reported(selectors, error):
    assert read_selectors(selectors).error == error


def test_what_can_be_read_of_the_fields_is_kept():
    assert read_selectors({"fieldSelector": {"requirements": [EXISTS, KNOWN]}}).fields == "a=b"
    assert read_selectors({"fieldSelector": {"rawSelector": "a=b"}}).fields == "a=b"
    assert read_selectors({"fieldSelector": {"rawSelector": "a"}}).fields == ""
