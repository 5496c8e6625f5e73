"""sampan's own controllers in simulation: seeds that are always run, and some that are new with each change.

Each scenario runs in a process of its own with PYTHONHASHSEED=0, as the command does that a failure prints.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from sampan_testing.scenarios import SCENARIOS

FIXED = 1, 3
#: Seeds that found a fault: evictions were noted by another clock than the controllers'.
FAILED = [("evictions", 117)]
NEW = 1  # seeds of each scenario that are new with each change


@functools.cache
def seed_of_the_code():
    """The same wherever this code is tested: what fails on one machine fails on every other."""
    root, found = Path(__file__).parents[3], 0
    for path in sorted(path for plank in ("platform", "plugins") for path in (root / plank).rglob("*.py")):
        found = zlib.crc32(path.read_bytes(), found)
    return found


def simulate(scenario, seed, count):
    command = [sys.executable, "-m", "sampan_testing.simulate", scenario, "--seed", str(seed), "--count", str(count)]
    return subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_fixed_seeds_keep_all_invariants(scenario):
    done = simulate(scenario, *FIXED)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("scenario", "seed"), FAILED)
def test_seeds_that_found_a_fault_pass(scenario, seed):
    done = simulate(scenario, seed, 1)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_new_seeds_keep_all_invariants(scenario):
    done = simulate(scenario, seed_of_the_code(), NEW)

    assert done.returncode == 0, done.stdout + done.stderr
