from sampan_batch.state import state_of

INDEXED = {"completionMode": "Indexed", "completions": 5, "parallelism": 2}


def test_pods_that_ended_count_once_on_their_way_into_the_status(make):
    job = make.job(completions=9)
    job["status"] = {"succeeded": 2, "failed": 1, "uncountedTerminatedPods": {"succeeded": ["uid-a"], "failed": ["x"]}}
    pods = [
        make.ended(make.pod("a"), 0),  # its uid is noted
        make.ended(make.pod("b"), 0),
        make.ended(make.pod("c", tracked=False), 0),  # counted before
        make.ended(make.pod("d"), 1),
        make.pod("e"),
    ]

    state = state_of(job, pods, 0)

    assert (state.succeeded, state.failed) == (4, 3)
    assert [pod["metadata"]["name"] for pod in state.active] == ["e"]


def test_indexes_count_instead_of_pods(make):
    job = make.job(**INDEXED)
    job["status"] = {"completedIndexes": "0,1", "succeeded": 2}
    pods = [make.ended(make.pod("a", index=1), 0), make.ended(make.pod("b", index=3), 0), make.pod("c", index=9)]

    state = state_of(job, pods, 0)

    assert (str(state.succeeded_indexes), state.succeeded) == ("0,1,3", 3)
    assert state.failed_indexes is None


def test_an_index_fails_after_its_limit_and_waits_for_a_replacement_before(make):
    job = make.job(**INDEXED, backoffLimitPerIndex=1)
    again = {"batch.kubernetes.io/job-index-failure-count": "1"}
    pods = [make.ended(make.pod("a", index=0), 1), make.ended(make.pod("b", index=1, annotations=dict(again)), 1)]

    state = state_of(job, pods, 0)

    assert str(state.failed_indexes) == "1"
    assert {index: pod["metadata"]["name"] for index, pod in state.replaced.items()} == {0: "a"}


def test_ready_and_terminating_pods_are_counted(make):
    ready = make.pod("a")
    ready["status"]["conditions"] = [{"type": "Ready", "status": "True"}]

    state = state_of(make.job(), [ready, make.pod("b", deletionTimestamp="2026-11-30T10:00:00Z")], 0)

    assert (state.ready, state.terminating, len(state.active)) == (1, 1, 1)
