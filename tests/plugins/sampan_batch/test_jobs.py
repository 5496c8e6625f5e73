import pytest

from sampan.errors import Forbidden
from sampan_batch.jobs import keys_of_pod
from sampan_batch.kinds import JOB
from sampan_batch.plugin import contribute_reconcilers
from sampan_machinery.metadata import get_condition, now_text
from sampan_machinery.resources import JOBS, PODS
from sampan_testing.simulation import World

RECONCILERS = [each for each in contribute_reconcilers() if each.name in ("job-controller", "job-finalizers")]


class Cluster:
    """A world with one Job called work. ``outcome(pod)`` is the exit code of a pod, None while it runs."""

    def __init__(self, *, outcome=lambda pod: 0, **spec):
        self.world = World()
        self.outcome = outcome
        template = {"metadata": {}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
        self.world.create(JOBS, {"metadata": {"name": "work", "namespace": "default"}, "spec": {"template": template}})
        job = {**self.job, "spec": {**self.job["spec"], **spec}}
        JOB.default(job)
        uid = job["metadata"]["uid"]
        job["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        job["spec"]["template"]["metadata"]["labels"] = {"batch.kubernetes.io/controller-uid": uid}
        self.world.update(JOBS, job)

    def settle(self):
        self.world.settle(RECONCILERS, after=self._live)
        return self

    def step(self, seconds):
        self.world.now += seconds
        return self.settle()

    def _live(self):
        for pod in self.world.list(PODS):
            if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed") or self.outcome(pod) is None:
                continue
            code = self.outcome(pod)
            ended = {"exitCode": code, "finishedAt": now_text(self.world.now)}
            status = {
                "phase": "Failed" if code else "Succeeded",
                "containerStatuses": [{"name": "c", "state": {"terminated": ended}}],
            }
            self.world.update(PODS, {**pod, "status": status}, "status")

    def change(self, **spec):
        self.world.update(JOBS, {**self.job, "spec": {**self.job["spec"], **spec}})
        return self

    @property
    def job(self):
        return self.world.get(JOBS, "work", "default")

    @property
    def status(self):
        return self.job["status"]

    @property
    def pods(self):
        return self.world.list(PODS)

    def reason(self, name):
        return (get_condition(self.status, name) or {}).get("reason")

    def conditions(self):
        return [(each["type"], each["status"]) for each in self.status.get("conditions", ())]


def index(pod):
    return int(pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"])


def test_a_job_runs_its_completions_and_ends():
    cluster = Cluster(parallelism=2, completions=4).settle()

    assert cluster.status["succeeded"] == 4
    assert cluster.conditions() == [("SuccessCriteriaMet", "True"), ("Complete", "True")]
    assert cluster.reason("Complete") == "CompletionsReached"
    assert cluster.status["completionTime"] == now_text(cluster.world.now)
    assert (cluster.status["ready"], cluster.status["terminating"]) == (0, 0)
    assert cluster.status["uncountedTerminatedPods"] == {}
    assert "active" not in cluster.status and "failed" not in cluster.status
    assert ("Completed", "Job completed") in cluster.world.events


def test_no_pod_of_a_finished_job_keeps_the_finalizer():
    cluster = Cluster(parallelism=2, completions=4).settle()

    assert len(cluster.pods) == 4
    assert not any(pod["metadata"].get("finalizers") for pod in cluster.pods)


def test_a_settled_job_is_left_alone():
    cluster = Cluster(outcome=lambda pod: None, parallelism=3, completions=3).settle()

    assert cluster.status["active"] == 3
    assert cluster.world.settle(RECONCILERS) == 0


def test_a_job_without_completions_ends_with_its_first_success():
    outcomes = {}
    cluster = Cluster(outcome=lambda pod: outcomes.get(pod["metadata"]["name"]), parallelism=3, completions=None)
    cluster.change(completions=None).settle()
    first, *others = cluster.pods

    outcomes[first["metadata"]["name"]] = 0
    cluster.settle()
    assert cluster.conditions() == [] and len(cluster.pods) == 3

    outcomes.update({pod["metadata"]["name"]: 0 for pod in others})
    cluster.settle()
    assert cluster.reason("Complete") == "CompletionsReached"
    assert cluster.status["succeeded"] == 3


def test_a_failed_pod_is_replaced_after_ten_seconds_then_twice_as_long():
    cluster = Cluster(outcome=lambda pod: 1).settle()
    assert (len(cluster.pods), cluster.status["failed"]) == (1, 1)

    cluster.step(9)
    assert len(cluster.pods) == 1
    cluster.step(1)
    assert len(cluster.pods) == 2
    cluster.step(19)
    assert len(cluster.pods) == 2
    cluster.step(1)
    assert len(cluster.pods) == 3


def test_too_many_failures_end_the_job():
    cluster = Cluster(outcome=lambda pod: 1, backoffLimit=1).settle().step(10)

    assert cluster.conditions() == [("FailureTarget", "True"), ("Failed", "True")]
    assert cluster.reason("Failed") == "BackoffLimitExceeded"
    assert cluster.status["failed"] == 2
    assert "completionTime" not in cluster.status
    assert ("BackoffLimitExceeded", "Job has reached the specified backoff limit") in cluster.world.events


def test_pods_that_run_when_a_job_fails_are_deleted_and_count_as_failed():
    names = []
    cluster = Cluster(outcome=lambda pod: 1 if pod["metadata"]["name"] in names else None, backoffLimit=0)
    cluster.change(parallelism=3, completions=3).settle()

    names.append(cluster.pods[0]["metadata"]["name"])
    cluster.settle()

    assert cluster.reason("Failed") == "BackoffLimitExceeded"
    assert cluster.status["failed"] == 3
    assert [pod["metadata"]["name"] for pod in cluster.pods] == names


def test_restarts_of_containers_count_where_they_restart():
    cluster = Cluster(outcome=lambda pod: None, backoffLimit=2)
    template = cluster.job["spec"]["template"]
    cluster.change(template={**template, "spec": {**template["spec"], "restartPolicy": "OnFailure"}}).settle()
    (pod,) = cluster.pods

    status = {"phase": "Running", "containerStatuses": [{"name": "c", "restartCount": 2}]}
    cluster.world.update(PODS, {**pod, "status": status}, "status")
    cluster.settle()

    assert cluster.reason("Failed") == "BackoffLimitExceeded"


def test_a_job_is_ended_by_its_deadline():
    cluster = Cluster(outcome=lambda pod: None, activeDeadlineSeconds=30).settle()
    assert cluster.world.wakes[-1] == cluster.world.now + 30

    cluster.step(30)

    assert cluster.reason("Failed") == "DeadlineExceeded"
    assert cluster.pods == []


def test_an_indexed_job_gives_each_pod_its_index():
    cluster = Cluster(outcome=lambda pod: None, completionMode="Indexed", parallelism=2, completions=2).settle()

    first = min(cluster.pods, key=index)
    assert sorted(map(index, cluster.pods)) == [0, 1]
    assert first["spec"]["hostname"] == "work-0"
    assert first["metadata"]["name"].startswith("work-0-") and first["metadata"]["generateName"] == "work-0-"
    assert first["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] == "0"
    source = {"apiVersion": "v1", "fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"}
    assert first["spec"]["containers"][0]["env"] == [
        {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": source}}
    ]


def test_an_indexed_job_completes_every_index():
    cluster = Cluster(completionMode="Indexed", parallelism=2, completions=5).settle()

    assert (cluster.status["completedIndexes"], cluster.status["succeeded"]) == ("0-4", 5)
    assert cluster.reason("Complete") == "CompletionsReached"


def test_an_elastic_indexed_job_is_scaled_down():
    done = Cluster(
        outcome=lambda pod: 0 if index(pod) < 2 else None, completionMode="Indexed", parallelism=4, completions=4
    ).settle()
    assert done.status["completedIndexes"] == "0,1"

    done.change(parallelism=1, completions=1).settle()

    assert (done.status["completedIndexes"], done.status["succeeded"]) == ("0", 1)
    assert done.reason("Complete") == "CompletionsReached"


def test_indexes_fail_on_their_own_account():
    """Conformance: odd indexes fail twice each."""
    cluster = Cluster(
        outcome=lambda pod: index(pod) % 2,
        completionMode="Indexed", parallelism=2, completions=4, backoffLimitPerIndex=1,
    )  # fmt: skip
    cluster.settle()
    for _ in range(4):
        cluster.step(10)

    assert cluster.reason("Failed") == "FailedIndexes"
    assert (cluster.status["failedIndexes"], cluster.status["completedIndexes"]) == ("1,3", "0,2")
    assert (cluster.status["failed"], cluster.status["succeeded"]) == (4, 2)
    counts = sorted(
        (index(pod), pod["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"])
        for pod in cluster.pods
    )
    assert counts == [(0, "0"), (1, "0"), (1, "1"), (2, "0"), (3, "0"), (3, "1")]


def test_too_many_failed_indexes_end_the_job():
    cluster = Cluster(
        outcome=lambda pod: 1, completionMode="Indexed", parallelism=1, completions=4, backoffLimitPerIndex=0,
        maxFailedIndexes=0,
    ).settle()  # fmt: skip

    assert cluster.reason("Failed") == "MaxFailedIndexesExceeded"
    assert (cluster.status["failedIndexes"], cluster.status["failed"]) == ("0", 1)


def test_a_failure_policy_fails_an_index():
    rules = [{"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [42]}}]
    cluster = Cluster(
        outcome=lambda pod: 42 * index(pod), completionMode="Indexed", parallelism=2, completions=2,
        backoffLimitPerIndex=4, podFailurePolicy={"rules": rules},
    ).settle()  # fmt: skip

    assert cluster.reason("Failed") == "FailedIndexes"
    assert (cluster.status["failedIndexes"], cluster.status["completedIndexes"]) == ("1", "0")
    assert (cluster.status["failed"], cluster.status["succeeded"]) == (1, 1)


def test_a_failure_policy_fails_the_job():
    rules = [{"action": "FailJob", "onExitCodes": {"containerName": "c", "operator": "NotIn", "values": [1]}}]
    cluster = Cluster(outcome=lambda pod: 42, podFailurePolicy={"rules": rules}).settle()

    assert cluster.reason("Failed") == "PodFailurePolicy"
    name = cluster.pods[0]["metadata"]["name"]
    text = f"Container c for pod default/{name} failed with exit code 42 matching FailJob rule at index 0"
    assert get_condition(cluster.status, "Failed")["message"] == text


def test_ignored_failures_do_not_count():
    rules = [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [3]}}]
    cluster = Cluster(outcome=lambda pod: 3, backoffLimit=0, podFailurePolicy={"rules": rules}).settle()

    for seconds in (10, 20, 40):
        cluster.step(seconds)

    assert len(cluster.pods) == 4
    assert cluster.conditions() == [] and "failed" not in cluster.status


def test_a_success_policy_ends_a_job_early():
    cluster = Cluster(
        outcome=lambda pod: 0 if index(pod) == 0 else None, completionMode="Indexed", parallelism=3, completions=3,
        successPolicy={"rules": [{"succeededIndexes": "0"}]},
    ).settle()  # fmt: skip

    assert cluster.conditions() == [("SuccessCriteriaMet", "True"), ("Complete", "True")]
    assert cluster.reason("Complete") == "SuccessPolicy"
    assert get_condition(cluster.status, "Complete")["message"] == "Matched rules at index 0"
    assert (cluster.status["succeeded"], cluster.status["completedIndexes"]) == (1, "0")
    assert "failed" not in cluster.status


def test_a_suspended_job_has_no_pods_until_it_is_resumed():
    cluster = Cluster(outcome=lambda pod: None, suspend=True, parallelism=2, completions=2).settle()
    assert cluster.pods == []
    assert (cluster.conditions(), cluster.reason("Suspended")) == ([("Suspended", "True")], "JobSuspended")
    assert "startTime" not in cluster.status

    cluster.world.now += 60
    cluster.change(suspend=False).settle()
    assert (cluster.status["active"], cluster.reason("Suspended")) == (2, "JobResumed")
    assert cluster.status["startTime"] == now_text(cluster.world.now)

    cluster.change(suspend=True).settle()
    assert cluster.pods == []
    assert "active" not in cluster.status and "failed" not in cluster.status
    assert [reason for reason, _ in cluster.world.events if reason in ("Suspended", "Resumed")] == [
        "Suspended", "Resumed", "Suspended",
    ]  # fmt: skip


def test_fewer_pods_run_when_the_parallelism_is_lowered():
    cluster = Cluster(outcome=lambda pod: None, parallelism=4, completions=4).settle()

    cluster.change(parallelism=1).settle()

    assert len(cluster.pods) == cluster.status["active"] == 1
    assert "failed" not in cluster.status


def test_a_terminating_pod_is_replaced_when_it_has_failed():
    cluster = Cluster(outcome=lambda pod: None, podReplacementPolicy="Failed").settle()
    (pod,) = cluster.pods

    cluster.world.remove(PODS, pod["metadata"]["name"], "default")
    cluster.settle()

    assert len(cluster.pods) == 1
    assert (cluster.status["terminating"], cluster.status.get("failed")) == (1, None)


def test_a_terminating_pod_counts_as_failed_by_default():
    cluster = Cluster(outcome=lambda pod: None).settle()
    (pod,) = cluster.pods

    cluster.world.remove(PODS, pod["metadata"]["name"], "default")
    cluster.settle()

    assert cluster.status["failed"] == 1
    assert [each["metadata"]["uid"] for each in cluster.pods] != [pod["metadata"]["uid"]]


def test_pods_are_adopted_with_the_finalizer_and_released_without():
    cluster = Cluster(outcome=lambda pod: None).settle()
    (pod,) = cluster.pods
    orphan = {**pod, "metadata": {**pod["metadata"], "ownerReferences": [], "finalizers": []}}
    cluster.world.update(PODS, orphan)

    cluster.settle()
    (pod,) = cluster.pods
    assert pod["metadata"]["ownerReferences"][0]["uid"] == cluster.job["metadata"]["uid"]
    assert pod["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]

    cluster.world.update(PODS, {**pod, "metadata": {**pod["metadata"], "labels": {}}})
    cluster.settle()
    released = cluster.world.get(PODS, pod["metadata"]["name"], "default")
    assert not released["metadata"].get("ownerReferences") and not released["metadata"].get("finalizers")
    assert len(cluster.pods) == 2


def test_refused_pods_leave_a_true_status():
    cluster = Cluster(outcome=lambda pod: None, parallelism=3, completions=3)
    made = []

    def refuse(action):
        if getattr(action, "resource", None) == PODS and hasattr(action, "on_failure"):
            made.append(action)
            return Forbidden("exceeded quota") if len(made) > 1 else None
        return None

    cluster.world.refuse = refuse
    cluster.settle()

    assert cluster.status["active"] == len(cluster.pods) == 1


def test_a_job_of_another_controller_is_left_to_it():
    cluster = Cluster(managedBy="example.com/other").settle()

    assert cluster.pods == [] and "status" not in cluster.job


def test_more_pods_than_one_status_holds_are_counted_without_loss():
    cluster = Cluster(parallelism=600, completions=1200).settle()

    assert cluster.status["succeeded"] == 1200
    assert cluster.reason("Complete") == "CompletionsReached"


def test_a_pod_concerns_its_job_and_an_orphan_those_that_may_adopt_it():
    cluster = Cluster(outcome=lambda pod: None).settle()
    (pod,) = cluster.pods
    orphan = {**pod, "metadata": {**pod["metadata"], "ownerReferences": []}}
    other = [{**pod["metadata"]["ownerReferences"][0], "kind": "Mine"}]

    assert list(keys_of_pod(pod, cluster.world)) == list(keys_of_pod(orphan, cluster.world)) == [("default", "work")]
    assert list(keys_of_pod({**pod, "metadata": {**pod["metadata"], "ownerReferences": other}}, cluster.world)) == []

    status = {"conditions": [{"type": "Complete", "status": "True"}]}
    cluster.world.update(JOBS, {**cluster.job, "status": status}, "status")
    assert list(keys_of_pod(orphan, cluster.world)) == []


@pytest.mark.parametrize("lost", range(8))
def test_no_pod_is_lost_or_counted_twice_when_writes_fail(lost):
    cluster = Cluster(parallelism=3, completions=6)
    writes = []

    def refuse(action):
        if hasattr(action, "resource"):
            writes.append(action)
            return Forbidden("not now") if len(writes) % 8 == lost else None
        return None

    cluster.world.refuse = refuse
    for _ in range(9):  # a round in which nothing but a refused write happens looks like rest
        cluster.settle()

    assert cluster.status["succeeded"] == 6 and "failed" not in cluster.status
    assert cluster.reason("Complete") == "CompletionsReached"
