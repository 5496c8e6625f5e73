from sampan_batch.endings import Ending
from sampan_batch.state import state_of
from sampan_batch.tracking import count

FAILED = Ending("FailureTarget", "r", "m")
SUCCEEDED = Ending("SuccessCriteriaMet", "r", "m")


def counted(make, pods, ending=None, *, status=None, **spec):
    job = make.job(**spec)
    job["status"] = status or {}
    found = count(state_of(job, pods, 0), dict(job["status"]), ending)
    return found.status, [pod["metadata"]["name"] for pod in found.counted]


def test_a_pod_that_ended_is_noted_before_its_finalizer_goes(make):
    status, gone = counted(make, [make.ended(make.pod("a"), 0), make.ended(make.pod("b"), 1), make.pod("c")])

    assert status == {"uncountedTerminatedPods": {"succeeded": ["uid-a"], "failed": ["uid-b"]}}
    assert gone == ["a", "b"]


def test_a_noted_pod_is_counted_once_its_finalizer_is_gone(make):
    noted = {"uncountedTerminatedPods": {"succeeded": ["uid-a", "uid-x"], "failed": ["uid-b"]}, "failed": 1}
    pods = [make.ended(make.pod("a"), 0), make.ended(make.pod("b", tracked=False), 1)]

    status, gone = counted(make, pods, status=noted)

    assert status == {"succeeded": 1, "failed": 2, "uncountedTerminatedPods": {"succeeded": ["uid-a"]}}
    assert gone == ["a"]


def test_succeeded_indexes_are_noted_by_themselves(make):
    pods = [make.ended(make.pod("a", index=2), 0), make.ended(make.pod("b", index=0), 0)]

    status, gone = counted(make, pods, completionMode="Indexed", completions=3)

    assert (status["completedIndexes"], status["succeeded"]) == ("0,2", 2)
    assert status["uncountedTerminatedPods"] == {} and gone == ["b", "a"]


def test_pods_without_a_valid_index_go_uncounted(make):
    status, gone = counted(make, [make.ended(make.pod("a", index=7), 0)], completionMode="Indexed", completions=3)

    assert status == {"uncountedTerminatedPods": {}} and gone == ["a"]


def test_all_pods_of_a_failed_job_count_as_failed_but_not_of_a_succeeded_one(make):
    pods = [make.pod("a"), make.pod("b")]

    assert counted(make, pods, FAILED)[0]["uncountedTerminatedPods"] == {"failed": ["uid-a", "uid-b"]}
    assert counted(make, pods, SUCCEEDED)[0]["uncountedTerminatedPods"] == {}
    assert counted(make, pods, SUCCEEDED)[1] == ["a", "b"]


def test_a_pod_that_its_replacement_is_made_from_keeps_the_finalizer(make):
    spec = {"completionMode": "Indexed", "completions": 2, "backoffLimitPerIndex": 1}
    pods = [make.ended(make.pod("a", index=0), 1)]

    assert counted(make, pods, **spec)[1] == []
    assert counted(make, [*pods, make.pod("b", index=0)], **spec)[1] == ["a"]


def test_one_status_takes_five_hundred_pods(make):
    status, gone = counted(make, [make.ended(make.pod(str(each)), 0) for each in range(600)])

    assert len(status["uncountedTerminatedPods"]["succeeded"]) == len(gone) == 500
