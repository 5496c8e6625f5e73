"""Paths into schemas."""

import pytest
from crd_samples import schema

from sampan_crds.validation.paths import BadPath, check_simple, field_at

TEXT = {"type": "string"}
OF = schema(a=TEXT, **{"b.c": TEXT}, m={"type": "object", "additionalProperties": TEXT})


def test_a_path_leads_to_a_field():
    assert field_at(".spec.a", OF) == (("spec", "a"), TEXT)
    assert field_at(".spec['b.c']", OF) == (("spec", "b.c"), TEXT)
    assert field_at(".spec.m['it\\'s']", OF) == (("spec", "m", "it's"), TEXT)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("spec", "expected [ or . but got: spec"),
        (".spec.none", "does not refer to a valid field"),
        (".spec.", "unexpected end of JSON path"),
        (".spec[0]", "expected single quoted string but got 0"),
        (".spec['a'", "unexpected end of JSON path"),
        (".spec['\\q']", "invalid escape char"),
    ],
)
def test_what_is_no_path(path, words):
    with pytest.raises(BadPath) as caught:
        field_at(path, OF)

    assert words in str(caught.value)


def test_brackets_may_be_forbidden():
    with pytest.raises(BadPath, match="array notation is not allowed"):
        field_at(".spec['a']", OF, brackets=False)


def test_simple_paths_begin_with_a_dot():
    assert list(check_simple(".a.b", "p")) == []
    assert [each.message for each in check_simple("a", "p")] == [
        'Invalid value: "a": must be a simple json path starting with .'
    ]
    assert [each.message for each in check_simple("", "p")] == ['Invalid value: "": must not be empty']
