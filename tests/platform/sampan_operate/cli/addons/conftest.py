from __future__ import annotations

import pytest
from click.testing import CliRunner

from sampan_operate.cli import sampan


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`sampan addons …` with a home of the test's own; an error of ours comes back as ``exception``."""
    monkeypatch.delenv("SAMPAN_CONFIG", raising=False)
    monkeypatch.setenv("SAMPAN_HOME", str(tmp_path))

    def call(*argv, **more):
        return CliRunner().invoke(sampan, ["addons", *argv], **more)

    return call


@pytest.fixture
def write(tmp_path):
    def sampan_yaml(text):
        (tmp_path / "sampan.yaml").write_text(text)

    return sampan_yaml
