import pytest

from sampan.errors import BadRequest, Invalid
from sampan_machinery.resources import CRON_JOBS, JOBS
from sampan_testing.cluster import start

TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}


@pytest.fixture(scope="module")
def client():
    with start(only=("namespaces", "batch"), control=False) as cluster:
        yield cluster.client


def new(name, **spec):
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"template": TEMPLATE, **spec}}


def test_a_job_is_completed(client):
    made = client.create(JOBS, new("whole"))

    uid = made["metadata"]["uid"]
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]
    assert made["metadata"]["generation"] == 1
    assert made["status"] == {}


def test_a_generated_name_is_in_the_labels(client):
    job = new("")
    job["metadata"] = {"generateName": "many-", "namespace": "default"}

    made = client.create(JOBS, job)

    assert made["spec"]["template"]["metadata"]["labels"]["job-name"] == made["metadata"]["name"]


def test_a_job_that_cannot_run_is_refused(client):
    with pytest.raises(Invalid, match=r'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure"'):
        client.create(JOBS, new("always", template={"spec": {"containers": TEMPLATE["spec"]["containers"]}}))
    with pytest.raises(BadRequest, match="cannot unmarshal"):
        client.create(JOBS, new("odd", completions="many"))


def test_the_template_of_a_job_does_not_change(client):
    client.create(JOBS, new("fixed"))

    with pytest.raises(Invalid, match=r"spec.template: Invalid value: .*field is immutable"):
        client.patch(JOBS, "fixed", {"spec": {"template": {"spec": {"priority": 7}}}}, "default")
    changed = client.patch(JOBS, "fixed", {"spec": {"parallelism": 2}}, "default")
    assert changed["metadata"]["generation"] == 2


def test_a_write_of_the_status_keeps_the_spec_and_is_checked(client):
    job = client.create(JOBS, new("told"))
    job["spec"]["parallelism"] = 9
    job["status"] = {"startTime": "2026-11-30T10:00:00Z", "active": 1, "ready": 1}
    written = client.update(JOBS, job, subresource="status")
    assert (written["spec"]["parallelism"], written["status"]["active"]) == (1, 1)

    bad = {**written, "status": {**written["status"], "ready": 2}}
    with pytest.raises(Invalid, match="cannot set more ready pods than active"):
        client.update(JOBS, bad, subresource="status")


def test_jobs_are_selected_by_their_successes(client):
    job = client.create(JOBS, new("done"))
    client.update(JOBS, {**job, "status": {"succeeded": 1}}, subresource="status")

    found = client.list(JOBS, "default", fields="status.successful=1")

    assert [each["metadata"]["name"] for each in found.items] == ["done"]


def test_a_delete_without_a_policy_orphans(client):
    client.create(JOBS, new("left"))

    client.delete(JOBS, "left", "default")

    assert client.get(JOBS, "left", "default")["metadata"]["finalizers"] == ["orphan"]


def test_a_cron_job_is_completed_and_checked(client):
    spec = {"schedule": "*/5 * * * ?", "jobTemplate": {"spec": {"template": TEMPLATE}}}
    made = client.create(CRON_JOBS, {"metadata": {"name": "tick", "namespace": "default"}, "spec": spec})
    assert made["spec"]["concurrencyPolicy"] == "Allow"

    with pytest.raises(Invalid, match=r"spec.schedule: Invalid value"):
        client.patch(CRON_JOBS, "tick", {"spec": {"schedule": "often"}}, "default")
