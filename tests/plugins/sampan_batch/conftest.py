import pytest

from sampan_batch.kinds import CRON_JOB, JOB

UID = "0001"


def job(**spec):
    """A complete, valid Job called work, with these fields of its spec set."""
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    made = {"metadata": {"name": "work", "namespace": "default", "uid": UID}, "spec": {"template": template, **spec}}
    JOB.default(made)
    labels = {"job-name": "work", "batch.kubernetes.io/job-name": "work"}
    labels |= {"controller-uid": UID, "batch.kubernetes.io/controller-uid": UID}
    made["spec"]["template"].setdefault("metadata", {}).setdefault("labels", labels)
    made["spec"].setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": UID}})
    return made


def cron_job(**spec):
    template = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}
    spec = {"schedule": "* * * * *", "jobTemplate": template, **spec}
    made = {"metadata": {"name": "tick", "namespace": "default", "uid": UID}, "spec": spec}
    CRON_JOB.default(made)
    return made


def pod(name="a", phase="Running", *, index=None, tracked=True, **more):
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}", "annotations": {}, **more}
    metadata["creationTimestamp"] = more.get("creationTimestamp", "2026-11-30T10:00:00Z")
    if tracked:
        metadata["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    if index is not None:
        metadata["annotations"]["batch.kubernetes.io/job-completion-index"] = str(index)
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase}}


def ended(each, code, at="2026-11-30T10:00:05Z"):
    """The pod, its container ended with that code."""
    status = {"name": "c", "state": {"terminated": {"exitCode": code, "finishedAt": at}}}
    phase = "Failed" if code else "Succeeded"
    return {**each, "status": {"phase": phase, "containerStatuses": [status]}}


@pytest.fixture
def make():
    """The builders above, by name."""
    return type(
        "Builders",
        (),
        {
            "job": staticmethod(job),
            "cron_job": staticmethod(cron_job),
            "pod": staticmethod(pod),
            "ended": staticmethod(ended),
        },
    )
