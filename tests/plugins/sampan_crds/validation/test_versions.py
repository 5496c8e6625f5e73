"""One version of a definition."""

import pytest
from crd_samples import OPEN, schema, version

from sampan_crds.validation.versions import check_version

TEXT = {"type": "string"}


def said(found, former=None):
    return [f"{each.path}: {each.message}" for each in check_version(found, "v", former, has_status=False)]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"deprecationWarning": "x"}, "can only be set for deprecated versions"),
        ({"deprecated": True, "deprecationWarning": ""}, "must not be an empty string"),
        ({"deprecated": True, "deprecationWarning": "a" * 257}, "must be <= 256 characters long"),
        ({"deprecated": True, "deprecationWarning": "a\nb"}, "non-printable character found at index 1"),
        ({"subresources": {"scale": {}}}, "v.subresources.scale.specReplicasPath: Required value"),
        ({"subresources": {"scale": {"specReplicasPath": ".status.n", "statusReplicasPath": ".status.n"}}},
         "should be a json path under .spec"),
        ({"subresources": {"scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n",
                                     "labelSelectorPath": ".metadata.x"}}}, "under either .spec or .status"),
        ({"additionalPrinterColumns": [{"name": "", "type": "x", "format": "y", "jsonPath": "z"}]},
         "v.additionalPrinterColumns[0].type: Invalid value: \"x\": must be one of boolean,date,integer,number,string"),
        ({"additionalPrinterColumns": [{"name": "A", "type": "date"}]},
         "v.additionalPrinterColumns[0].JSONPath: Required value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(more, words):
    assert any(words in each for each in said(version(**more)))


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ([""], "v.selectableFields[0].jsonPath: Required value"),
        ([".spec.none"], "is an invalid path: does not refer to a valid field"),
        ([".spec"], "must point to a field of type string, boolean or integer"),
        ([".spec.a", ".spec.a"], "v.selectableFields[1].jsonPath: Duplicate value"),
        (["spec.a"], "is an invalid path: expected [ or ."),
    ],
)
def test_selectable_fields(paths, words):
    found = said(version(of=schema(a=TEXT), selectableFields=[{"jsonPath": path} for path in paths]))

    assert any(words in each for each in found)


def test_at_most_eight_fields_can_be_selected_unless_there_were_more():
    fields = {f"f{number}": TEXT for number in range(9)}
    many = version(of=schema(**fields), selectableFields=[{"jsonPath": f".spec.{name}"} for name in fields])

    assert said(many) == ["v.selectableFields: Too many: 9: must have at most 8 items"]
    assert said(many, many) == []


def test_a_good_version():
    scale = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}
    column = {"name": "A", "type": "integer", "format": "int32", "jsonPath": ".spec.n"}
    good = version(of=OPEN, subresources={"scale": scale}, additionalPrinterColumns=[column], deprecated=True)

    assert said(good) == []
