"""Functions on texts."""

import pytest

from sampan_cel import CelError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'tacocat'.charAt(3)", "o"),
        ("'abc'.charAt(3)", ""),
        ("'tacocat'.indexOf('c')", 2),
        ("'tacocat'.indexOf('c', 3)", 4),
        ("'abc'.indexOf('')", 0),
        ("'tacocat'.lastIndexOf('a')", 5),
        ("'tacocat'.lastIndexOf('a', 4)", 1),
        ("'TaCo\u00c9'.lowerAscii()", "taco\u00c9"),
        ("'a-b-c'.replace('-', '+')", "a+b+c"),
        ("'a-b-c'.replace('-', '+', 1)", "a+b-c"),
        ("'a b c'.split(' ', 2)", ["a", "b c"]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("'tacocat'.substring(1, 4)", "aco"),
        ("'  a\\n'.trim()", "a"),
        ("['a', 'b'].join('/')", "a/b"),
        ("'abc'.reverse()", "cba"),
        ("strings.quote('a\"\\n')", '"a\\"\\n"'),
        ("'%s is %d, %.2f, %x, %b, %e'.format(['a', 7, 1.005, 255, 5, 1234.5])", "a is 7, 1.00, ff, 101, 1.234500e+03"),
        ("'%s %s'.format([{'b': [1, null], 'a': true}, duration('1m')])", "{a: true, b: [1, null]} 60s"),
        ("'100%%'.format([])", "100%"),
    ],
)
def test_values(run, text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("'abc'.charAt(4)", "index out of range: 4"),
        ("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1"),
        ("'%d'.format(['a'])", "decimal clause can only be used on integers, was given string"),
        ("'%s'.format([])", "index 0 out of range"),
        ("'%y'.format([1])", 'unrecognized formatting clause "y"'),
        ("'%'.format([1])", "unexpected end of string"),
        ("[dyn('a'), 1].join()", "no such overload"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text)
