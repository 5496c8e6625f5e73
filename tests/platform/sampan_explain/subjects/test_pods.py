import pytest


def test_a_pod_that_is_well_has_no_causes(make, why):
    found = why(make.pod(ready=True, statuses=[make.running()]))

    assert found.paragraph() == "pod/web-1 in namespace default is Running, 1/1 ready. Nothing wrong was found."


def test_a_pod_evicted_by_its_node(make, why):
    status = {"reason": "Evicted", "message": "The node was low on resource: memory."}
    found = why(make.pod(phase="Failed", status=status))

    assert found.state == "Evicted"
    assert (
        found.causes[0].text
        == "Node node-1 evicted it to get back what ran short there: The node was low on resource: memory."
    )
    assert "kubectl describe node node-1" in found.causes[0].commands


@pytest.mark.parametrize(
    ("why_", "reason"), [("PreemptionByScheduler", "Preempted"), ("DeletionByTaintManager", "EvictedByTaint")]
)
def test_a_pod_that_another_part_of_the_cluster_removed(make, why, reasons, why_, reason):
    target = make.condition("DisruptionTarget", "True", why_, "in favour of another")

    assert reasons(why(make.pod(phase="Failed", conditions=[target]))) == [reason]


def test_a_pod_that_ended_with_its_node(make, why):
    message = "Pod was terminated in response to imminent node shutdown."
    target = make.condition("DisruptionTarget", "True", "TerminationByKubelet", message)

    found = why(make.pod(phase="Failed", status={"reason": "Terminated", "message": message}, conditions=[target]))

    assert found.causes[0].text.startswith("It ended because its node was shut down")


def test_a_pod_that_ran_longer_than_its_deadline(make, why):
    found = why(make.pod(phase="Failed", status={"reason": "DeadlineExceeded", "message": "too long"}))

    assert "longer than its activeDeadlineSeconds" in found.causes[0].text


def test_a_pod_on_a_node_that_does_not_answer(make, why):
    found = why(make.pod(ready=False, statuses=[make.running()]), make.node(ready="Unknown"))

    assert found.causes[0].reason == "NodeNotReady"
    assert found.causes[0].commands == ("sampan why node/node-1",)


def test_a_pod_whose_readiness_gate_is_not_met(make, why):
    found = why(
        make.pod(ready=False, statuses=[make.running()], readinessGates=[{"conditionType": "lb.io/in"}]), make.node()
    )

    assert found.causes[0].text.endswith("has not agreed: lb.io/in.")


def test_a_pod_that_is_deleted_and_kept_by_a_finalizer(make, why):
    meta = {"deletionTimestamp": make.earlier, "finalizers": ["example.com/keep"]}
    found = why(make.pod(metadata=meta), make.node())

    assert found.state == "Terminating"
    assert found.causes[0].text.startswith("It was deleted 1h ago and stays until its finalizers are removed")


def test_a_deleted_pod_of_a_node_that_is_gone(make, why, reasons):
    assert reasons(why(make.pod(metadata={"deletionTimestamp": make.earlier}))) == ["NodeGone"]


def test_a_deleted_pod_that_does_not_end(make, why, reasons):
    assert reasons(why(make.pod(metadata={"deletionTimestamp": make.earlier}), make.node())) == ["SlowTermination"]


def test_a_deleted_pod_that_still_has_time(make, why):
    meta = {"deletionTimestamp": "2026-01-02T00:00:20Z", "deletionGracePeriodSeconds": 30}
    found = why(make.pod(metadata=meta, container={"lifecycle": {"preStop": {"exec": {}}}}), make.node())

    assert found.healthy
    assert (
        found.causes[0].text
        == "It was deleted and has 30 s to end; then it is killed. It has a preStop hook, which runs first."
    )
