"""pytest's plugin: the fixtures ``sampan_cluster`` and ``sampan_new_cluster``.

pytest imports this module in every environment that sampan is installed in, so it imports nothing of sampan until a
test asks for a cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from sampan_testing.tested import TestedCluster


@pytest.fixture(scope="session")
def sampan_cluster_options() -> dict[str, Any]:
    """Override it to change the cluster: ``nodes``, ``plugins``, ``settings`` and whatever ``start`` takes."""
    return {}


@pytest.fixture(scope="session")
def _sampan_session(
    sampan_cluster_options: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestedCluster]:
    with _started(sampan_cluster_options, tmp_path_factory.mktemp("sampan")) as cluster:
        yield cluster


@pytest.fixture
def sampan_cluster(_sampan_session: TestedCluster) -> Iterator[TestedCluster]:
    """A cluster in this process with controllers, scheduler and two hollow nodes, in a namespace of the test's own.

    All tests of a session share the cluster and its clock; the namespace is deleted after the test.
    """
    with _sampan_session.in_own_namespace() as cluster:
        yield cluster


@pytest.fixture
def sampan_new_cluster(sampan_cluster_options: dict[str, Any], tmp_path: Path) -> Iterator[TestedCluster]:
    """The same for this test alone: nothing of other tests is in it, and its clock has not been moved."""
    with _started(sampan_cluster_options, tmp_path) as cluster:
        yield cluster


@contextmanager
def _started(options: dict[str, Any], folder: Path) -> Iterator[TestedCluster]:
    from sampan_testing.tested import started

    with started(options, folder) as cluster:
        yield cluster
