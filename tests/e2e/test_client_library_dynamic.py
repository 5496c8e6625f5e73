"""The official `kubernetes` client, unmodified: its dynamic client, its leader election, watches that are resumed."""

from __future__ import annotations

import threading

import pytest
from clusters import Cluster, until

kubernetes = pytest.importorskip("kubernetes", reason="the official client is in the extra dev: pip install -e .[dev]")
from kubernetes.dynamic import DynamicClient  # noqa: E402 - after the check above
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, ResourceNotFoundError  # noqa: E402
from kubernetes.leaderelection import electionconfig, leaderelection  # noqa: E402
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock  # noqa: E402

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "buoys.dynamic.example"},
    "spec": {
        "group": "dynamic.example", "scope": "Namespaced", "names": {"plural": "buoys", "kind": "Buoy"},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        }],
    },
}  # fmt: skip


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


@pytest.fixture
def api(cluster):
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(cluster.home / "kubeconfig"), client_configuration=configuration)
    with kubernetes.client.ApiClient(configuration) as client:
        yield client


@pytest.fixture
def dynamic(api, tmp_path):
    return DynamicClient(api, cache_file=str(tmp_path / "discovery.json"))


def config_map(name: str, **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_kinds_are_found_by_discovery_and_objects_pass_through_all_verbs(dynamic, namespace):
    maps = dynamic.resources.get(api_version="v1", kind="ConfigMap")

    made = maps.create(config_map("a", k="1"), namespace=namespace)
    assert maps.get(name="a", namespace=namespace).data.k == "1"
    maps.patch(
        {"metadata": {"name": "a"}, "data": {"k": "2"}},
        namespace=namespace,
        content_type="application/merge-patch+json",
    )
    with pytest.raises(ConflictError):
        maps.replace(made.to_dict(), namespace=namespace)
    applied = maps.server_side_apply(config_map("a", j="3"), namespace=namespace, field_manager="dynamic")
    assert applied.data.to_dict() == {"k": "2", "j": "3"}
    maps.delete(name="a", namespace=namespace)
    with pytest.raises(NotFoundError):
        maps.get(name="a", namespace=namespace)


def test_a_custom_kind_is_used_as_soon_as_it_is_established(dynamic, namespace):
    definitions = dynamic.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    with pytest.raises(ResourceNotFoundError):
        dynamic.resources.get(api_version="dynamic.example/v1", kind="Buoy")
    definitions.create(DEFINITION)
    try:
        for event in definitions.watch(name="buoys.dynamic.example", timeout=120):
            conditions = event["raw_object"]["status"]["conditions"] or ()  # null at first, as upstream's
            if any((each["type"], each["status"]) == ("Established", "True") for each in conditions):
                break
        dynamic.resources.invalidate_cache()
        buoys = dynamic.resources.get(api_version="dynamic.example/v1", kind="Buoy")

        body = {"apiVersion": "dynamic.example/v1", "kind": "Buoy", "metadata": {"name": "b"}, "spec": {"x": [1]}}
        made = buoys.create(body, namespace=namespace)
        assert made.spec.x == [1] and made.metadata.generation == 1
        seen = buoys.status.patch(
            {"metadata": {"name": "b"}, "status": {"up": True}}, name="b", namespace=namespace,
            content_type="application/merge-patch+json",
        )  # fmt: skip
        assert seen.status.up is True and seen.metadata.generation == 1
    finally:
        definitions.delete(name="buoys.dynamic.example")


def test_one_of_two_candidates_leads_and_the_other_takes_over(cluster, namespace):
    kubernetes.config.load_kube_config(str(cluster.home / "kubeconfig"))
    leads, ended, configs = [], [], {}
    stop = {name: threading.Event() for name in ("one", "two")}

    def run(name: str) -> None:
        def lead() -> None:
            leads.append(name)
            stop[name].wait(300)
            raise RuntimeError("the work of this leader has ended")

        config = electionconfig.Config(
            LeaseLock("leader", namespace, name), lease_duration=90, renew_deadline=80, retry_period=1,
            onstarted_leading=lead, onstopped_leading=lambda: ended.append(name),
        )  # fmt: skip
        configs[name] = config
        leaderelection.LeaderElection(config).run()

    threads = {name: threading.Thread(target=run, args=(name,), daemon=True) for name in stop}
    threads["one"].start()
    until(lambda: leads == ["one"])
    threads["two"].start()
    begun = cluster.get("lease", "leader")["spec"]
    until(lambda: cluster.get("lease", "leader")["spec"]["renewTime"] != begun["renewTime"])
    assert leads == ["one"] and begun["holderIdentity"] == "one"

    stop["one"].set()
    until(lambda: ended == ["one"])
    configs["two"].lease_duration = 2  # a busy machine holds up a leader that lives, so the lease was long until now

    until(lambda: leads == ["one", "two"])
    assert ended == ["one"] and cluster.get("lease", "leader")["spec"]["holderIdentity"] == "two"
    stop["two"].set()
    threads["two"].join(150)


def test_a_watch_goes_on_where_another_stopped(api, namespace):
    core = kubernetes.client.CoreV1Api(api)
    watch = kubernetes.watch.Watch()
    start = core.list_namespaced_config_map(namespace).metadata.resource_version
    for name in ("a", "b", "c"):
        core.create_namespaced_config_map(namespace, config_map(name))

    first = next(iter(watch.stream(core.list_namespaced_config_map, namespace, resource_version=start)))
    watch.stop()
    seen = first["object"].metadata.resource_version
    resumed = kubernetes.watch.Watch()
    rest = []
    for event in resumed.stream(core.list_namespaced_config_map, namespace, resource_version=seen, timeout_seconds=120):
        rest.append(event["object"].metadata.name)
        if len(rest) == 2:
            resumed.stop()

    assert (first["object"].metadata.name, rest) == ("a", ["b", "c"])


def test_a_watch_of_the_library_survives_a_server_that_ends_its_stream(api, namespace):
    core = kubernetes.client.CoreV1Api(api)
    watch = kubernetes.watch.Watch()
    names = []

    def follow() -> None:
        # the server ends each stream after timeoutSeconds; the library resumes at the last revision it saw
        while len(names) < 3:
            for event in watch.stream(
                core.list_namespaced_config_map, namespace, timeout_seconds=1,
                resource_version=watch.resource_version or start, allow_watch_bookmarks=True,
            ):  # fmt: skip
                if event["type"] == "ADDED":
                    names.append(event["object"].metadata.name)

    start = core.list_namespaced_config_map(namespace).metadata.resource_version
    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    for count, name in enumerate(("a", "b", "c")):
        core.create_namespaced_config_map(namespace, config_map(name))
        until(lambda count=count: len(names) > count)
    thread.join(150)

    assert names == ["a", "b", "c"] and not thread.is_alive()
