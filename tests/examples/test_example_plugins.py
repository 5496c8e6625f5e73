"""The example plugins pass their own tests, as a user who copies one runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "plugins"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/setup.cfg"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_passes_its_own_tests(name):
    place = EXAMPLES / name
    environ = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, timeout=600, check=False)

    assert done.returncode == 0, done.stdout


def test_there_are_three():
    assert NAMES == ["preferred_nodes", "registries", "website"]
