"""The quota controller against the real API server, in process."""

import threading

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan.hookspecs import hookimpl
from sampan_client import Client
from sampan_machinery.resources import CONFIG_MAPS, PODS, RESOURCE_QUOTAS
from sampan_quota.controller import QuotaController, kinds_by_name, number_of
from sampan_testing.cluster import start, until
from sampan_testing.miniapi import MiniApi


class Widgets:
    @hookimpl
    def contribute_kinds(self):
        schema = {"type": "object", "properties": {"spec": {"type": "object"}}}
        return [Kind(group="example.com", version="v1", kind="Widget", plural="widgets", schema=schema)]


WIDGETS = Widgets().contribute_kinds()[0].resource


@pytest.fixture
def cluster():
    with start({"widgets": Widgets()}, only=("pods", "quota", "config"), control=False) as cluster:
        stop = threading.Event()
        controller = QuotaController(cluster.client, gather=0.01, settle=0.01)
        thread = threading.Thread(target=controller.run, args=(stop,))
        thread.start()
        yield cluster
        stop.set()
        thread.join(30)


def limit(cluster, **hard):
    hard = {name.replace("_", "/", 1): amount for name, amount in hard.items()}
    cluster.client.create(RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard}}, "default")
    wait_for(cluster, hard.keys(), lambda used: True)


def used(cluster):
    status = cluster.client.get(RESOURCE_QUOTAS, "q", "default").get("status") or {}
    return status.get("used") or {}


def wait_for(cluster, names, happened):
    cluster.until(lambda: set(names) == set(used(cluster)) and happened(used(cluster)))


def named(name):
    return {"metadata": {"name": name, "namespace": "default"}}


def pod(name):
    return {**named(name), "spec": {"containers": [{"name": "c", "image": "x"}]}}


def test_what_was_there_before_the_quota_is_counted(cluster):
    for name in "abc":
        cluster.client.create(CONFIG_MAPS, named(name))

    limit(cluster, configmaps="9")

    assert used(cluster) == {"configmaps": "3"}


def test_what_is_deleted_is_free_again(cluster):
    limit(cluster, configmaps="1")
    cluster.client.create(CONFIG_MAPS, named("a"))
    with pytest.raises(Forbidden, match="exceeded quota"):
        cluster.client.create(CONFIG_MAPS, named("b"))

    cluster.client.delete(CONFIG_MAPS, "a", "default")

    wait_for(cluster, {"configmaps"}, lambda found: found["configmaps"] == "0")
    cluster.client.create(CONFIG_MAPS, named("b"))


def test_kinds_of_any_group_are_counted(cluster):
    limit(cluster, **{"count_widgets.example.com": "1"})
    cluster.client.create(WIDGETS, named("a"))

    with pytest.raises(Forbidden, match=r"exceeded quota: q, requested: count/widgets.example.com=1, used"):
        cluster.client.create(WIDGETS, named("b"))


def test_a_pod_that_has_ended_is_free(cluster):
    limit(cluster, pods="1", count_pods="9")
    web = cluster.client.create(PODS, pod("web"))

    cluster.client.update(PODS, {**web, "status": {**web["status"], "phase": "Succeeded"}}, subresource="status")

    wait_for(cluster, {"pods", "count/pods"}, lambda found: found == {"pods": "0", "count/pods": "1"})


def test_new_limits_are_taken_over(cluster):
    limit(cluster, configmaps="1")

    cluster.client.patch(RESOURCE_QUOTAS, "q", {"spec": {"hard": {"configmaps": "2", "pods": "1"}}}, "default")

    wait_for(cluster, {"configmaps", "pods"}, lambda found: True)
    assert cluster.client.get(RESOURCE_QUOTAS, "q", "default")["status"]["hard"] == {"configmaps": "2", "pods": "1"}


def test_many_writers_together_get_what_the_quota_has(cluster):
    limit(cluster, configmaps="5")
    made, refused = [], []

    def write(number):
        try:
            made.append(cluster.client.create(CONFIG_MAPS, named(f"m{number}")))
        except Forbidden:
            refused.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(made), len(refused)) == (5, 11)
    assert used(cluster) == {"configmaps": "5"}


def test_a_dry_run_counts_nothing(cluster):
    limit(cluster, configmaps="1")

    path = "/api/v1/namespaces/default/configmaps"
    cluster.client.request("POST", path, query={"dryRun": "All"}, body=named("a"))

    assert used(cluster) == {"configmaps": "0"}


def test_the_number_of_objects_is_told_by_a_page_of_one(cluster):
    for name in "abc":
        cluster.client.create(CONFIG_MAPS, named(name))

    assert number_of(cluster.client, CONFIG_MAPS, "default") == 3
    assert number_of(cluster.client, CONFIG_MAPS, "elsewhere") == 0


def test_kinds_are_known_by_their_full_names(cluster):
    found = kinds_by_name(cluster.client)

    assert found["widgets.example.com"] == WIDGETS
    assert "namespaces" not in found


def test_a_kind_that_comes_later_is_counted_then():
    api = MiniApi([RESOURCE_QUOTAS])
    client, stop = Client.in_process(api, User("system:admin")), threading.Event()
    hard = {"count/widgets.example.com": "9"}
    api.create(RESOURCE_QUOTAS, {"metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard}})
    run = QuotaController(client, refresh=0.05, settle=0.01).run
    thread = threading.Thread(target=run, args=(stop,), daemon=True)
    thread.start()
    until(lambda: api.get(RESOURCE_QUOTAS, "q", "default")["status"] == {"hard": hard, "used": {}})

    api.create(WIDGETS, named("a"))
    api.resources.append(WIDGETS)

    until(lambda: api.get(RESOURCE_QUOTAS, "q", "default")["status"]["used"] == {"count/widgets.example.com": "1"})
    stop.set()
    thread.join(30)
