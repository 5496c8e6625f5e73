"""The name that a chain of selections spells."""

import pytest

from sampan_cel.ast import Const, Ident, Select, dotted


@pytest.mark.parametrize(
    ("node", "name"),
    [
        (Ident(0, "a"), "a"),
        (Select(1, Select(1, Ident(0, "a"), "b"), "c"), "a.b.c"),
        (Const(0, "a"), ""),
        (Select(1, Const(0, "a"), "b"), ""),
        (Select(1, Ident(0, "a"), "b", test=True), ""),
        (Select(1, Ident(0, "a"), "b", optional=True), ""),
        (Select(1, Select(1, Ident(0, "a"), "b", optional=True), "c"), ""),
    ],
)
def test_a_name_is_of_plain_selections_alone(node, name):
    assert dotted(node) == name
