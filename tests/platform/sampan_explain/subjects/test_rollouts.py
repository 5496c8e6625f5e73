import pytest


def deployment(make, replicas=2, ready=0, conditions=(), **spec):
    return make.obj(
        "Deployment", "web", "apps/v1", metadata={"generation": 1},
        spec={"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {}}, **spec},
        status={"observedGeneration": 1, "replicas": replicas, "readyReplicas": ready, "conditions": list(conditions)},
    )  # fmt: skip


def replica_set(make, owner, conditions=()):
    reference = {"kind": "Deployment", "name": "web", "uid": owner["metadata"]["uid"], "controller": True}
    return make.obj("ReplicaSet", "web-5d4f", "apps/v1", metadata={"ownerReferences": [reference], "generation": 1},
                    spec={"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
                    status={"conditions": list(conditions), "observedGeneration": 1})  # fmt: skip


def test_a_rollout_that_is_done(make, why):
    assert (
        why(deployment(make, ready=2))
        .paragraph()
        .startswith("deployment/web in namespace default is 2/2 ready. Nothing")
    )


def test_pods_that_cannot_start_are_one_cause_that_counts_them(make, why):
    made = deployment(make)
    rs = replica_set(make, made)
    status = make.waiting("ImagePullBackOff", "manifest unknown")
    found = why(
        made, rs, make.node(), *(make.pod(f"web-{n}", ready=False, statuses=[status], owner=rs) for n in (1, 2))
    )

    assert [cause.reason for cause in found.causes] == ["ImageNoSuchImage"]
    assert found.causes[0].facts[-1] == "the same holds for 1 more: pod/web-2"


def test_pods_that_a_quota_refuses(make, why):
    made = deployment(make)
    message = 'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'
    found = why(made, replica_set(make, made, [make.condition("ReplicaFailure", "True", "FailedCreate", message)]))

    assert (found.causes[0].reason, found.causes[0].about) == ("QuotaExceeded", "resourcequota/q")


def test_a_rollout_that_is_paused_or_scaled_to_zero(make, why, reasons):
    assert reasons(why(deployment(make, ready=2, paused=True))) == ["Paused"]
    assert reasons(why(deployment(make, 0))) == ["ScaledToZero"]


def test_a_rollout_past_its_deadline_may_be_undone(make, why):
    late = make.condition(
        "Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "web" has timed out progressing.'
    )
    found = why(deployment(make, conditions=[late]))

    assert found.causes[-1].commands == ("kubectl rollout undo deployment/web -n default",)


def test_pods_that_are_merely_young(make, why):
    made = deployment(make)
    rs = replica_set(make, made)
    pod = make.pod(phase="Pending", ready=False, owner=rs, metadata={"creationTimestamp": "2026-01-02T00:00:00Z"})

    assert why(made, rs, pod, make.node()).causes[0].text == "1 pod of 1 is not ready yet."


def test_a_controller_that_has_not_seen_the_change(make, why, reasons):
    made = deployment(make, ready=2)
    made["metadata"]["generation"] = 2

    assert reasons(why(made)) == ["NotObserved"]


def stateful(make, conditions=(), **more):
    status = {
        "observedGeneration": 1,
        "replicas": 1,
        "currentRevision": "a",
        "updateRevision": "a",
        **more.pop("status", {}),
    }
    return make.obj("StatefulSet", "db", "apps/v1", metadata={"generation": 1}, status=status,
                    spec={"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, **more})  # fmt: skip


def test_a_stateful_set_waits_for_the_pod_before(make, why):
    made = stateful(make)
    pod = make.pod("db-0", ready=False, statuses=[make.crashed(1)], owner=made)

    assert [cause.reason for cause in why(made, pod, make.node()).causes] == ["CrashLoop", "OrderedReady"]


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [({"type": "OnDelete"}, "OnDelete"), ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, "Partition")],
)
def test_an_update_that_its_strategy_holds_back(make, why, reasons, strategy, reason):
    status = {"replicas": 3, "readyReplicas": 3, "updateRevision": "b", "updatedReplicas": 0}

    assert reasons(why(stateful(make, status=status, updateStrategy=strategy))) == [reason]


def test_a_stateful_set_whose_pods_are_refused_says_it_by_its_events(make, why, reasons):
    made = stateful(make, status={"replicas": 0})

    assert reasons(
        why(
            made,
            make.event(made, "FailedCreate", "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
        )
    ) == ["QuotaExceeded"]


def test_a_daemon_set_that_no_node_is_for(make, why):
    made = make.obj(
        "DaemonSet",
        "agent",
        "apps/v1",
        metadata={"generation": 1},
        spec={"selector": {"matchLabels": {"app": "a"}}, "template": {"spec": {"nodeSelector": {"gpu": "yes"}}}},
        status={"observedGeneration": 1, "desiredNumberScheduled": 0},
    )

    assert (
        why(made).causes[0].text
        == "No node is to have one of its pods: none is labelled gpu=yes, or taints keep them away."
    )
