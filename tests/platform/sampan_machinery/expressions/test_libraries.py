"""Quantities, versions and named formats in expressions."""

import pytest

from sampan_cel import CelError, CheckError, Environment, types
from sampan_cel.extensions import MATH
from sampan_machinery.expressions import KUBERNETES


def run(text):
    return Environment({}, (*KUBERNETES, MATH)).compile(text).evaluate({})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("quantity('1Gi') == quantity('1024Mi')", True),
        ("quantity('1').add(quantity('500m')).isGreaterThan(quantity('1.4'))", True),
        ("quantity('10k').sub(1).asInteger()", 9999),
        ("quantity('50m').isInteger()", False),
        ("quantity('-1').sign()", -1),
        ("quantity('1500m').asApproximateFloat()", 1.5),
        ("quantity('1').compareTo(quantity('2'))", -1),
        ("isQuantity('1.3Zi')", False),
        ("type(quantity('1')) == kubernetes.Quantity", True),
        ("semver('1.2.3-rc.10').isLessThan(semver('1.2.3'))", True),
        ("semver('1.2.3-rc.10').isGreaterThan(semver('1.2.3-rc.9'))", True),
        ("semver('1.2.3+a') == semver('1.2.3+b')", True),
        ("semver('v01.2', true).patch()", 0),
        ("isSemver('v1.2.3')", False),
        ("isSemver('1.02.3')", False),
        ("semver('4.5.6').major() + semver('4.5.6').minor()", 9),
        ("format.dns1123Label().validate('Bad_Name').hasValue()", True),
        ("format.named('dns1123Subdomain').value().validate('a.b').hasValue()", False),
        ("format.named('nothing').hasValue()", False),
        ("format.uuid().validate('x').value()", ["invalid uuid"]),
        ("[1, 2].sum() == 3 && 'a-b'.split('-').size() == 2", True),
    ],
)
def test_values(text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    "text", ["quantity('x')", "quantity('500m').asInteger()", "semver('1.2')", "semver('1.2.3.4', true)"]
)
def test_errors(text):
    with pytest.raises(CelError):
        run(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 'a'] == [1]", "ERROR: <input>:1:5: expected type 'int' but found 'string'"),
        ("{'a': 1, 'b': 'c'}.size() == 1", "ERROR: <input>:1:15: expected type 'int' but found 'string'"),
        ("duration('long') == duration('1h')", "ERROR: <input>:1:10: invalid duration argument"),
        ("timestamp('now') < timestamp('2026-01-01T00:00:00Z')", "ERROR: <input>:1:11: invalid timestamp argument"),
        ("'a'.matches('(')", "ERROR: <input>:1:13: invalid matches argument"),
    ],
)
def test_literals_that_are_wrong_are_refused_when_they_are_compiled(text, words):
    with pytest.raises(CheckError) as caught:
        Environment({}, KUBERNETES).compile(text)

    assert str(caught.value).startswith(words)


def test_a_list_of_one_type_or_of_dynamic_values_is_fine():
    environment = Environment({"x": types.DYN}, KUBERNETES)

    for text in ("[1, 2]", "[[1], [2, 3]]", "[x, x.y]", "[?optional.of(1), 2]", "[[], [1]]", "{'a': [1], 'b': [2]}"):
        environment.compile(text)
