from types import SimpleNamespace

import pytest

from sampan_node.references import Reference, References, of_pod


def pod(uid, *volumes):
    return {"metadata": {"uid": uid, "namespace": "default"}, "spec": {"volumes": list(volumes)}}


SETTINGS = {"name": "a", "configMap": {"name": "settings"}}
KEYS = {"name": "b", "secret": {"secretName": "keys"}}
ACCOUNT = {"name": "c", "projected": {"sources": [
    {"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "kube-root-ca.crt"}}, {"secret": {"name": "s"}},
]}}  # fmt: skip


@pytest.fixture
def made():
    return []


@pytest.fixture
def references(made):
    def informer(client, resource, **options):
        one = SimpleNamespace(resource=resource, started=0, stopped=0, **options)
        one.start = lambda: setattr(one, "started", one.started + 1)
        one.stop = lambda: setattr(one, "stopped", one.stopped + 1)
        made.append(one)
        return one

    return References(None, lambda one: None, informer=informer)


def test_everything_that_volumes_show_is_found():
    found = of_pod(pod("u", SETTINGS, KEYS, ACCOUNT))

    assert found == {
        Reference("ConfigMap", "default", "settings"), Reference("Secret", "default", "keys"),
        Reference("Secret", "default", "s"),
    }  # fmt: skip


def test_a_pod_without_such_volumes_costs_no_watch(references, made):
    references.follow(pod("u", {"name": "e", "emptyDir": {}}), lambda: None)

    assert made == []


def test_pods_share_the_watch_of_what_they_share(references, made):
    pokes = []
    for uid in ("u", "v", "u"):
        references.follow(pod(uid, SETTINGS), lambda uid=uid: pokes.append(uid))

    (one,) = made
    one.on_change({}, {})

    assert (one.resource.plural, one.fields, one.started) == ("configmaps", "metadata.name=settings", 1)
    assert sorted(pokes) == ["u", "v"]


def test_a_watch_ends_with_its_last_follower(references, made):
    references.follow(pod("u", SETTINGS), lambda: None)
    references.follow(pod("v", SETTINGS, KEYS), lambda: None)

    references.forget("u")
    assert [one.stopped for one in made] == [0, 0]
    references.forget("v")

    assert [one.stopped for one in made] == [1, 1]
