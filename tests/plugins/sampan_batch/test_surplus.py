from sampan_batch.surplus import surplus


def names(pods):
    return [pod["metadata"]["name"] for pod in pods]


def test_pods_that_are_the_least_far_go_first(make):
    ready = make.pod("ready")
    ready["spec"] = {"nodeName": "n"}
    ready["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    running = {**make.pod("running"), "spec": {"nodeName": "n"}}
    pending = {**make.pod("pending", "Pending"), "spec": {"nodeName": "n"}}
    waiting = make.pod("waiting", "Pending")
    young = make.pod("young", "Pending", creationTimestamp="2026-11-30T11:00:00Z")

    found = surplus(make.job(), [ready, running, waiting, pending, young], 5)

    assert names(found) == ["young", "waiting", "pending", "running", "ready"]
    assert surplus(make.job(), [ready], 0) == []


def test_doubled_and_misplaced_indexes_go_in_any_case(make):
    job = make.job(completionMode="Indexed", completions=2)
    pods = [
        make.pod("a", index=0),
        make.pod("b", "Pending", index=0),
        make.pod("c", index=5),
        make.pod("d"),
        make.pod("e", index=1),
    ]

    assert sorted(names(surplus(job, pods, 0))) == ["b", "c", "d"]
    assert len(surplus(job, pods, 4)) == 4
