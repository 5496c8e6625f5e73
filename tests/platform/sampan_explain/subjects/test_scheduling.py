import pytest


def unschedulable(make, message, **more):
    return make.pod(
        phase="Pending", node="", conditions=[make.condition("PodScheduled", "False", "Unschedulable", message)], **more
    )


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("0/1 nodes are available: 1 Insufficient cpu.", "kubectl describe nodes"),
        ("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.", "custom-columns=NAME"),
        ("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", "--show-labels"),
        ("0/1 nodes are available: 1 node(s) were unschedulable.", "kubectl uncordon NODE"),
        ("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.", "hostPort"),
        ("0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.", "topologySpread"),
    ],
)
def test_a_pod_that_no_node_takes(make, why, message, command):
    found = why(unschedulable(make, message), make.node())

    assert found.causes[0].reason == "Unschedulable"
    assert message.rstrip(".") in found.causes[0].text
    assert any(command in each for each in found.causes[0].commands)


def test_a_cluster_without_nodes(make, why, reasons):
    assert reasons(why(unschedulable(make, "no nodes available to schedule pods"))) == ["NoNodes"]


def test_a_pod_that_waits_for_its_scheduling_gates(make, why):
    found = why(make.pod(phase="Pending", node="", schedulingGates=[{"name": "example.com/quota"}]))

    assert found.causes[0].text == "It is not scheduled until its scheduling gates are removed: example.com/quota."


def test_a_pod_for_a_scheduler_that_does_not_run(make, why, reasons):
    assert reasons(why(make.pod(phase="Pending", node="", schedulerName="mine"))) == ["NoSuchScheduler"]
    assert reasons(why(make.pod(phase="Pending", node=""))) == ["NoScheduler"]


def test_a_pod_that_was_just_made_is_given_a_moment(make, why):
    assert not why(make.pod(phase="Pending", node="", metadata={"creationTimestamp": "2026-01-02T00:00:00Z"})).causes


def test_a_pod_whose_claim_is_missing_or_pending(make, why, reasons):
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    waits = unschedulable(make, 'persistentvolumeclaim "data" not found', volumes=volumes)
    claim = make.obj("PersistentVolumeClaim", "data", spec={"storageClassName": "none"}, status={"phase": "Pending"})

    assert reasons(why(waits, make.node()))[0] == "ClaimMissing"
    found = why(waits, claim, make.node())
    assert [(cause.reason, cause.about) for cause in found.causes[:2]] == [
        ("NoSuchClass", "persistentvolumeclaim/data"), ("NoVolumes", "persistentvolumeclaim/data")
    ]  # fmt: skip
