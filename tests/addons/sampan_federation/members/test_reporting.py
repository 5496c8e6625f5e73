from __future__ import annotations

from types import SimpleNamespace

from sampan_federation.members.reporting import LONG, Reporter
from sampan_federation.settings import Settings


class Away:
    def probe(self, name):
        raise ConnectionError(f"{name} is away")

    client = probe


def test_a_member_that_does_not_answer_for_long_is_to_be_asked_more_rarely():
    now, written = [1000.0], []
    host = SimpleNamespace(patch=lambda resource, name, patch, subresource: written.append(patch["status"]))
    context = SimpleNamespace(host=host, members=Away(), clock=lambda: now[0], settings=Settings())
    reporter = Reporter(context)
    cluster = {"metadata": {"name": "east"}, "spec": {}}

    assert reporter.update(cluster) is False
    [condition] = written[0]["conditions"]
    assert (condition["type"], condition["status"]) == ("Ready", "Unknown")
    assert "east is away" in condition["message"]

    now[0] += LONG + 1
    assert reporter.update(cluster) is True

    reporter.forget("east")
    assert reporter.update(cluster) is False
