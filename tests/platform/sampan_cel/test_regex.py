"""Patterns of clients."""

import pytest

from sampan_cel import CelError
from sampan_cel.regex import compiled, cost, matches


def test_a_pattern_is_found_anywhere_and_compiled_once():
    assert matches("abc", "b") and not matches("abc", "^b")
    assert compiled("a+") is compiled("a+")


def test_a_bad_pattern_is_an_error_in_words():
    with pytest.raises(CelError, match="error parsing regexp: missing"):
        matches("a", "(")


def test_the_cost_grows_with_text_and_pattern():
    assert cost("a" * 1000, "b" * 100) > 50 * cost("a" * 10, "b")
