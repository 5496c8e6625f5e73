"""Text into tokens."""

import pytest

from sampan_cel import ParseError
from sampan_cel.lexer import tokens


def test_tokens_know_their_kind_place_and_value():
    found = [(token.kind, token.text, token.at, token.value) for token in tokens("a.?`b/c` >= 0x10 // end\n&& 'x'")]

    assert found == [
        ("ident", "a", 0, None),
        ("op", ".?", 1, None),
        ("quoted", "b/c", 3, None),
        ("op", ">=", 9, None),
        ("const", "0x10", 12, 16),
        ("op", "&&", 24, None),
        ("const", "'x'", 27, "x"),
        ("end", "<EOF>", 30, None),
    ]


def test_a_letter_that_begins_no_token_is_named():
    with pytest.raises(ParseError, match="token recognition error at: '\\$'"):
        tokens("a $ b")


def test_half_a_surrogate_pair_reads_as_go_reads_it():
    assert [token.value for token in tokens("'\ud83d' b'\ud83d'")][:2] == ["\ufffd", "\ufffd".encode()]
