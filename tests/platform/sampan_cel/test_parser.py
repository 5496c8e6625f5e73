"""What is an expression and what is none."""

import pytest

from sampan_cel import Environment, ParseError, types
from sampan_cel.values import Uint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1F", 31),
        ("7u", Uint(7)),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-9223372036854775808", -(2**63)),
        ("- -1", 1),
        ("!!true", True),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 3 - 2", 5),
        ("7 / 2 * 2", 6),
        ("1 < 2 == true", True),
        ("true ? 1 : false ? 2 : 3", 1),
        ("false ? 1 : false ? 2 : 3", 3),
        ("'it\\'s'", "it's"),
        ("r'\\n'", "\\n"),
        ("'''a\n'b'''", "a\n'b"),
        ("'\\u00e9\\x41\\101'", "\u00e9AA"),
        ("b'\\xff\\303'", b"\xff\xc3"),
        ("b'\u00e9'", b"\xc3\xa9"),
        ("[1, 2,]", [1, 2]),
        ("{'a': 1,}", {"a": 1}),
        ("1 // a comment\n+ 1", 2),
        ("[[1]][0][0]", 1),
        ("{'a-b': 1}.`a-b`", 1),
        ("2 in [1, 2] && !(3 in [1, 2])", True),
        ("null", None),
        ("a.b['c'].d", 5),
    ],
)
def test_expressions_are_read(text, value):
    found = Environment({"a": types.DYN}).compile(text).evaluate({"a": {"b": {"c": {"d": 5}}}})

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mismatched input '<EOF>'"),
        ("1 +", "mismatched input '<EOF>'"),
        ("(1", "missing ')' at '<EOF>'"),
        ("[1", "expecting"),
        ("'open", "token recognition error"),
        ("'a\nb'", "token recognition error"),
        ("1 2", "expecting <EOF>"),
        ("a ? b", "expecting :"),
        ("#", "token recognition error at: '#'"),
        ("9223372036854775808", "invalid int literal"),
        ("18446744073709551616u", "invalid uint literal"),
        ("'\\q'", "unable to unescape string"),
        ("'\\ud800'", "unable to unescape string"),
        ("b'\\u0041'", "bytes literal"),
        ("for", "reserved identifier: for"),
        ("a.in", "expecting IDENTIFIER"),
        ("has(a)", "invalid argument to has() macro"),
        ("a.all(1, true)", "simple name"),
        ("a.all(x, x, true)", "duplicate variable name"),
        ("1{a: 2}", "mismatched input '{'"),
        ("a &&", "<EOF>"),
    ],
)
def test_what_is_no_expression_is_refused_in_words(text, words):
    with pytest.raises(ParseError) as refused:
        Environment({"a": types.DYN, "b": types.DYN}).compile(text)

    assert words in str(refused.value)


def test_an_empty_expression_has_no_place_to_show():
    with pytest.raises(ParseError) as caught:
        Environment().compile("")

    assert str(caught.value).startswith("ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>'")
    assert str(caught.value).endswith("IDENTIFIER}")
