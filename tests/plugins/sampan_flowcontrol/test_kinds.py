from __future__ import annotations

from sampan.contracts.kinds import Draft
from sampan_flowcontrol.kinds import FLOW_SCHEMA, PRIORITY_LEVEL, default_level, default_schema, prepare


def test_defaults_are_upstreams():
    schema, limited, exempt = (
        {"spec": {}},
        {"spec": {"limited": {"limitResponse": {"queuing": {}}}}},
        {"spec": {"exempt": {}}},
    )
    default_schema(schema)
    default_level(limited)
    default_level(exempt)

    assert schema["spec"]["matchingPrecedence"] == 1000
    assert limited["spec"]["limited"] == {
        "nominalConcurrencyShares": 30, "lendablePercent": 0,
        "limitResponse": {"type": "", "queuing": {"queues": 64, "handSize": 8, "queueLengthLimit": 50}},
    }  # fmt: skip
    assert exempt["spec"]["exempt"] == {"nominalConcurrencyShares": 0, "lendablePercent": 0}


def test_the_columns_are_upstreams(schema, level):
    def row(kind, obj):
        return [column.cell(obj) for column in kind.columns if column.name not in ("Age", "Name")]

    assert row(FLOW_SCHEMA, schema()) == ["mine", 1000, "ByUser", "?"]
    assert row(PRIORITY_LEVEL, level()) == ["Limited", 30, 4, 1, 2]
    assert row(PRIORITY_LEVEL, level(queues=0)) == ["Limited", 30, "<none>", "<none>", "<none>"]


def test_a_write_of_the_status_leaves_the_metadata():
    old, new = {"metadata": {"name": "a", "uid": "1"}}, {"metadata": {"name": "a", "uid": "2"}}

    prepare(Draft(new, old, "status", "jane"))

    assert new["metadata"] == old["metadata"]
    assert not FLOW_SCHEMA.status_metadata and not PRIORITY_LEVEL.status_metadata  # the server keeps labels and others


def test_another_write_is_checked():
    new = {"metadata": {"name": "a", "uid": "2"}}

    prepare(Draft(new, {"metadata": {"name": "a", "uid": "1"}}, "", "jane"))

    assert new["metadata"]["uid"] == "2"
