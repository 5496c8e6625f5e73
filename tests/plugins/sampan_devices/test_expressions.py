import subprocess
import sys

import pytest

from sampan_devices.expressions import complaint


@pytest.mark.parametrize(
    "expression",
    [
        "false",
        'device.driver == "dra.example.com"',
        'device.attributes["dra.example.com"].healthy',
        'device.attributes["dra.example.com"].model == "a" && device.allowMultipleAllocations',
        'device.capacity["dra.example.com"].memory.isGreaterThan(quantity("1Gi"))',
        'cel.bind(dra, device.attributes["dra.example.com"], dra.a && dra.b > 1)',
        'device.attributes["dra.example.com"].version.isGreaterThan(semver("1.0.0"))',
    ],
)
def test_good_expressions(expression):
    assert complaint(expression) == ""


@pytest.mark.parametrize(
    "expression, why",
    [
        ("", "compilation failed: ERROR: <input>:1:0: Syntax error"),
        ("device.odd", "compilation failed: ERROR: <input>:1:7: undefined field 'odd'"),
        ("nothing", "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing'"),
        ('"a"', "must evaluate to bool or the unknown type, not string"),
        ("device", "must evaluate to bool or the unknown type, not kubernetes.DRADevice"),
    ],
)
def test_what_is_wrong_is_said(expression, why):
    assert complaint(expression).startswith(why)


def test_cel_is_loaded_by_the_first_expression_only():
    code = "import sys; import sampan_devices.plugin; print([name for name in sys.modules if 'sampan_cel' in name])"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
