"""What expressions evaluate to, errors and what absorbs them."""

import pytest

from sampan_cel import CelError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("has(a.list)", True),
        ("has(a.nothing)", False),
        ("a.?nothing.orValue(7)", 7),
        ("a.?map.?x.value()", 1),
        ("a[?'nothing'].hasValue()", False),
        ("[?a.?nothing, 1]", [1]),
        ("{?'k': a.?nothing, 'l': 1}", {"l": 1}),
        ("optional.of(1).or(optional.of(2)).value()", 1),
        ("optional.none().orValue(3)", 3),
        ("optional.ofNonZeroValue('').hasValue()", False),
        ("a.?map.optMap(m, size(m)).orValue(0)", 2),
        ("a.?nothing.optMap(m, size(m)).orValue(0)", 0),
        ("a.?map.optFlatMap(m, m.?x).value()", 1),
        ("cel.bind(x, a.list, size(x) + x[0])", 4),
        ("{1: 'int', true: 'bool'}[true]", "bool"),
        ("{1: 'a'}[1u]", "a"),
        ("dyn(1) == 1.0", True),
        ("dyn(true) == 1", False),
        ("dyn([1]) == [1.0]", True),
        ("a == a", True),
        ("type(a.list) == list", True),
        ("type(1u) == uint", True),
        ("type(type(1)) == type", True),
    ],
)
def test_values(run, text, value):
    assert run(text, a={"list": [1, 2, 3], "map": {"x": 1, "y": 2}}) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.nothing", "no such key: nothing"),
        ("a.list[3]", "index out of bounds: 3"),
        ("a.list[-1]", "index out of bounds: -1"),
        ("a.list.x", "no such overload"),
        ("1 / 0", "divide by zero"),
        ("1 % 0", "modulus by zero"),
        ("a.list + 1", "no such overload"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("-(-9223372036854775808)", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("{'a': 1, 'a': 2}", "repeated key: a"),
        ("{dyn(1.5): 1}", "unsupported key type"),
        ("dyn(1) && true", "no such overload"),
        ("dyn('x') ? 1 : 2", "no such overload"),
        ("optional.none().value()", "optional.none\\(\\) dereference"),
        ("a.list.all(x, x)", "no such overload"),
        (
            "[1].transformMapEntry(i, v, {'k': v}) == {} || {'k': 1}.transformMapEntry(k, v, {'z': v}).y == 1",
            "no such key: y",
        ),
        ("'a'.matches('(')", "error parsing regexp"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text, a={"list": [1, 2, 3]})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true || a.nothing", True),
        ("a.nothing || true", True),
        ("false && a.nothing", False),
        ("a.nothing && false", False),
        ("[1, 0].exists(x, 1 / x == 1)", True),
        ("[0, 2].all(x, 1 / x > 3)", False),
        ("a.nothing ? 1 : 2", None),
    ],
)
def test_an_error_counts_only_where_nothing_decides(run, text, value):
    if value is None:
        with pytest.raises(CelError):
            run(text, a={})
    else:
        assert run(text, a={}) is value


def test_a_pattern_that_would_go_back_and_forth_takes_no_time(run):
    assert run("a.matches('^(a+)+$')", a="a" * 50_000 + "b") is False
