"""Rules at work: what they say of a value."""

import pytest

from sampan_machinery.expressions import rules, running

INT, TEXT = {"type": "integer"}, {"type": "string"}


def schema(*found, **properties):
    return {"type": "object", "properties": properties, "x-kubernetes-validations": list(found)}


def check(schema, value, old=None):
    place = rules.compiled(schema)
    return [tuple(each) for each in running.check(value, old, place)] if place else None


def test_a_schema_without_rules_costs_nothing():
    assert check(schema(a=INT), {}) is None


def test_a_rule_that_does_not_hold_is_named_with_its_message():
    found = schema({"rule": "self.a < self.b", "message": "a must be below b"}, a=INT, b=INT)

    assert check(found, {"a": 1, "b": 2}) == []
    assert check(found, {"a": 2, "b": 2}) == [("<nil>", "FieldValueInvalid", "Invalid value: a must be below b")]


def test_without_a_message_the_rule_is_named():
    assert check(schema({"rule": "self.a > 0"}, a=INT), {"a": 0})[0][2].endswith("failed rule: self.a > 0")


def test_a_message_may_be_computed():
    found = schema({"rule": "self.a > 0", "messageExpression": "'a is ' + string(self.a)", "message": "plain"}, a=INT)
    failing = schema({"rule": "self.a > 0", "messageExpression": "'x' + string(1 / self.a)", "message": "plain"}, a=INT)

    assert check(found, {"a": -1})[0][2].endswith("a is -1")
    assert check(failing, {"a": 0})[0][2].endswith("plain")


@pytest.mark.parametrize(
    ("reason", "start"),
    [
        ("FieldValueRequired", "Required value: why"),
        ("FieldValueForbidden", "Forbidden: why"),
        ("FieldValueDuplicate", "Duplicate value"),
        ("FieldValueInvalid", "Invalid value"),
    ],
)
def test_reason_and_field_path(reason, start):
    found = schema({"rule": "has(self.a)", "message": "why", "reason": reason, "fieldPath": ".a"}, a=INT)

    ((path, kind, message),) = check(found, {})

    assert (path, kind) == ("a", reason)
    assert message.startswith(start)


def test_a_transition_rule_runs_only_where_there_was_a_value():
    found = schema(spec=schema({"rule": "self.a >= oldSelf.a", "message": "a may only grow"}, a=INT))

    assert check(found, {"spec": {"a": 1}}) == []
    assert check(found, {"spec": {"a": 1}}, {}) == []
    assert check(found, {"spec": {"a": 2}}, {"spec": {"a": 1}}) == []
    assert check(found, {"spec": {"a": 1}}, {"spec": {"a": 2}})[0][0] == "spec"


def test_an_optional_old_self_is_there_on_creates_too():
    rule = {"rule": "oldSelf.hasValue() || self.a == 0", "optionalOldSelf": True}

    assert check(schema(rule, a=INT), {"a": 1}) != []
    assert check(schema(rule, a=INT), {"a": 1}, {"a": 5}) == []


def test_items_find_their_former_selves_by_their_keys():
    item = {**schema({"rule": "self.v == oldSelf.v", "message": "v is immutable"}, k=TEXT, v=INT)}
    listed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": item}
    before = {"list": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}
    after = {"list": [{"k": "b", "v": 3}, {"k": "a", "v": 1}, {"k": "c", "v": 9}]}

    assert [each[0] for each in check(schema(list=listed), after, before)] == ["list[0]"]
    atomic = {"type": "array", "items": item}
    assert check(schema(list=atomic), after, before) == []


def test_values_of_maps_and_scalars_have_rules_too():
    found = schema(
        m={"type": "object", "additionalProperties": {**INT, "x-kubernetes-validations": [{"rule": "self > 0"}]}},
        t={**TEXT, "format": "date-time", "x-kubernetes-validations": [{"rule": "self > timestamp(0)"}]},
    )

    assert [each[0] for each in check(found, {"m": {"a": 1, "b": 0}, "t": "1970-01-01T00:00:00Z"})] == ["m[b]", "t"]


def test_an_error_in_a_rule_refuses_the_object():
    assert "no such key: a" in check(schema({"rule": "self.a > 0"}, a=INT), {})[0][2]


def test_rules_stop_when_the_budget_is_spent():
    rule = {"rule": "self.l.all(x, self.l.all(y, self.l.all(z, x + y + z >= 0)))"}
    found = schema(rule, {"rule": "true"}, l={"type": "array", "items": INT})

    (only,) = check(found, {"l": [1] * 200})

    assert "no further validation rules will be run due to call cost exceeds limit" in only[2]


def test_what_fails_on_a_value_that_did_not_change_is_let_pass():
    positive = {**INT, "x-kubernetes-validations": [{"rule": "self > 0"}]}
    found = schema({"rule": "self.b > 0"}, a=positive, b=INT)

    assert check(found, {"a": 0, "b": 0}, {"a": 0, "b": 0}) == []
    assert [each[0] for each in check(found, {"a": 0, "b": 0}, {"a": 0, "b": 1})] == ["<nil>"]
    assert [each[0] for each in check(found, {"a": 0, "b": 1}, {"a": 2, "b": 1})] == ["a"]


def test_items_that_have_no_former_selves_are_unchanged_with_their_list():
    found = schema(list={"type": "array", "items": {**INT, "x-kubernetes-validations": [{"rule": "self > 0"}]}}, b=INT)

    assert check(found, {"list": [0], "b": 1}, {"list": [0], "b": 2}) == []
    assert [each[0] for each in check(found, {"list": [0, 0]}, {"list": [0]})] == ["list[0]", "list[1]"]


def test_a_transition_rule_refuses_what_did_not_change_too():
    found = schema(a={**INT, "x-kubernetes-validations": [{"rule": "self > oldSelf"}]})

    assert [each[0] for each in check(found, {"a": 1}, {"a": 1})] == ["a"]
