import json

import pytest

from sampan.errors import BadRequest, Expired, Forbidden
from sampan_machinery.resources import CONFIG_MAPS, SECRETS


def ask(client, path, **query):
    return json.loads(client.request("GET", f"/history/{path}", query=query).body)


def test_a_moment_has_a_revision(cluster):
    found = ask(cluster.client, "revision", ago="0")

    assert 0 < found["revision"] <= cluster.app.cache.revision
    assert found["since"] > 0


def test_every_user_may_ask_but_of_objects_that_they_may_get_only(cluster):
    ann = cluster.client_as("ann")
    cluster.client.create(SECRETS, {"metadata": {"name": "s"}}, "default")
    address = {"version": "v1", "resource": "secrets", "kind": "Secret", "namespace": "default", "name": "s"}

    assert ask(ann, "revision", ago="0")["revision"]
    assert len(ask(cluster.client, "versions", **address)["versions"]) == 1
    with pytest.raises(Forbidden, match=r'User "ann" cannot get resource "secrets"'):
        ask(ann, "versions", **address)


@pytest.mark.parametrize(
    ("path", "query", "problem"),
    [
        ("revision", {}, "give at"),
        ("revision", {"at": "yesterday"}, "at:"),
        ("revision", {"ago": "-5"}, "not negative"),
        (
            "versions",
            {"resource": "pods", "version": "v1", "kind": "Pod", "name": "x"},
            "namespace is wanted|served here",
        ),
        ("versions", {"resource": "boats", "version": "v1", "kind": "Boat", "name": "x"}, "served here"),
        (
            "versions",
            {"resource": "pods", "version": "v1", "kind": "Pod", "namespace": "d", "name": "x", "limit": "many"},
            "limit",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_400(cluster, path, query, problem):
    with pytest.raises(BadRequest, match=problem):
        ask(cluster.client, path, **query)


def test_a_moment_that_is_not_kept_is_a_410(cluster):
    with pytest.raises(Expired, match="does not reach back"):
        ask(cluster.client, "revision", ago=10**6)


def test_an_object_that_never_was_has_none(cluster):
    address = {
        "version": "v1",
        "resource": CONFIG_MAPS.plural,
        "kind": "ConfigMap",
        "namespace": "default",
        "name": "no",
    }

    assert ask(cluster.client, "versions", **address) == {"versions": []}
