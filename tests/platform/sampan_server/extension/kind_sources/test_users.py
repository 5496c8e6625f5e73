"""Rights, admission, informers, metrics, controllers and subresources of kinds that come and go."""

from __future__ import annotations

import threading
import time

import pytest
from followed import BOATS, BOATS_2, FOLLOWS, SOON, UNKNOWN, add, document, is_unknown
from toys import GROUP, TOYS, boat

from sampan.contracts.kinds import Resource
from sampan.contracts.serving import AddedSubresource, Subresource
from sampan.errors import Forbidden, NotFound
from sampan.hookspecs import hookimpl
from sampan_client.informers import Informer
from sampan_client.paths import path_of
from sampan_testing.cluster import start, until


class Sailing:
    """A plugin that adds to kinds which are another's."""

    @hookimpl
    def contribute_subresources(self):
        sail = Subresource(
            name="sail",
            kind="Trip",
            verbs=("get",),
            serve=lambda call: {"kind": "Trip", "boat": call.target()["metadata"]["name"]},
        )
        status = Subresource(name="status", kind="Trip", verbs=("get",))
        return [AddedSubresource(group=GROUP, plural="boats", subresource=each) for each in (sail, sail, status)]


def test_another_plugin_adds_a_subresource_to_a_kind_that_comes_and_goes(toys):
    with start({"toys": toys, "sailing": Sailing()}, only=("namespaces",), control=False) as cluster:
        check_sailing(cluster.client)


def check_sailing(client):
    add(client, versions=["v1", "v2"], stored="v2")
    client.create(BOATS, boat(), "default")

    for resource in (BOATS, BOATS_2):
        path = f"{path_of(resource, 'default', 'a')}/sail"
        assert document(client, path) == {"kind": "Trip", "boat": "a"}
        listed = document(client, f"/apis/{GROUP}/{resource.version}")["resources"]
        assert [each["name"] for each in listed] == ["boats", "boats/sail", "boats/status"]
    with pytest.raises(NotFound):
        client.request("GET", f"{path_of(BOATS, 'default', 'none')}/sail")


def test_who_may_do_what_counts_for_them_as_for_other_kinds(toys):
    rule = {"apiGroups": [GROUP], "resources": ["boats"], "verbs": ["get", "list", "watch"]}
    roles = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False)
    bindings = Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False)
    with start({"toys": toys}, only=("namespaces", "rbac"), control=False) as cluster:
        reader = cluster.client_as("reader")
        add(cluster.client)
        with pytest.raises(Forbidden, match="cannot list resource"):
            reader.list(BOATS)

        cluster.client.create(roles, {"metadata": {"name": "boats"}, "rules": [rule]})
        binding = {
            "metadata": {"name": "boats"}, "subjects": [{"kind": "User", "name": "reader"}],
            "roleRef": {"apiGroup": roles.group, "kind": "ClusterRole", "name": "boats"},
        }  # fmt: skip
        cluster.client.create(bindings, binding)

        assert reader.list(BOATS).items == []
        with pytest.raises(Forbidden):
            reader.create(BOATS, boat(), "default")


class Refusing:
    """An admitter that is asked about everything."""

    name, operations, mutates, priority = "refusing", frozenset({"CREATE"}), False, 500

    @hookimpl
    def contribute_admitters(self):
        return [self]

    def admit(self, review):
        if review.kind.plural == "boats" and 13 in (
            review.object["spec"].get("crew"),
            review.object["spec"].get("sailors"),
        ):
            raise Forbidden(f"{review.ref}: {review.kind.version} has 13 of them")


def test_admission_sees_them_in_the_version_of_the_request(toys):
    with start({"toys": toys, "refusing": Refusing()}, only=("namespaces",), control=False) as cluster:
        add(cluster.client, versions=["v1", "v2"], stored="v2")
        cluster.client.create(BOATS, boat(crew=12), "default")
        with pytest.raises(Forbidden, match="v1 has 13 of them"):
            cluster.client.create(BOATS, boat("b", crew=13), "default")
        with pytest.raises(Forbidden, match="v2 has 13 of them"):
            cluster.client.create(BOATS._replace(version="v2"), boat("b", sailors=13), "default")


def test_an_informer_goes_on_when_the_kind_comes_back(client, caplog):
    add(client)
    client.create(BOATS, boat("a"), "default")
    informer = Informer(client, BOATS)
    informer.start()
    try:
        assert informer.wait_synced(SOON)
        client.delete(TOYS, "boats")
        until(lambda: is_unknown(client), SOON)
        time.sleep(FOLLOWS)
        add(client)
        client.create(BOATS, boat("b"), "default")

        until(lambda: [each["metadata"]["name"] for each in informer.list()] == ["a", "b"], SOON)
    finally:
        informer.stop()
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_metrics_name_them_while_they_are_served(cluster, client):
    def figures():
        return client.request("GET", "/metrics").body.decode()

    add(client)
    assert 'resource="boats"' in figures()

    client.delete(TOYS, "boats")

    until(lambda: f'group="{GROUP}",resource="boats"' not in figures(), SOON)


def test_controllers_find_them(toys):
    services = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False)
    namespaces = Resource("", "v1", "namespaces", "Namespace", False)
    with start({"toys": toys}) as cluster:
        client = cluster.client
        add(client)
        client.create(namespaces, {"metadata": {"name": "sea"}})
        owner = client.create(BOATS, boat("owner"), "default")
        maps = Resource("", "v1", "configmaps", "ConfigMap")
        reference = {"apiVersion": f"{GROUP}/v1", "kind": "Boat", "name": "owner", "uid": owner["metadata"]["uid"]}
        client.create(maps, {"metadata": {"name": "cargo", "ownerReferences": [reference]}}, "default")
        client.create(BOATS, boat("adrift"), "sea")

        cluster.until(lambda: client.get(services, f"v1.{GROUP}"))
        client.delete(namespaces, "sea")
        cluster.until(lambda: not [each for each in client.list(namespaces).items if each["metadata"]["name"] == "sea"])
        assert client.list(BOATS, "sea").items == []
        client.delete(BOATS, "owner", "default")
        cluster.until(
            lambda: not [each for each in client.list(maps, "default").items if each["metadata"]["name"] == "cargo"]
        )

        client.delete(TOYS, "boats")
        cluster.until(lambda: f"v1.{GROUP}" not in [each["metadata"]["name"] for each in client.list(services).items])


def test_readers_meanwhile_see_the_kind_whole_or_not_at_all(client):
    """Threads ask while the kind comes and goes; nothing but an answer or a 404 is seen."""
    wrong, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            try:
                client.list(BOATS)
                document(client, "/apis")
                document(client, "/openapi/v3")
            except NotFound as error:
                if error.message != UNKNOWN:
                    wrong.append(error)
            except Exception as error:
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(10):
            add(client)
            client.delete(TOYS, "boats")
            until(lambda: is_unknown(client), SOON)
    finally:
        stop.set()
        for reader in readers:
            reader.join()

    assert wrong == []
