from __future__ import annotations

import msgspec
import pytest

from sampan.errors import InternalError
from sampan_client import Client
from sampan_client.transports import Response
from sampan_federation.members import probing


class Member:
    """Answers by path; 404 for all else."""

    selectable = False

    def __init__(self, answers) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def send(self, method, path, headers, body):
        self.asked.append(path)
        answer = self.answers.get(path.partition("?")[0])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Response(answer, {}, b"no")
        if answer is None:
            return Response(404, {}, b"")
        return Response(200, {}, answer if isinstance(answer, bytes) else msgspec.json.encode(answer))

    def close(self):
        return None


def member(**answers) -> Client:
    return Client(Member({path.replace("_", "/"): answer for path, answer in answers.items()}))


def test_a_probe_tells_the_three_cases_apart():
    assert probing.probe(member(_readyz=b"ok")) == (True, True, "")
    assert probing.probe(member(_healthz=b"ok")) == (True, True, "")  # an older server
    assert probing.probe(member(_readyz=500))[:2] == (True, False)
    assert probing.probe(member(_readyz=ConnectionError("refused"))) == (False, False, "refused")


def test_an_older_server_is_asked_version_by_version():
    client = member(
        _api={"kind": "APIVersions", "versions": ["v1"]},
        _apis={
            "kind": "APIGroupList",
            "groups": [
                {"name": "apps", "versions": [{"groupVersion": "apps/v1"}]},
                {"name": "x", "versions": [{"groupVersion": "x/v1"}]},
            ],
        },
        _api_v1={"resources": [{"name": "pods", "kind": "Pod"}, {"name": "pods/log", "kind": "Pod"}]},
        _apis_apps_v1={"resources": [{"name": "deployments", "kind": "Deployment"}]},
    )

    found, complete = probing.enablements(client)
    assert found == [
        {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
        {"groupVersion": "v1", "resources": [{"name": "pods", "kind": "Pod"}]},
    ]
    assert not complete  # x/v1 does not answer


def test_a_group_that_is_stale_makes_it_incomplete():
    group = {
        "metadata": {"name": "apps"},
        "versions": [
            {
                "version": "v1",
                "freshness": "Stale",
                "resources": [{"resource": "deployments", "responseKind": {"kind": "Deployment"}}],
            }
        ],
    }
    client = member(
        _api={"kind": "APIGroupDiscoveryList", "items": []}, _apis={"kind": "APIGroupDiscoveryList", "items": [group]}
    )

    found, complete = probing.enablements(client)
    assert found[0]["groupVersion"] == "apps/v1" and not complete


def test_what_a_member_says_is_bounded():
    kinds = [{"resource": f"r{number}" + "x" * 1000, "responseKind": {"kind": "K" * 1000}} for number in range(9000)]
    group = {"metadata": {"name": "big"}, "versions": [{"version": "v1", "resources": kinds}, 7, None]}
    client = member(
        _api={"kind": "APIGroupDiscoveryList", "items": "no"}, _apis={"kind": "APIGroupDiscoveryList", "items": [group]}
    )

    [found], _ = probing.enablements(client)
    assert len(found["resources"]) == probing.MOST_KINDS
    assert len(found["resources"][0]["kind"]) == probing.MOST_TEXT


def test_what_is_no_answer_is_an_error():
    with pytest.raises(InternalError, match="not JSON"):
        probing.version(member(_version=b"<html>"))
    with pytest.raises(InternalError, match="not an object"):
        probing.version(member(_version=[1]))


def test_pages_come_to_an_end():
    client = member(_api_v1_nodes={"items": [{"metadata": {}}], "metadata": {"continue": "more"}})

    with pytest.raises(InternalError, match="more than 100000 nodes"):
        list(probing.nodes(client))
    assert len(client.transport.asked) == probing.MOST_PAGES
