from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sampan_dashboard.plaintext import plain

#: A slow machine is no failure.
CHANCE = settings(deadline=None, max_examples=50, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "0;titleafter"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("a\tb", "a\tb"),
        ("bell\x07\x00", "bell"),
        ("<script>", "<script>"),
        ("\x9b31mred", "31mred"),
    ],
)
def test_escape_sequences_of_terminals_do_not_get_through(text, shown):
    assert plain(text) == shown


@CHANCE
@given(st.text())
def test_no_text_keeps_a_control_character(text):
    assert not any(sign in plain(text) for sign in ("\x1b", "\x9b", "\x07", "\x00", "\x08"))
