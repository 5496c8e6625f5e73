"""Functions of templates print and quote as Go's and KWOK's do."""

from __future__ import annotations

import pytest

from sampan_hollow.template_functions import GENERIC, TemplateError, as_yaml, printed, quote


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<no value>"),
        (True, "true"),
        (2.0, "2"),
        (1.5, "1.5"),
        ([1, "a"], "[1 a]"),
        ({"b": 1, "a": 2}, "map[a:2 b:1]"),
    ],
)
def test_values_are_printed_as_go_prints_them(value, text):
    assert printed(value) == text


def test_quote_makes_one_yaml_scalar_of_anything():
    assert quote('a"b') == '"a\\"b"'
    assert quote({"a": 1}) == '"{\\"a\\":1}"'


def test_yaml_is_indented_by_two_spaces_a_step():
    assert as_yaml({"cpu": "1"}, 2) == "\n    cpu: '1'\n    "


def test_printf_counts_its_values():
    with pytest.raises(TemplateError, match="a value is missing"):
        GENERIC["printf"]("%s")
    assert GENERIC["printf"]("100%% %q", "a") == '100% "a"'
