"""What a machine may lack. As root everything can be had, so nothing is passed over; elsewhere it is, and said."""

from __future__ import annotations

import functools
import gc
import os
import subprocess
import sys

import pytest


def pytest_configure() -> None:
    """Nothing is timed: a slow machine is none of a test's business.

    Properties have no deadline and are tried with the same examples everywhere. The deadlines of third-party plugins
    are those of no real cluster, unless a test sets its own: on a busy machine, a thread may get its turn too late for
    a deadline of a second.
    """
    from hypothesis import HealthCheck, settings

    from sampan_isolation import Deadlines

    settings.register_profile(
        "sampan", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("sampan")
    Deadlines.__init__.__defaults__ = (120.0, 60.0, 60.0, 3, 30.0)
    # kubectl and helm end before their garbage is worth collecting; it took a quarter of their time, 3,500 times over.
    os.environ.setdefault("GOGC", "800")


def pytest_collection() -> None:
    """What is collected stays to the end: looking through it for garbage, while it grows and at each collection after,
    takes a third of the time of collecting fifteen thousand tests."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders go by name, but the rules of style, the last, take longest for a file: at the end the other processes
    would wait for them."""
    items.sort(key=lambda item: "style" not in item.path.parts)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@functools.cache
def docker_answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=180).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def pytest_runtest_setup(item: pytest.Item) -> None:
    isolated = sys.modules.get("sampan_server.extension.isolated")
    if isolated is not None:  # as above; not imported for tests that need no server
        isolated.QUICK = 60.0
    if os.geteuid() == 0:
        if item.get_closest_marker("docker") and not docker_answers():
            pytest.fail("no Docker daemon answers; tools/install-test-needs installs and starts one", pytrace=False)
        return
    if item.get_closest_marker("root"):
        pytest.skip("needs the rights of root")
    if item.get_closest_marker("docker") and not docker_answers():
        pytest.skip("no Docker daemon answers, and this is not root")
