import pytest

from sampan_batch.pods import failures_of_index, has_valid_index, index_of, is_failed, new_pod, uncounted

INDEXED = {"completionMode": "Indexed", "completions": 3}


def owned(job):
    return {"apiVersion": "batch/v1", "kind": "Job", **job}


@pytest.mark.parametrize(
    ("text", "expected"), [("2", 2), ("", -1), ("x", -1), ("-1", -1), ("99999999999", -1), ("²", -1)]
)
def test_the_index_of_a_pod(make, text, expected):
    assert index_of(make.pod(annotations={"batch.kubernetes.io/job-completion-index": text})) == expected


def test_an_index_beyond_the_completions_is_not_valid(make):
    job = make.job(**INDEXED)

    assert [has_valid_index(make.pod(index=each), job) for each in (0, 2, 3)] == [True, True, False]
    assert not has_valid_index(make.pod(), job)
    assert has_valid_index(make.pod(), make.job())


def test_a_terminating_pod_has_failed_where_it_is_replaced_at_once(make):
    pod = make.pod(deletionTimestamp="2026-11-30T10:00:00Z")

    assert is_failed(pod, make.job())
    assert not is_failed(pod, make.job(podReplacementPolicy="Failed"))
    assert not is_failed({**pod, "status": {"phase": "Succeeded"}}, make.job())
    assert not is_failed(make.pod(), make.job())


def test_a_pod_is_made_from_the_template(make):
    pod = new_pod(owned(make.job()), "abcde")

    assert (pod["metadata"]["name"], pod["metadata"]["generateName"]) == ("work-abcde", "work-")
    assert pod["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]
    assert "hostname" not in pod["spec"]


def test_a_variable_of_the_users_own_stays(make):
    job = owned(make.job(**INDEXED))
    job["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "JOB_COMPLETION_INDEX", "value": "x"}]

    pod = new_pod(job, "abcde", 1)

    assert pod["spec"]["containers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX", "value": "x"}]


def test_a_long_name_keeps_its_index(make):
    job = owned(make.job(**INDEXED))
    job["metadata"]["name"] = "n" * 62

    assert new_pod(job, "abcde", 1)["metadata"]["name"] == "n" * 55 + "-1-abcde"


def test_a_replacement_counts_the_failures_of_its_index(make):
    rules = [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [3]}}]
    job = owned(make.job(**INDEXED, backoffLimitPerIndex=5, podFailurePolicy={"rules": rules}))

    first = new_pod(job, "a", 1)
    second = new_pod(job, "b", 1, make.ended(first, 1))
    third = new_pod(job, "c", 1, make.ended(second, 3))

    assert [failures_of_index(each) for each in (first, second, third)] == [(0, 0), (1, 0), (1, 1)]


def test_the_finalizer_is_taken_from_this_pod_alone(make):
    patch = uncounted(make.pod())

    assert (patch.how, patch.patch["metadata"]["uid"]) == ("strategic", "uid-a")
