from sampan_explain.past.restoring import restored, without_lost_owners
from sampan_machinery.resources import NAMESPACES


def test_what_the_server_and_the_scheduler_set_is_dropped():
    pod = {
        "kind": "Pod",
        "metadata": {"name": "p", "uid": "u", "resourceVersion": "1"},
        "spec": {"nodeName": "n", "x": 1},
        "status": {},
    }
    assert restored(pod) == {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"x": 1}}

    labels = {"batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "j", "app": "a"}
    job = {
        "kind": "Job",
        "metadata": {"name": "j"},
        "spec": {"selector": {}, "template": {"metadata": {"labels": labels}}},
    }
    assert restored(job)["spec"] == {"template": {"metadata": {"labels": {"app": "a"}}}}

    volume = {"kind": "PersistentVolume", "metadata": {}, "spec": {"claimRef": {"name": "c", "uid": "u"}}}
    assert restored(volume)["spec"] == {"claimRef": {"name": "c"}}


def test_owners_that_are_gone_are_left_out(cluster):
    space = cluster.client.get(NAMESPACES, "default")
    there = {"apiVersion": "v1", "kind": "Namespace", "name": "default", "uid": space["metadata"]["uid"]}
    gone = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"}
    made = {"metadata": {"ownerReferences": [there, gone]}}

    assert without_lost_owners(cluster.client, made, "default") == ["the owner configmap gone, which is gone"]
    assert made["metadata"]["ownerReferences"] == [there]
