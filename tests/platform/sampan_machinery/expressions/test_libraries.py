"""Quantities, versions and named formats in expressions."""

import pytest

from sampan_cel import CelError, Environment
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
