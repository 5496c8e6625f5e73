"""An audit says that all is well only where every package was really looked over."""

from __future__ import annotations

import importlib.util
import json

import pytest


@pytest.fixture(scope="module")
def verdict(root):
    spec = importlib.util.spec_from_file_location("audited", root / "tools" / "audited.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.verdict


SOUND = {"name": "a", "version": "1", "vulns": []}
WRONG = {"name": "b", "version": "2", "vulns": [{"id": "X-1", "fix_versions": ["3"]}]}
PASSED_OVER = {"name": "c", "skip_reason": "Dependency not found and could not be audited"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([SOUND], 0, "1 packages looked over, nothing known against them"),
        ([SOUND, PASSED_OVER], 2, "no advisories for 1 of 2 packages"),
        ([PASSED_OVER, WRONG], 1, "b 2: X-1, mended in 3"),
        ([], 2, "no advisories for 0 of 0 packages"),
    ],
)
def test_what_was_not_looked_over_is_no_audit(verdict, packages, code, words):
    assert verdict(json.dumps({"dependencies": packages})) == (code, [words])


def test_no_answer_is_no_audit(verdict):
    assert verdict("")[0] == verdict("[]")[0] == verdict("null")[0] == 2
