"""The log of a real API server, in process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sampan.errors import Forbidden, InternalError
from sampan_machinery.resources import CONFIG_MAPS, SECRETS
from sampan_testing.cluster import start

POLICY = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: RequestResponse, omitManagedFields: true, verbs: [create]}
"""


def events(cluster):
    path = Path(cluster.options.home) / "logs" / "audit.log"
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""  # the last line may be being written
    return [json.loads(line) for line in whole.splitlines()]


def logged(cluster, verb, resource):
    found = lambda: [  # noqa: E731
        each for each in events(cluster) if (each["verb"], each["objectRef"]["resource"]) == (verb, resource)
    ]
    return cluster.until(found)


ON = {"audit": {"enabled": True}}


@pytest.fixture(scope="module")
def cluster():
    with start(only=("audit", "config", "rbac"), control=False, settings=ON) as cluster:
        yield cluster


def test_without_a_policy_changes_and_reads_of_secrets_are_logged_without_values(cluster):
    cluster.client.create(SECRETS, {"metadata": {"name": "a"}, "stringData": {"key": "hidden-value"}}, "default")
    cluster.client.get(SECRETS, "a", "default")

    (created,) = logged(cluster, "create", "secrets")
    (read,) = logged(cluster, "get", "secrets")
    assert (created["objectRef"]["name"], created["level"]) == ("a", "Metadata")
    assert read["annotations"]["authorization.k8s.io/decision"] == "allow"
    assert "hidden-value" not in json.dumps(events(cluster))


def test_a_refused_change_is_logged_with_its_reason(cluster):
    with pytest.raises(Forbidden):
        cluster.client_as("jane").delete(SECRETS, "a", "default")

    (event,) = logged(cluster, "delete", "secrets")
    assert event["annotations"]["authorization.k8s.io/decision"] == "forbid"
    assert event["responseStatus"]["reason"] == "Forbidden"


def test_a_policy_of_the_operators_is_followed(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    with start(
        only=("audit", "config"), control=False, settings={"audit": {"enabled": True, "policy": str(policy)}}
    ) as cluster:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}, "data": {"key": "shown"}}, "default")
        cluster.client.create(SECRETS, {"metadata": {"name": "a"}, "stringData": {"key": "hidden-value"}}, "default")

        (event,) = logged(cluster, "create", "configmaps")
        logged(cluster, "create", "secrets")
        assert event["requestObject"]["data"] == {"key": "shown"}
        assert event["responseObject"]["metadata"]["name"] == "a"
        assert "managedFields" not in event["responseObject"]["metadata"]
        assert "hidden-value" not in json.dumps(events(cluster))


def test_by_default_it_is_off_and_there_is_no_step():
    with start(only=("audit", "config"), control=False) as cluster:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")

        assert [getattr(step, "name", "") for step in cluster.app.front._chain if getattr(step, "name", "")] == []


def test_a_policy_that_is_wrong_keeps_the_server_from_starting(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("kind: Policy")

    with (
        pytest.raises(Exception, match=r"plugins\.audit\.policy: .*must be an audit\.k8s\.io/v1 Policy"),
        start(only=("audit",), control=False, settings={"audit": {"enabled": True, "policy": str(policy)}}),
    ):
        pass


def test_in_blocking_mode_an_event_is_in_the_file_before_the_answer():
    with start(
        only=("audit", "config"), control=False, settings={"audit": {"enabled": True, "mode": "blocking"}}
    ) as cluster:
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")

        assert "a" in [each["objectRef"].get("name") for each in events(cluster)]


def test_in_strict_mode_what_cannot_be_logged_is_refused_and_nothing_happens(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, users: [jane]}]\n")
    settings = {"enabled": True, "mode": "blocking-strict", "policy": str(policy), "log": str(tmp_path)}  # a folder
    with start(only=("audit", "config"), control=False, settings={"audit": settings}) as cluster:
        with pytest.raises(InternalError, match="cannot be written to the audit log"):
            cluster.client_as("jane").create(CONFIG_MAPS, {"metadata": {"name": "a"}}, "default")

        assert cluster.client.list(CONFIG_MAPS, "default")[0] == []
