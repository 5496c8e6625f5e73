import contextlib
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery import yamlin


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("off", False), ("True", True), ('"yes"', "yes"), ("~", None), ("", None), ("010", 8),
        ("0x1F", 31), ("1_000", 1000), ("1.5", 1.5), ("1e3", 1000), ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"), ("12:30", "12:30"), ("09", 9), ("1.2.3", "1.2.3"),
        ("!!str 5", "5"), ("-9223372036854775808", -(2**63)), ("=", "="),
        ("3.0", 3), ("3.", 3), (".5", 0.5), ("0o17", 15), ("017", 15), ("0b11", 3), ("+4", 4), ("1_0.5", 10.5),
        ("y", True), ("N", False), ("nO", "nO"), ("0999", 999), ("0x", "0x"), ("1e", "1e"), ("+", "+"), (".", "."),
        ("1e400", "1e400"), ("1e25", 1e25), ("18446744073709551615", 2**64 - 1), ("!!int 5", 5), ("!!float 5", 5),
        ("08:00", "08:00"), ("100m", "100m"), ("9" * 70, 1e70), ("-0b11", -3), ("'y'", "y"), ("<<x", "<<x"),
    ],
)  # fmt: skip
def test_scalars_are_read_as_kubernetes_reads_them(text, value):
    found = yamlin.decode(f"a: {text}\n".encode())["a"]

    assert (found, type(found)) == (value, type(value))


def test_keys_become_text():
    assert yamlin.decode(b"1: a\ntrue: b\n~: c\n1.5: d") == {"1": "a", "true": "b", "null": "c", "1.5": "d"}


def test_anchors_and_merges_work_and_share_nothing():
    found = yamlin.decode(b"base: &b {x: 1, l: [1]}\nd: {<<: *b, x: 2}\ne: *b\n")

    assert found["d"] == {"x": 2, "l": [1]}
    assert found["e"] == found["base"]
    assert found["e"] is not found["base"]


def test_json_under_a_yaml_name_is_read_as_json():
    assert yamlin.decode(b'{"a": 1, "b": "yes"}') == {"a": 1, "b": "yes"}


def test_repeated_keys_are_told_with_their_line():
    body = b"a: 1\nb:\n  foo: 1\n  foo: 2\n"

    assert yamlin.duplicates(body) == ['line 4: key "foo" already set in map']
    assert yamlin.decode(body) == {"a": 1, "b": {"foo": 2}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"), (b"# nothing", "empty"), (b"- a", "not a map"), (b"just words", "not a map"),
        (b"a: 1\n---\nb: 2", "more than one document"), (b"a: *x", "unknown anchor"),
        (b"a: !!python/object:os.system x", "tag"), (b"a: .inf", "unsupported value"), (b"? [1]\n: b", "map key"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "depth"), (b"a: &a [*a]", "anchor"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_bad_request(body, why):
    with pytest.raises(BadRequest, match="error converting YAML to JSON.*" + why):
        yamlin.decode(body)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"a: " + b"[" * 5000, b'a: "\\ud800"', b"\xff\xfe\x00", b"a: [", b"a: 'x"]
)
def test_what_the_parser_itself_refuses_is_a_bad_request(body):
    """How it words that, and which limit of its own it meets first, differs from release to release."""
    with pytest.raises(BadRequest, match=r"^error converting YAML to JSON: \S"):
        yamlin.decode(body)


def test_the_parser_s_complaint_comes_with_its_line():
    with pytest.raises(BadRequest, match=r"^error converting YAML to JSON: yaml: line \d+: \S"):
        yamlin.decode(b"a: [")


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    with pytest.raises(BadRequest, match="excessive aliasing"):
        yamlin.decode("\n".join(lines).encode())


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=40)
    | st.text(alphabet="ab:-{}[]&*?!|>'\"%#,\n 01.e<~\\ux", max_size=40).map(lambda text: text.encode())
)
def test_no_body_makes_anything_but_a_bad_request(body):
    for read in (yamlin.decode, yamlin.duplicates):
        with contextlib.suppress(BadRequest):
            msgspec.json.encode(read(body))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none(), max_size=5))
def test_json_means_the_same_in_both_readers(value):
    assert yamlin.decode(json.dumps(value).encode()) == value


@pytest.mark.parametrize("unit", [b"x", b"x y ", b"1", b"1:", b"_", b"\n  x"])
def test_the_parser_gets_a_large_text_in_slices(monkeypatch, unit):
    """It is in C and holds the interpreter between two reads, so that no other thread runs."""
    made = []

    class Counted(yamlin.Slices):
        def __init__(self, body):
            super().__init__(body)
            made.append(self)

    monkeypatch.setattr(yamlin, "Slices", Counted)
    body = (
        b"a: |\n  " + unit * (1_000_000 // len(unit))
        if b"\n" in unit
        else b"a: x" + unit * (1_000_000 // len(unit)) + b"1"
    )

    yamlin.decode(body)

    assert made[0].reads >= len(body) // yamlin.SLICE


@pytest.mark.parametrize("text", ["1" * 600, "1:" * 300 + "1", "1" + "_" * 600 + "1", "0x" + "f" * 600])
def test_what_is_longer_than_any_number_is_text(text):
    assert yamlin.decode(f"a: {text}".encode()) == {"a": text}


def test_a_merge_list_is_read_once():
    """Each part used to copy all that was merged before it."""
    body = b"<<: [" + b",".join(b"{x%d: 1}" % number for number in range(9_000)) + b"]"

    assert len(yamlin.decode(body)) == 9_000
    with pytest.raises(BadRequest, match="excessive aliasing"):
        yamlin.decode(b"<<: [" + b",".join(b"{x%d: 1}" % number for number in range(20_000)) + b"]")
