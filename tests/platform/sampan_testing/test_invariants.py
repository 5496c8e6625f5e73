"""Each invariant is seen to fail on a bad sample, and to hold on a good one."""

from __future__ import annotations

from sampan_testing.invariants import (
    Budgets,
    Converged,
    Finalizers,
    OneOrdinalOnce,
    Orphans,
    Quota,
    Surge,
    Unavailable,
)

READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def obj(name, owner=None, uid=None, **rest):
    metadata = {"name": name, "namespace": "n", "uid": uid or name, "generation": 1, "labels": {"app": "db"}}
    if owner:
        kind, owner_name = owner
        metadata["ownerReferences"] = [{"kind": kind, "name": owner_name, "uid": owner_name, "controller": True}]
    return {"metadata": {**metadata, **rest.pop("metadata", {})}, **rest}


def state(**kinds):
    return {kind: {("n", each["metadata"]["name"]): each for each in found} for kind, found in kinds.items()}


def pod(name, owner=None, ready=True, **metadata):
    return obj(name, owner, spec={"nodeName": "x"}, status=READY if ready else {"phase": "Pending"}, metadata=metadata)


def deployment(replicas=4, surge=1, unavailable=1):
    rolling = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return obj("web", spec={"replicas": replicas, "strategy": rolling})


def replica_set(name, replicas, available=0):
    return obj(name, ("Deployment", "web"), spec={"replicas": replicas}, status={"availableReplicas": available})


def test_a_running_pod_of_a_stateful_set_is_removed_by_its_agent_alone():
    invariant, old = OneOrdinalOnce(), pod("db-0", ("StatefulSet", "db"))

    assert "db-0 was removed while node x may run it" in invariant.changed("Pod", old, None, {})
    invariant.ended_by_agent.add(("n", "db-0"))
    assert invariant.changed("Pod", old, None, {}) == ""


def test_replica_sets_want_no_more_than_the_surge_allows():
    old, new = replica_set("old", 4), replica_set("new", 1)
    invariant = Surge()
    good = state(Deployment=[deployment()], ReplicaSet=[old, new])
    assert invariant.changed("ReplicaSet", None, new, good) == ""

    more = replica_set("new", 2)
    bad = state(Deployment=[deployment()], ReplicaSet=[old, more])
    assert "want 6 pods, 5 are allowed" in invariant.changed("ReplicaSet", new, more, bad)


def test_a_deployment_that_was_made_smaller_may_be_above_until_it_has_followed():
    invariant = Surge()
    invariant.changed("Deployment", None, deployment(8), {})
    old, new = replica_set("old", 5), replica_set("old", 6)

    assert invariant.changed("ReplicaSet", old, new, state(Deployment=[deployment(2)], ReplicaSet=[new])) == ""


def test_a_rollout_takes_away_no_pod_that_is_needed():
    old, less = replica_set("old", 4, 4), replica_set("old", 2, 4)
    pods = [pod(f"old-{number}", ("ReplicaSet", "old")) for number in range(4)]
    found = state(Deployment=[deployment()], ReplicaSet=[less, replica_set("new", 2)], Pod=pods)

    assert "left with 2 available pods, 3 are needed" in Unavailable().changed("ReplicaSet", old, less, found)
    assert Unavailable().changed("ReplicaSet", old, replica_set("old", 3, 4), {**found, **state(
        ReplicaSet=[replica_set("old", 3, 4)]
    )}) == ""  # fmt: skip


def test_a_namespace_holds_no_more_pods_than_its_quota():
    quota = obj("few", spec={"hard": {"pods": "1"}})
    ended = obj("c", spec={}, status={"phase": "Succeeded"})

    assert Quota().changed("Pod", None, pod("a"), state(Pod=[pod("a"), ended], ResourceQuota=[quota])) == ""
    assert "holds 2 pods, 1 are allowed" in Quota().changed(
        "Pod", None, pod("b"), state(Pod=[pod("a"), pod("b")], ResourceQuota=[quota])
    )


def test_an_eviction_leaves_what_the_budget_demands():
    budget = obj("db", spec={"minAvailable": 2, "selector": {"matchLabels": {"app": "db"}}})
    three, two = [pod("a"), pod("b"), pod("c")], [pod("a"), pod("b"), pod("c", ready=False)]

    assert Budgets().evicted(("n", "a"), state(Pod=three, PodDisruptionBudget=[budget])) == ""
    assert "leaves 1 healthy pods" in Budgets().evicted(("n", "a"), state(Pod=two, PodDisruptionBudget=[budget]))


def test_in_the_end_no_object_is_without_its_owner_or_waits_to_go():
    assert "has no ReplicaSet gone any more" in Orphans().ended(
        state(ReplicaSet=[], Pod=[pod("a", ("ReplicaSet", "gone"))])
    )
    held = pod("a", deletionTimestamp="now", finalizers=["x/y"])
    assert "it is held by x/y" in Finalizers().ended(state(Pod=[held]))
    assert Orphans().ended(state(Pod=[pod("a")])) == Finalizers().ended(state(Pod=[pod("a")])) == ""


def test_in_the_end_every_workload_has_its_pods_and_says_so():
    status = {"readyReplicas": 1, "observedGeneration": 1}
    db = obj("db", spec={"replicas": 1}, status=status)
    one = pod("db-0", ("StatefulSet", "db"))

    assert Converged().ended(state(StatefulSet=[db], Pod=[one])) == ""
    assert "wants 1 pods and has 0 pods" in Converged().ended(state(StatefulSet=[db], Pod=[]))
    assert "not observed" in Converged().ended(
        state(StatefulSet=[obj("db", spec={"replicas": 1}, status={**status, "observedGeneration": 0})], Pod=[one])
    )


def test_in_the_end_a_daemon_set_has_a_pod_on_every_node():
    agent, node = obj("agent", spec={}, status={"numberReady": 1}), obj("one")
    one = pod("agent-a", ("DaemonSet", "agent"))

    assert Converged().ended(state(DaemonSet=[agent], Node=[node], Pod=[one])) == ""
    assert "has 0 ready pods on 1 nodes" in Converged().ended(state(DaemonSet=[agent], Node=[node]))


def test_in_the_end_every_job_has_counted_its_pods_once():
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    good = obj("j", spec={"completions": 2}, status={**done, "succeeded": 2})
    wrong = obj("j", spec={"completions": 2}, status={**done, "succeeded": 3})

    assert Converged().ended(state(Job=[good])) == ""
    assert "counts 3 pods, 2 were to succeed" in Converged().ended(state(Job=[wrong]))
    assert "has not ended" in Converged().ended(state(Job=[obj("j", spec={}, status={})]))
