"""Kinds that come, change and go while a server serves: discovery, documents, rights, watches, several servers."""

from __future__ import annotations

import json
import threading
import time

import pytest
from toys import GROUP, TOYS, Toys, boat, toy

from sampan.contracts.kinds import Resource
from sampan.contracts.serving import AddedSubresource, Subresource
from sampan.contracts.store import Unavailable
from sampan.errors import Forbidden, Invalid, NotFound
from sampan.hookspecs import hookimpl
from sampan_client.informers import Informer
from sampan_client.paths import path_of
from sampan_memory.store import MemoryStore
from sampan_testing.cluster import start, until

FOLLOWS = 0.1  # seconds in which a server usually follows
SOON = 60.0
BOATS = Resource(GROUP, "v1", "boats", "Boat")
BOATS_2 = Resource(GROUP, "v2", "boats", "Boat")
AGGREGATED = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
UNKNOWN = "the server could not find the requested resource"


@pytest.fixture(params=[True, False], ids=["own", "third-party"])
def toys(request):
    return Toys(first_party=request.param)


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


@pytest.fixture
def cluster(toys):
    with start({"toys": toys}, only=("namespaces",), control=False) as running:
        yield running


@pytest.fixture
def client(cluster):
    return cluster.client


def add(client, **spec):
    """Describe the kind and wait until it is served."""
    client.create(TOYS, toy(**spec))
    version = spec.get("versions", ["v1"])[0]
    until(lambda: client.list(Resource(GROUP, version, "boats", "Boat")) or True, SOON)


def change(client, **spec):
    there = client.get(TOYS, "boats")
    client.update(TOYS, {**there, "spec": {"kind": "Boat", **spec}})


def is_unknown(client, resource=BOATS):
    try:
        client.list(resource)
    except NotFound as error:
        return error.message == UNKNOWN
    return False


def document(client, path, **headers):
    return json.loads(client.request("GET", path, headers=headers).body)


class Watched:
    """A watch on a thread: its events without bookmarks, and whether it has ended."""

    def __init__(self, client, resource, **more):
        self.events, self.ended = [], threading.Event()
        self._stream = client.open_watch(resource, **{"since": "", "timeout": 60, **more})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stream.ended:
            events = [json.loads(line) for line in self._stream.read(0.05)]
            self.events += [event for event in events if event["type"] != "BOOKMARK"]
        self.ended.set()

    def seen(self):
        return [
            (event["type"], event["object"]["metadata"].get("name"), event["object"].get("spec"))
            for event in self.events
        ]

    def close(self):
        self._stream.close()
        self._thread.join(30)


@pytest.fixture
def watch(client):
    opened = []

    def begin(resource, **more):
        opened.append(Watched(client, resource, **more))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_a_kind_that_is_described_is_served_soon(client):
    assert is_unknown(client)

    add(client)

    made = client.create(BOATS, boat(crew=3, odd=1), "default")
    assert made["spec"] == {"crew": 3}
    assert [each["metadata"]["name"] for each in client.list(BOATS, "default").items] == ["a"]
    with pytest.raises(Invalid, match=r"spec\.crew"):
        client.create(BOATS, boat("b", crew="many"), "default")


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


def test_a_server_follows_because_of_the_change_and_not_at_the_next_of_its_attempts(toys, monkeypatch):
    monkeypatch.setattr("sampan_server.extension.kind_sources.AGAIN", 3600.0)
    with start({"toys": toys}, only=("namespaces",), control=False) as cluster:
        for _ in range(5):
            add(cluster.client)
            cluster.client.delete(TOYS, "boats")
            until(lambda: is_unknown(cluster.client), SOON)


def test_discovery_follows_in_both_forms_with_a_new_etag(client):
    before = client.request("GET", "/apis", headers=AGGREGATED)
    add(client)

    after = client.request("GET", "/apis", headers={**AGGREGATED, "If-None-Match": before.headers["etag"]})
    assert after.status == 200
    [group] = [each for each in json.loads(after.body)["items"] if each["metadata"]["name"] == GROUP]
    assert [each["resource"] for each in group["versions"][0]["resources"]] == ["boats"]
    assert GROUP in [group["name"] for group in document(client, "/apis")["groups"]]
    names = [each["name"] for each in document(client, f"/apis/{GROUP}/v1")["resources"]]
    assert names == ["boats", "boats/status"]


def test_openapi_follows_in_both_versions_and_keeps_what_is_unchanged(client, cluster):
    untouched = f"/openapi/v3/apis/{TOYS.group}/v1"
    client.request("GET", untouched)
    index = document(client, "/openapi/v3")["paths"]
    add(client)

    paths = document(client, "/openapi/v3")["paths"]
    assert paths[f"apis/{TOYS.group}/v1"] == index[f"apis/{TOYS.group}/v1"]
    third = document(client, f"/openapi/v3/apis/{GROUP}/v1")
    schema = third["components"]["schemas"]["example.toys.v1.Boat"]
    assert schema["properties"]["spec"]["properties"] == {"crew": {"type": "integer"}}
    assert "example.toys.v1.Boat" in document(client, "/openapi/v2")["definitions"]
    was = paths[f"apis/{GROUP}/v1"]

    change(client, crew={"type": "string"})
    until(lambda: document(client, "/openapi/v3")["paths"][f"apis/{GROUP}/v1"] != was, SOON)
    third = document(client, f"/openapi/v3/apis/{GROUP}/v1")
    assert third["components"]["schemas"]["example.toys.v1.Boat"]["properties"]["spec"]["properties"] == {
        "crew": {"type": "string"}
    }


def test_a_watch_shows_its_objects_and_ends_in_order_when_the_kind_goes(client, watch):
    add(client)
    client.create(BOATS, boat(crew=1), "default")
    following = watch(BOATS)
    client.create(BOATS, boat("b"), "default")
    until(lambda: len(following.events) == 2, SOON)

    client.delete(TOYS, "boats")

    assert following.ended.wait(SOON)
    assert [event["type"] for event in following.events] == ["ADDED", "ADDED"]
    until(lambda: is_unknown(client), SOON)
    assert GROUP not in [group["name"] for group in document(client, "/apis")["groups"]]
    assert f"apis/{GROUP}/v1" not in document(client, "/openapi/v3")["paths"]


def test_what_is_stored_stays_and_comes_back_with_the_kind(client):
    add(client)
    made = client.create(BOATS, boat(crew=1), "default")
    client.delete(TOYS, "boats")
    until(lambda: is_unknown(client), SOON)

    add(client)

    assert client.get(BOATS, "a", "default") == made


def test_what_is_stored_goes_where_the_source_says_so(client, cluster):
    add(client, removed=True)
    for number in range(150):
        client.create(BOATS, boat(f"b{number}"), "default")
    client.delete(TOYS, "boats")
    until(lambda: not cluster.app.cache.store.page(f"/{GROUP}/boats/").entries, SOON)

    add(client)
    assert client.list(BOATS).items == []


def test_a_change_of_schema_counts_at_once_and_ends_the_open_watch(client, watch):
    add(client)
    client.create(BOATS, boat(crew=1), "default")
    following, toys = watch(BOATS), watch(TOYS)
    until(lambda: following.events, SOON)

    change(client, crew={"type": "string"})

    assert following.ended.wait(SOON)
    assert client.create(BOATS, boat("b", crew="three"), "default")["spec"] == {"crew": "three"}
    since = following.events[-1]["object"]["metadata"]["resourceVersion"]
    again = watch(BOATS, since=since)
    until(lambda: again.events, SOON)
    assert again.seen() == [("ADDED", "b", {"crew": "three"})]
    assert not toys.ended.is_set()


def test_a_version_more_leaves_the_watches_of_the_others_open(client, watch, toys):
    """The source gives a new Kind for each version here, so the described kind's watches end; another kind's do not."""
    add(client)
    client.create(TOYS, toy("cars", "Car"))
    cars = Resource(GROUP, "v1", "cars", "Car")
    until(lambda: client.list(cars) or True, SOON)
    following = watch(cars)
    client.create(BOATS, boat(crew=2), "default")

    change(client, versions=["v1", "v2"])

    shown = until(lambda: client.get(BOATS_2, "a", "default"), SOON)
    assert (shown["apiVersion"], shown["spec"]) == (f"{GROUP}/v2", {"sailors": 2})
    assert [each["version"] for each in document(client, f"/apis/{GROUP}")["versions"]] == ["v2", "v1"]
    client.create(cars, boat("beetle"), "default")
    until(lambda: following.events, SOON)
    assert not following.ended.is_set()


def test_several_versions_are_written_read_and_selected_in_each(client, watch):
    add(client, versions=["v1", "v2"], stored="v2")
    following = watch(BOATS, since=client.list(BOATS).resource_version)

    client.create(BOATS, boat(crew=2), "default")
    client.patch(BOATS_2, "a", {"spec": {"sailors": 5}}, "default")

    until(lambda: len(following.events) == 2, SOON)
    assert following.seen() == [("ADDED", "a", {"crew": 2}), ("MODIFIED", "a", {"crew": 5})]
    assert [each["spec"] for each in client.list(BOATS, "default").items] == [{"crew": 5}]
    assert [each["spec"] for each in client.list(BOATS_2, "default").items] == [{"sailors": 5}]
    assert len(client.list(BOATS, fields="spec.crew=5").items) == 1
    assert client.list(BOATS, fields="spec.crew=2").items == []


def test_objects_of_a_former_stored_version_are_shown_as_asked_and_written_in_the_new_one(client, cluster, watch, toys):
    add(client, versions=["v1", "v2"], stored="v1")
    old = client.create(BOATS, boat(crew=2), "default")

    change(client, versions=["v1", "v2"], stored="v2")
    until(lambda: toys.source.settled_as["boats"]["stored"] == "v2", SOON)
    assert client.get(BOATS_2, "a", "default")["spec"] == {"sailors": 2}
    client.create(BOATS, boat("b", crew=3), "default")

    def stored():
        return {
            entry.key.rpartition("/")[2]: json.loads(entry.value)["apiVersion"].rpartition("/")[2]
            for entry in cluster.app.cache.store.page(f"/{GROUP}/boats/").entries
        }

    assert stored() == {"a": "v1", "b": "v2"}
    assert client.get(BOATS, "a", "default") == old
    assert [each["spec"] for each in client.list(BOATS).items] == [{"crew": 2}, {"crew": 3}]
    assert [each["spec"] for each in client.list(BOATS_2).items] == [{"sailors": 2}, {"sailors": 3}]
    following = watch(BOATS_2)
    until(lambda: len(following.events) == 2, SOON)
    assert [spec for _, _, spec in following.seen()] == [{"sailors": 2}, {"sailors": 3}]

    there = client.update(BOATS_2, client.get(BOATS_2, "a", "default"))
    assert stored() == {"a": "v2", "b": "v2"}
    assert there["metadata"]["generation"] == 1
    assert client.get(BOATS, "a", "default")["spec"] == {"crew": 2}
    client.delete(BOATS, "a", "default")


def test_the_stored_version_may_be_hidden_from_clients(client):
    add(client, versions=["v1", "v2"], stored="v2", hidden=["v2"])
    client.create(BOATS, boat(crew=2), "default")

    assert client.get(BOATS, "a", "default")["spec"] == {"crew": 2}
    assert is_unknown(client, BOATS_2)
    assert [each["version"] for each in document(client, f"/apis/{GROUP}")["versions"]] == ["v1"]


def test_what_cannot_be_served_is_refused_in_words(client, toys):
    add(client)

    client.create(TOYS, toy("toys", "Toy", group=TOYS.group))
    client.create(TOYS, toy("cars", "Car", versions=["v1"], stored="v2"))
    client.create(TOYS, toy("bikes", "Bike", crew={"type": "nonsense"}))
    until(lambda: len(toys.source.refused) == 3, SOON)

    assert toys.source.served == ["boats/v1"]
    assert toys.source.refused["toys/v1"] == f"toys.{TOYS.group} of {TOYS.group}/v1 is served already"
    assert toys.source.refused["cars/v1"] == f"it is stored as {GROUP}/v2, which is not offered"
    assert "nonsense" in toys.source.refused["bikes/v1"]
    assert client.get(TOYS, "boats")


def test_a_source_may_tell_in_a_status_what_is_served(client, toys, watch):
    toys.source.tells = True
    add(client)
    until(lambda: client.get(TOYS, "boats")["status"] == {"served": ["v1"]}, SOON)
    following = watch(BOATS)
    client.create(BOATS, boat(), "default")
    until(lambda: following.events, SOON)

    client.create(TOYS, toy("cars", "Car", versions=["v1", "v2"]))
    until(lambda: client.get(TOYS, "cars")["status"] == {"served": ["v1", "v2"]}, SOON)

    told, asked = client.list(TOYS).items, toys.source.asked
    time.sleep(FOLLOWS)
    assert toys.source.asked <= asked + 1  # because of the status; it is not written again
    assert client.list(TOYS).items == told
    assert not following.ended.is_set()


def test_a_source_that_fails_keeps_the_kinds_it_had_and_is_asked_again(client, toys):
    add(client)
    toys.source.failing = True
    client.create(TOYS, toy("cars", "Car"))
    client.delete(TOYS, "boats")
    time.sleep(FOLLOWS)
    assert client.list(BOATS).items == []

    toys.source.failing = False

    until(lambda: is_unknown(client), SOON)
    until(lambda: client.list(Resource(GROUP, "v1", "cars", "Car")).items == [], SOON)


class Shared:
    """A plugin that gives several clusters the same store."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def close(self):
        pass

    @hookimpl
    def provide_store(self, url):
        return self


@pytest.fixture
def store():
    store = MemoryStore()
    yield Shared(store)
    store.close()


def on(store, toys, *more):
    return start({"toys": toys, "shared": store}, only=("namespaces", *more), control=False)


def test_a_store_that_is_away_delays_the_kind_in_all_its_versions(store, toys):
    with on(store, toys) as cluster:
        failures = [Unavailable("away")]

        def page(prefix, **more):
            if prefix == f"/{GROUP}/boats/" and failures:
                raise failures.pop()
            return MemoryStore.page(store._store, prefix, **more)

        store.page = page
        cluster.client.create(TOYS, toy(versions=["v1", "v2"], stored="v2"))

        until(lambda: any(toys.source.refusals), SOON)  # it is asked again, and may serve them by now
        [refused] = filter(None, toys.source.refusals)
        assert refused == dict.fromkeys(["boats/v1", "boats/v2"], "the store cannot be read: away")
        until(lambda: cluster.client.list(BOATS).items == [], SOON)
        until(lambda: toys.source.refused == {}, SOON)


def test_kinds_are_there_when_a_server_begins(store, toys):
    with on(store, Toys()) as first:
        add(first.client)
        first.client.create(BOATS, boat(crew=1), "default")
    with on(store, toys) as second:
        assert second.client.get(BOATS, "a", "default")["spec"] == {"crew": 1}


def test_two_servers_on_one_store_agree(store, toys):
    with on(store, Toys()) as one, on(store, toys) as other:
        add(one.client, versions=["v1", "v2"])
        until(lambda: other.client.list(BOATS) or True, SOON)
        one.client.create(BOATS, boat(crew=1), "default")
        assert other.client.get(BOATS_2, "a", "default")["spec"] == {"sailors": 1}
        documents = [document(each.client, "/apis", **AGGREGATED) for each in (one, other)]
        assert documents[0] == documents[1]
        following = Watched(other.client, BOATS)
        until(lambda: following.events, SOON)

        change(one.client, crew={"type": "string"})
        assert following.ended.wait(SOON)
        until(lambda: is_unknown(other.client, BOATS_2), SOON)
        other.client.create(BOATS, boat("b", crew="x"), "default")
        assert one.client.get(BOATS, "b", "default")["spec"] == {"crew": "x"}

        other.client.delete(TOYS, "boats")
        until(lambda: is_unknown(one.client) and is_unknown(other.client), SOON)
        following.close()


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
