"""Stored objects follow the schema of their kind."""

import json

from sampan.contracts.kinds import Kind
from sampan_server.cache.collection import Collection
from sampan_server.extension.renewal import renew
from sampan_server.registry import Served

HEAD = '{"kind":"Boat","apiVersion":"toys.example/%s","metadata":{"resourceVersion":"","name":"%s"},"spec":%s}'


def stored(*objects):
    """A collection of (version, name, spec)."""
    found = Collection("/toys.example/boats/", {}, 0)
    found.load(
        (f"/toys.example/boats/{name}", (HEAD % (version, name, json.dumps(spec))).encode(), number)
        for number, (version, name, spec) in enumerate(objects, 1)
    )
    return found


def served(version, **spec):
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": spec}}}
    kind = Kind(group="toys.example", version=version, kind="Boat", plural="boats", namespaced=False, schema=schema)
    return Served(kind, kind, None, sourced=True)


def specs(collection):
    return {record.name: record.decode()["spec"] for record in collection.records.values()}


def test_defaults_come_in_and_unknown_fields_go():
    boats = stored(("v1", "a", {"crew": 1, "old": 2}), ("v1", "b", {"crew": 1, "new": 5}))
    before = boats.records["/toys.example/boats/b"].body

    renew(boats, [served("v1", crew={"type": "integer"}, new={"type": "integer", "default": 3})])

    assert specs(boats) == {"a": {"crew": 1, "new": 3}, "b": {"crew": 1, "new": 5}}
    assert boats.records["/toys.example/boats/b"].body is before
    assert boats.records["/toys.example/boats/a"].decode()["metadata"]["resourceVersion"] == "1"


def test_each_object_follows_the_schema_of_its_own_version():
    boats = stored(("v1", "a", {"x": 1}), ("v2", "b", {"x": 1}), ("v3", "c", {"x": 1}))

    renew(boats, [served("v1", x={"type": "integer"}), served("v2", y={"type": "integer", "default": 0})])

    assert specs(boats) == {"a": {"x": 1}, "b": {"y": 0}, "c": {"x": 1}}


def test_what_was_computed_from_the_former_form_is_forgotten():
    boats = stored(("v1", "a", {}))
    record = boats.records["/toys.example/boats/a"]
    record.form("shown", lambda kept: kept.body)

    renew(boats, [served("v1", x={"type": "integer", "default": 1})])

    assert record.forms is None


def test_a_schema_that_comes_back_finds_what_is_stored():
    boats = stored(("v1", "a", {"old": 1}))
    before = boats.records["/toys.example/boats/a"].body

    renew(boats, [served("v1", new={"type": "integer", "default": 3})])
    assert specs(boats) == {"a": {"new": 3}}
    renew(boats, [served("v1", old={"type": "integer"})])

    record = boats.records["/toys.example/boats/a"]
    assert (record.body, record.stored) == (before, None)


def test_what_comes_later_is_looked_at_where_there_are_several_versions():
    boats = stored()
    renew(boats, [served("v1", crew={"type": "integer", "default": 3}), served("v2")])
    (late,) = stored(("v1", "a", {})).records.values()
    (strange,) = stored(("v1", "b", "no object")).records.values()

    boats.renew(late)
    boats.renew(strange)

    assert late.decode()["spec"] == {"crew": 3}
    assert late.stored is not None
    assert strange.decode()["spec"] == "no object"
    renew(boats, [served("v1")])
    assert boats.renew is None
