"""What a machine may lack. As root everything can be had, so nothing is passed over; elsewhere it is, and said."""

from __future__ import annotations

import functools
import os
import subprocess

import pytest


@functools.cache
def docker_answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=180).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def pytest_runtest_setup(item: pytest.Item) -> None:
    if os.geteuid() == 0:
        if item.get_closest_marker("docker") and not docker_answers():
            pytest.fail("no Docker daemon answers; tools/install-test-needs installs and starts one", pytrace=False)
        return
    if item.get_closest_marker("root"):
        pytest.skip("needs the rights of root")
    if item.get_closest_marker("docker") and not docker_answers():
        pytest.skip("no Docker daemon answers, and this is not root")
