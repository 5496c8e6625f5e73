"""A cluster whose history is long, and its commands."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan_history.commands import asking
from sampan_testing.cluster import start


@pytest.fixture(scope="module")
def cluster():
    with start(control=False, options={"history": 3600.0}) as cluster:
        yield cluster


@pytest.fixture
def run(cluster, monkeypatch, tmp_path):
    """Type a command in, as a user: ``run(history, "cm/a", user="ann")``."""

    def type_in(command, *words, user="", groups=()):
        client = cluster.client_as(user, *groups) if user else cluster.client
        monkeypatch.setattr(asking, "client_of", lambda place: client)
        return CliRunner().invoke(command, words, obj=Place(str(tmp_path), str(tmp_path / "kubeconfig")))

    return type_in


@pytest.fixture
def second(cluster):
    """A second passes, as far as the marks know."""

    def passes():
        marks = cluster.app.cache.marks
        marks.note(marks._times[-1] + 1.001, cluster.app.cache.revision)

    return passes
