from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan.errors import BadRequest
from sampan_machinery import quantities
from sampan_machinery.quantities import canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("-0", "0"),
        ("1000m", "1"),
        ("100m", "100m"),
        ("1.5", "1500m"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("+5", "5"),
        ("-5", "-5"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("512", "512"),
        ("0.5Ki", "512"),
        ("1024", "1024"),
        ("1000", "1k"),
        ("1000000", "1M"),
        ("1500k", "1500k"),
        ("128974848", "128974848"),
        ("129e6", "129e6"),
        ("129M", "129M"),
        ("1E", "1E"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("12e-3", "12e-3"),
        ("100n", "100n"),
        ("0.1n", "1n"),
        ("-0.1n", "-1n"),
        ("9Ei", "9223372036854775807"),
        ("001", "1"),
    ],
)
def test_a_quantity_has_one_canonical_form(text, expected):
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "1 ", "a", "1Zi", "1mi", "1i", "1KiB", "--1", "1e", "1e9999999", ".", "+", "1\n", "\u0661"]
)
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(BadRequest):
        canonical(text)


def test_numbers_are_quantities_too():
    assert canonical(2) == "2"
    assert canonical(0.5) == "500m"
    with pytest.raises(BadRequest):
        canonical(True)
    with pytest.raises(BadRequest):
        canonical(float("nan"))
    with pytest.raises(BadRequest):
        canonical(10**5000)


def test_amounts_are_exact_and_rounded_up_where_asked():
    assert quantities.parse("100m") == Fraction(1, 10)
    assert quantities.milli("1.0001") == 1001
    assert quantities.whole("1500m") == 2
    assert quantities.whole("1Gi") == 2**30


def test_quantities_compare_and_add_across_suffixes():
    assert quantities.compare("1Gi", "1024Mi") == 0
    assert quantities.compare("1k", "1Ki") == -1
    assert quantities.add("512Mi", "512Mi") == "1Gi"
    assert quantities.add("0", "100m", "1") == "1100m"
    assert quantities.add() == "0"
    assert quantities.subtract("1Gi", "1Mi") == "1023Mi"


amounts = st.from_regex(r"[+-]?[0-9]{1,15}(\.[0-9]{0,9})?(n|u|m||k|M|G|T|P|Ki|Mi|Gi|Ti|e[0-9]|E-[0-9])", fullmatch=True)


@given(amounts)
def test_the_canonical_form_is_stable_and_keeps_the_amount(text):
    assert canonical(canonical(text)) == canonical(text)
    assert quantities.nanos(canonical(text)) == quantities.nanos(text)


@given(st.text(st.sampled_from("0123456789.+-eEinumkKMGTP")) | st.text())
def test_any_text_is_a_quantity_or_a_bad_request(text):
    try:
        canonical(text)
    except BadRequest:
        assert not quantities.is_quantity(text)
