from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_ingress.directives import LONGEST, Directive, Unwritable, literal, plain, word, written

SPACE = " \t\r\n"


def tokens(text):
    """What nginx reads: words as (text, True), and ; { } as (sign, False). After ngx_conf_read_token."""
    found, at = [], 0
    while at < len(text):
        char = text[at]
        if char in SPACE:
            at += 1
        elif char in ";{}":
            found.append((char, False))
            at += 1
        elif char == "#":
            at = text.index("\n", at)
        else:
            quote = char if char in "\"'" else ""
            at += len(quote)
            value, variable = "", False
            while True:
                char = text[at]
                if char == "\\":
                    after = text[at + 1]
                    value += {"t": "\t", "r": "\r", "n": "\n"}.get(after, after if after in "\"'\\" else "\\" + after)
                    at += 2
                    continue
                if quote and char == quote:
                    at += 1
                    assert text[at] in SPACE + ";{", "something follows a closed quote"
                    break
                if not quote and (char in SPACE or char == ";" or (char == "{" and not variable)):
                    break
                variable = char == "$"
                value += char
                at += 1
            found.append((value, True))
    return found


def parsed(text):
    """Directives out of a file; the name of an unnamed one is its first word."""
    found, at = _block(tokens(text), 0)
    assert at == len(tokens(text))
    return found


def _block(given, at):
    found, words = [], []
    while at < len(given):
        value, is_word = given[at]
        at += 1
        if is_word:
            words.append(value)
        elif value == ";":
            found.append((tuple(words), None))
            words = []
        elif value == "{":
            inner, at = _block(given, at)
            assert given[at] == ("}", False)
            found.append((tuple(words), inner))
            words, at = [], at + 1
        else:
            return found, at - 1
    return found, at


def shape(directives):
    return [
        ((one.name, *one.words) if one.name else one.words, None if one.block is None else shape(one.block))
        for one in directives
    ]


NASTY = [
    "", " ", '"', "\\", '\\"', "a b", "a;b", "}", "{", "${x}", "$", "'", "#", '"; } server { listen 1;', "\\n", "ä",
    "a\\", '" "', "~^", "/path;internal;", "$request", "\u2028", '"\\"', "\\\\", "{{", "/a{2}",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_word_stays_one_word(text):
    assert parsed(written([plain("set", text, "end")])) == [(("set", text, "end"), None)]


@pytest.mark.parametrize("text", ["a\nb", "\r", "\0", "\x7f", "a\tb", "x" * (LONGEST + 1), "ä" * LONGEST, "\ud800"])
def test_what_the_language_cannot_carry_is_refused(text):
    with pytest.raises(Unwritable):
        word(text)


TREES = st.recursive(
    st.builds(lambda words: Directive("name", tuple(words)), st.lists(st.text(max_size=40), max_size=4)),
    lambda inner: st.builds(
        lambda words, block: Directive("block", tuple(words), tuple(block)),
        st.lists(st.text(max_size=40), max_size=3), st.lists(inner, max_size=4),
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(TREES, max_size=4))
def test_what_is_written_is_read_as_what_was_meant_or_is_refused(directives):
    try:
        text = written(directives)
    except Unwritable:
        return

    assert parsed(text) == shape(directives)


def test_a_name_is_ours_alone():
    with pytest.raises(Unwritable):
        written([Directive("listen 80; #")])


def test_a_dollar_is_refused_where_nginx_looks_for_variables():
    assert literal("plain") == "plain"
    with pytest.raises(Unwritable):
        literal("$uri")


def test_people_can_read_it():
    assert written([plain("http", block=[plain("listen", 80), plain("return", 404, "not here")])]) == (
        'http {\n    listen 80;\n    return 404 "not here";\n}\n'
    )
