"""What self is, by a schema."""

import pytest

from sampan_cel import CheckError, Environment, types
from sampan_cel.values import Duration, Timestamp
from sampan_machinery.expressions.declarations import declared, escaped


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("plain", "plain"),
        ("a-b", "a__dash__b"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("namespace", "__namespace__"),
        ("in", "__in__"),
        ("", ""),
        ("a b", ""),
        ("1a", ""),
    ],
)
def test_names_are_escaped(name, short):
    assert escaped(name) == short


SCHEMA = {
    "type": "object",
    "properties": {
        "a-b": {"type": "integer"},
        "since": {"type": "string", "format": "date-time"},
        "wait": {"type": "string", "format": "duration"},
        "blob": {"type": "string", "format": "byte"},
        "days": {"type": "array", "items": {"type": "string", "format": "date"}},
        "port": {"x-kubernetes-int-or-string": True},
        "share": {"type": "number"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def run(text, value, **more):
    return Environment({"self": declared(SCHEMA, **more)[0]}).compile(text).evaluate({"self": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("self.a__dash__b + 1", 3),
        ("self.since", Timestamp(0)),
        ("self.wait", Duration(60 * 10**9)),
        ("self.blob", b"hi"),
        ("self.days[0].getFullYear()", 2020),
        ("self.port == 80", True),
        ("self.port == '80'", False),
        ("self.share", 2.0),
        ("self.labels.x", "y"),
        ("self.any.x.y", 1),
        ("has(self.since)", True),
        ("self.?since.hasValue()", True),
        ("self.?since.value()", Timestamp(0)),
    ],
)
def test_values_are_read_by_their_schema(text, value):
    found = {
        "a-b": 2,
        "since": "1970-01-01T00:00:00Z",
        "wait": "1m",
        "blob": "aGk=",
        "days": ["2020-02-03"],
        "port": 80,
        "share": 2,
        "labels": {"x": "y"},
        "any": {"x": {"y": 1}},
    }

    assert run(text, found) == value


def test_only_declared_fields_can_be_named_and_of_metadata_the_name():
    with pytest.raises(CheckError, match="undefined field 'nothing'"):
        run("self.nothing", {})
    with pytest.raises(CheckError, match="undefined field 'metadata'"):
        run("self.metadata", {})
    assert run("self.metadata.name", {"metadata": {"name": "x"}}, root=True) == "x"
    with pytest.raises(CheckError, match="undefined field 'labels'"):
        run("self.metadata.labels", {}, root=True)


def test_types():
    assert str(declared({"type": "array", "items": {"type": "boolean"}})[0]) == "list(bool)"
    assert declared({})[0] == types.DYN
