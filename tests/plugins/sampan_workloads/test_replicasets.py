from sampan.contracts.reconciling import Create, Key, Patch, Remove, Update
from sampan_machinery.metadata import controller_ref, now_text
from sampan_machinery.resources import PODS, REPLICA_SETS
from sampan_testing.simulation import World
from sampan_workloads.replicasets import decide

NOW = 1_700_000_000.0


def world_with(replicas=1):
    world = World(now=NOW)
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}},
    }
    owner = world.create(REPLICA_SETS, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec})
    return world, owner


def pod(name, *, labels=None, node="", phase="Running", ready_for=None, cost=None, restarts=0, owner=None):
    metadata = {"name": name, "namespace": "default", "labels": labels or {"app": "web"}}
    metadata["creationTimestamp"] = now_text(NOW - 3600)
    if cost is not None:
        metadata["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": str(cost)}
    if owner is not None:
        metadata["ownerReferences"] = [controller_ref(owner)]
    status = {"phase": phase, "containerStatuses": [{"restartCount": restarts}]}
    if ready_for is not None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now_text(NOW - ready_for)}
        status["conditions"] = [ready]
    return {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": node} if node else {}, "status": status}


def actions(world):
    return decide(Key("default", "web"), world)


def test_missing_pods_are_created():
    world, _ = world_with(2)

    creates = [action for action in actions(world) if isinstance(action, Create)]

    assert len(creates) == 2
    metadata = creates[0].object["metadata"]
    assert metadata["generateName"] == "web-" and metadata["name"].startswith("web-")
    assert metadata["ownerReferences"][0]["controller"] is True


def test_an_orphan_that_matches_is_adopted_instead_of_a_create():
    world, owner = world_with(1)
    world.create(PODS, pod("orphan"))

    first, *rest = actions(world)

    assert isinstance(first, Patch) and first.name == "orphan"
    assert first.patch["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]
    assert not any(isinstance(action, Create) for action in rest)


def test_a_pod_that_no_longer_matches_is_released_and_replaced():
    world, owner = world_with(1)
    world.create(PODS, pod("mine", labels={"app": "other"}, owner=owner))

    first, *rest = actions(world)

    assert isinstance(first, Patch) and first.patch["metadata"]["ownerReferences"] is None
    assert any(isinstance(action, Create) for action in rest)


def test_finished_pods_do_not_count():
    world, owner = world_with(1)
    made = world.create(PODS, pod("done", owner=owner))
    world.update(PODS, {**made, "status": {"phase": "Failed"}}, "status")

    assert any(isinstance(action, Create) for action in actions(world))


def test_a_pod_of_another_owner_is_left_alone():
    world, _ = world_with(0)
    other = {"metadata": {"name": "other", "uid": "u"}, "kind": "ReplicaSet", "apiVersion": "apps/v1"}
    world.create(PODS, pod("theirs", owner=other))

    assert not any(isinstance(action, (Patch, Remove)) for action in actions(world))


def test_a_settled_set_writes_nothing():
    world, owner = world_with(0)
    world.update(
        REPLICA_SETS, {**owner, "status": {"replicas": 0, "terminatingReplicas": 0, "observedGeneration": 1}}, "status"
    )

    assert not any(isinstance(action, Update) for action in actions(world))
