"""Where the tree is. The rules below are functions that name what breaks them, so that bad samples can be tried too."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
