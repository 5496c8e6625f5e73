from __future__ import annotations

from sampan_joining.draining import plan


def pod(name, owner="ReplicaSet", *, phase="Running", volumes=(), **annotations):
    owners = [{"kind": owner, "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "a", "ownerReferences": owners, "annotations": annotations}
    return {"metadata": metadata, "spec": {"volumes": list(volumes)}, "status": {"phase": phase}}


def names(pods):
    return [one["metadata"]["name"] for one in pods]


def test_pods_that_are_made_again_elsewhere_go():
    assert names(plan([pod("web"), pod("db", "StatefulSet")]).evicted) == ["web", "db"]


def test_pods_of_daemon_sets_and_mirror_pods_stay():
    found = plan([pod("agent", "DaemonSet"), pod("static", "Node", **{"kubernetes.io/config.mirror": "x"})], force=True)

    assert found.evicted == () and found.refused == ()


def test_a_pod_that_nothing_makes_again_goes_by_force_alone():
    assert plan([pod("bare", "")]).refused == ("pod a/bare is made again by nothing; --force evicts it",)
    assert names(plan([pod("bare", "")], force=True).evicted) == ["bare"]


def test_data_of_an_empty_dir_is_lost_only_where_that_is_wanted():
    given = [pod("cache", volumes=[{"name": "c", "emptyDir": {}}])]

    assert "--delete-emptydir-data" in plan(given).refused[0]
    assert plan(given, delete_data=True).refused == ()


def test_pods_that_are_over_go_without_a_word():
    given = [pod("done", "", phase="Succeeded", volumes=[{"name": "c", "emptyDir": {}}])]

    assert plan(given).refused == () and names(plan(given).evicted) == ["done"]
