import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_machinery.jsontext import repaired


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (rb"x\ud800y", "x\ufffdy"), (rb"\udc00\ud800", "\ufffd\ufffd"), (rb"\ud83d\ude00", "\U0001f600"),
        (b"x\xffy", "x\ufffdy"), (b"\xe2\x82", "\ufffd\ufffd"), (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (rb"\ud800\ud83d\ude00", "\ufffd\U0001f600"), (rb"\\ud800", "\\ud800"), (rb"\\\ud800", "\\\ufffd"),
        (rb"\uD800\n", "\ufffd\n"), (rb"a\u0000b\u2028", "a\0b\u2028"), ("é😀".encode(), "é😀"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_read_as_go_reads_it(raw, read):
    assert json.loads(repaired(b'{"a":"%b"}' % raw))["a"] == read


@given(st.text())
def test_a_body_without_faults_is_left_as_it_is(text):
    for ascii_ in (True, False):
        try:
            body = json.dumps(text, ensure_ascii=ascii_).encode()
        except UnicodeEncodeError:
            continue
        assert json.loads(repaired(body)) == text


@given(st.binary(max_size=60))
def test_whatever_comes_is_utf_8_afterwards(body):
    repaired(body).decode()
