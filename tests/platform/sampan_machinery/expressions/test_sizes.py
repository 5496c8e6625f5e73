"""Sizes of what a structural schema describes, and what rules over it cost at most."""

import pytest

from sampan_cel import Environment, types
from sampan_machinery.expressions import KUBERNETES
from sampan_machinery.expressions.declarations import declared
from sampan_machinery.expressions.sizes import REQUEST, most_often, sized, sizes_of


def cost(schema, rule):
    own, _ = declared(schema)
    environment = Environment({"self": own}, KUBERNETES)
    return environment.compile(rule, result=types.BOOL, sizes=sizes_of(sized(schema))).estimate.high


def test_a_list_without_a_bound_holds_what_fits_into_a_request():
    found = sized({"type": "array", "items": {"type": "string"}})

    assert found.most == (REQUEST - 2) // 3


@pytest.mark.parametrize(
    ("schema", "most"),
    [
        ({"type": "string", "maxLength": 10}, 40),
        ({"type": "string", "enum": ["a", "long"]}, 4),
        ({"type": "string", "format": "date-time"}, 32),
        ({"type": "string", "format": "byte", "maxLength": 10}, 10),
        ({"type": "string"}, REQUEST - 2),
        ({"x-kubernetes-int-or-string": True, "maxLength": 3}, 12),
        ({"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 7}, 7),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, (REQUEST - 2) // 10),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 3}, 3),
    ],
)
def test_the_most_elements_of_a_place(schema, most):
    assert sized(schema).most == most


def test_required_fields_make_an_object_larger_and_so_rarer():
    schema = {
        "type": "object",
        "required": ["name", "kept"],
        "properties": {"name": {"type": "string"}, "kept": {"type": "string", "default": "x"}},
    }

    assert sized(schema).least_bytes == 2 + 4 + 2 + 4
    assert most_often(sized(schema)) == REQUEST // 13


def test_what_has_no_type_has_no_size():
    assert sized({"x-kubernetes-preserve-unknown-fields": True}) is None


def test_a_rule_over_a_bounded_list_is_cheap_and_over_an_unbounded_one_expensive():
    bounded = {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 10}}
    open_ended = {"type": "array", "items": {"type": "string"}}
    rule = "self.all(x, self.all(y, x.contains(y)))"

    assert cost(bounded, rule) < 10_000
    assert cost(open_ended, rule) > 10_000_000


def test_fields_are_found_by_the_names_that_expressions_use():
    schema = {"type": "object", "properties": {"a-b": {"type": "string", "maxLength": 5}}}

    assert cost(schema, "self.a__dash__b.startsWith(self.a__dash__b)") == 2 + 2 + 2
