import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import proved

from sampan_federation.interpreter.aggregation import RULES, aggregated
from sampan_federation.interpreter.reading import LARGEST

NOW = "2026-01-01T00:00:00Z"


def template(kind, api_version="apps/v1", generation=1, spec=None, **status):
    metadata = {"name": "a", "generation": generation}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec or {}, "status": status}


def of(*statuses):
    return [{"clusterName": f"member{index}", "status": status} for index, status in enumerate(statuses, 1)]


def latest(**numbers):
    return {"generation": 2, "observedGeneration": 2, "resourceTemplateGeneration": 1, **numbers}


def test_the_numbers_of_a_deployment_are_added():
    found = aggregated(template("Deployment"), of(latest(replicas=2, readyReplicas=1), latest(replicas=3)), now=NOW)

    assert found == {"replicas": 5, "readyReplicas": 1, "observedGeneration": 1}


def test_the_generation_is_observed_when_every_member_has():
    behind = latest(replicas=1, resourceTemplateGeneration=0)

    found = aggregated(template("Deployment", observedGeneration=0), of(latest(replicas=1), behind), now=NOW)

    assert found["observedGeneration"] == 0
    silent = aggregated(template("Deployment"), of(latest(replicas=1), None), now=NOW)
    assert "observedGeneration" not in silent


def test_a_status_that_stays_is_not_written():
    assert aggregated(template("Deployment", replicas=1, observedGeneration=1), of(latest(replicas=1)), now=NOW) is None


def test_conditions_of_the_host_stay():
    found = aggregated(template("Deployment", conditions=[{"type": "X"}]), of(latest(replicas=1)), now=NOW)

    assert found["conditions"] == [{"type": "X"}]


def test_addresses_of_all_clusters_are_joined_once_each():
    one, two = {"ip": "192.0.2.1"}, {"hostname": "b.example"}
    balanced = [{"loadBalancer": {"ingress": each}} for each in ([one], [one, two])]

    service = template("Service", "v1", spec={"type": "LoadBalancer"})
    ingress = template("Ingress", "networking.k8s.io/v1")

    for each in (service, ingress):
        assert aggregated(each, of(*balanced), now=NOW) == {"loadBalancer": {"ingress": [two, one]}}


def test_a_job_is_complete_when_all_are():
    done = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}], "startTime": "2026-01-01T00:00:00Z"}
    job = template("Job", "batch/v1")

    half = aggregated(job, of(done, {"active": 1, "startTime": "2025-01-01T00:00:00Z"}), now=NOW)
    whole = aggregated(
        job, of({**done, "completionTime": "2026-01-02T00:00:00Z"}, {**done, "completionTime": NOW}), now=NOW
    )

    assert half == {"active": 1, "succeeded": 1, "startTime": "2025-01-01T00:00:00Z"}
    assert [each["type"] for each in whole["conditions"]] == ["Complete"]
    assert (whole["succeeded"], whole["completionTime"]) == (2, "2026-01-02T00:00:00Z")


def test_a_job_has_failed_when_one_has_and_says_where():
    failed = {"failed": 1, "conditions": [{"type": "Failed", "status": "True"}]}

    found = aggregated(template("Job", "batch/v1"), of(failed, {"active": 1}), now=NOW)

    assert found["conditions"][0]["type"] == "Failed"
    assert "member1" in found["conditions"][0]["message"]


def test_a_finished_job_stays_as_it_is():
    finished = template("Job", "batch/v1", conditions=[{"type": "Complete", "status": "True"}], succeeded=2)

    assert aggregated(finished, of({"active": 3}), now=NOW) is None


def test_the_last_run_of_a_cron_job_is_the_latest():
    runs = of({"lastScheduleTime": "2026-01-01T00:00:00Z"}, {"lastScheduleTime": "2026-02-01T00:00:00Z"})

    assert aggregated(template("CronJob", "batch/v1"), runs, now=NOW) == {"lastScheduleTime": "2026-02-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("phases", "phase"),
    [
        (["Running", "Failed"], "Failed"), (["Running", None], "Pending"), (["Running", "Succeeded"], "Running"),
        (["Succeeded"], "Succeeded"),
    ],
)  # fmt: skip
def test_the_phase_of_a_pod_is_the_worst(phases, phase):
    statuses = [{"phase": each} if each else None for each in phases]

    assert aggregated(template("Pod", "v1"), of(*statuses), now=NOW)["phase"] == phase


@pytest.mark.parametrize(
    ("phases", "phase"),
    [(["Bound", "Bound"], "Bound"), (["Bound", "Pending"], "Pending"), (["Lost", "Pending"], "Lost")],
)
def test_a_claim_is_bound_when_all_are(phases, phase):
    found = aggregated(template("PersistentVolumeClaim", "v1"), of(*({"phase": each} for each in phases)), now=NOW)

    assert found == {"phase": phase}


def test_a_budget_is_the_sum_and_names_pods_by_cluster():
    statuses = of({"currentHealthy": 1, "disruptedPods": {"a": NOW}}, {"currentHealthy": 2})

    assert aggregated(template("PodDisruptionBudget", "policy/v1"), statuses, now=NOW) == {
        "currentHealthy": 3, "desiredHealthy": 0, "expectedPods": 0, "disruptionsAllowed": 0,
        "disruptedPods": {"member1/a": NOW},
    }  # fmt: skip


def test_an_autoscaler_has_the_sum_of_replicas():
    statuses = of({"currentReplicas": 1, "desiredReplicas": 2}, {"currentReplicas": 3})

    found = aggregated(template("HorizontalPodAutoscaler", "autoscaling/v2"), statuses, now=NOW)

    assert found == {"currentReplicas": 4, "desiredReplicas": 2}


def test_a_kind_without_a_rule_stays_as_it_is():
    assert aggregated(template("Widget", "example.com/v1"), of({"size": 3}), now=NOW) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["phase", "replicas", "conditions", "loadBalancer", "ingress", "active", "type", "disruptedPods", "x"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@proved
@given(st.sampled_from(list(RULES)), st.lists(JSON, max_size=3))
def test_whatever_members_send_the_answer_is_a_bounded_status(kind, statuses):
    host = template(kind.kind, kind.api_version, spec={"type": "LoadBalancer"})

    found = aggregated(host, of(*statuses), now=NOW)

    assert found is None or isinstance(found, dict)
    for name in ("replicas", "active"):
        assert 0 <= (found or {}).get(name, 0) <= LARGEST
