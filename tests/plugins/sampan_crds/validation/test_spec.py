"""The spec of a definition."""

import pytest
from crd_samples import complete, definition, version

from sampan_crds.validation.spec import check_enum, check_spec


def said(crd, old=None):
    return [f"{each.path}: {each.message}" for each in check_spec(crd, old)]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"group": "toys"}, "spec.group: Invalid value: \"toys\": should be a domain with at least one dot"),
        ({"group": ""}, "spec.group: Required value"),
        ({"scope": "Some"}, 'spec.scope: Unsupported value: "Some": supported values: "Cluster", "Namespaced"'),
        ({"scope": ""}, "spec.scope: Required value"),
        ({"versions": [version(), version()]}, "must contain unique version names"),
        ({"versions": [version(storage=False)]}, "must have exactly one version marked as storage version"),
        ({"versions": [version("V1")]}, "spec.versions[0].name: Invalid value"),
        ({"versions": [version("V1")]}, "spec.version: Invalid value"),
        ({"versions": [{"name": "v1", "served": True, "storage": True}]},
         "spec.versions[0].schema.openAPIV3Schema: Required value"),
        ({"names": {"plural": "boats"}}, "spec.names.kind: Required value"),
        ({"names": {"plural": "boats", "kind": "A", "listKind": "A"}}, "kind and listKind may not be the same"),
        ({"preserveUnknownFields": True}, "spec.preserveUnknownFields: Invalid value: true: cannot set to true"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(spec, words):
    crd = definition()
    crd["spec"].update(spec)

    assert any(words in each for each in said(complete(crd)))


def test_what_all_versions_have_alike_is_told_without_one_as_upstream_does():
    wrong = {"schema": {"openAPIV3Schema": {"type": "string"}}, "selectableFields": [{"jsonPath": "-a"}],
             "additionalPrinterColumns": [{"name": "A", "type": "date"}], "subresources": {"scale": {}}}  # fmt: skip
    alike, other = version("v1", **wrong), version("v2", storage=False, **wrong)
    places = ("spec.validation.openAPIV3Schema.type", "spec.subresources.scale.specReplicasPath",
              "spec.additionalPrinterColumns[0].JSONPath", "spec.selectableFields[0].jsonPath")  # fmt: skip

    same = said(complete(definition(versions=[alike, other])))
    differing = said(complete(definition(versions=[alike, {**other, "selectableFields": [{"jsonPath": "-b"}]}])))

    assert all(any(each.startswith(place) for each in same) for place in places)
    assert not any(each.startswith("spec.versions") for each in same)
    assert [each.partition(":")[0] for each in differing if "selectable" in each] == [
        "spec.versions[0].selectableFields", "spec.versions[1].selectableFields"
    ]  # fmt: skip


def test_a_good_spec():
    assert said(complete(definition())) == []


def test_what_was_open_may_stay_so():
    old = complete(definition(preserveUnknownFields=True))

    assert said(complete(definition(preserveUnknownFields=True)), old) == []


def test_a_word_of_several():
    assert list(check_enum("e", "a", ("a", "b"))) == []
    assert [each.message for each in check_enum("e", "", ("a",))] == ["Required value"]
