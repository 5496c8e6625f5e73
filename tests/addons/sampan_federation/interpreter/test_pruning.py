from sampan_federation.interpreter.pruning import pruned


def obj(kind, api_version="v1", annotations=None, **more):
    metadata = {
        "name": "a", "namespace": "default", "uid": "u", "resourceVersion": "3", "generation": 2,
        "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": [{}], "finalizers": ["x"],
        "labels": {"app": "a"},
    }  # fmt: skip
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "status": {"x": 1}, **more}


def test_only_what_the_user_wrote_is_left():
    assert pruned(obj("ConfigMap", data={"a": "b"})) == {
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
        "metadata": {"name": "a", "namespace": "default", "labels": {"app": "a"}},
    }  # fmt: skip


def test_the_original_is_not_changed():
    original = obj("Deployment", "apps/v1", {"deployment.kubernetes.io/revision": "3", "mine": "1"})

    assert pruned(original)["metadata"]["annotations"] == {"mine": "1"}
    assert len(original["metadata"]["annotations"]) == 2


def test_a_job_loses_the_selector_that_the_host_made_and_its_time_to_live():
    own = {"batch.kubernetes.io/controller-uid": "u", "controller-uid": "u"}
    template = {"metadata": {"labels": {**own, "job-name": "a", "app": "a"}}}
    spec = {"selector": {"matchLabels": own}, "template": template, "ttlSecondsAfterFinished": 5}

    assert pruned(obj("Job", "batch/v1", spec=spec))["spec"] == {"template": {"metadata": {"labels": {"app": "a"}}}}


def test_a_job_with_a_selector_of_the_user_keeps_it():
    spec = {"selector": {"matchLabels": {"controller-uid": "mine"}}, "manualSelector": True}

    assert pruned(obj("Job", "batch/v1", spec=spec))["spec"] == spec


def test_a_service_loses_its_addresses_but_stays_headless():
    assert pruned(obj("Service", spec={"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}))["spec"] == {}
    assert pruned(obj("Service", spec={"clusterIP": "None"}))["spec"] == {"clusterIP": "None"}


def test_tokens_of_the_host_are_not_propagated():
    account = pruned(obj("ServiceAccount", secrets=[{"name": "a-token-x"}, {"name": "mine"}]))
    secret = pruned(obj("Secret", type="kubernetes.io/service-account-token", data={"token": "x"}))

    assert account["secrets"] == [{"name": "mine"}]
    assert "data" not in secret


def test_a_claim_loses_the_volume_that_the_host_bound_but_not_one_that_the_user_names():
    bound = {"pv.kubernetes.io/bound-by-controller": "yes", "pv.kubernetes.io/bind-completed": "yes"}

    assert pruned(obj("PersistentVolumeClaim", annotations=bound, spec={"volumeName": "v"}))["spec"] == {}
    named = pruned(obj("PersistentVolumeClaim", spec={"volumeName": "v"}))
    assert named["spec"] == {"volumeName": "v"}


def test_a_pod_loses_its_node_and_token():
    mount = [{"name": "kube-api-access-x"}, {"name": "data"}]
    volumes = [{"name": "kube-api-access-x"}, {"name": "data"}]
    spec = {"nodeName": "n", "volumes": volumes, "containers": [{"name": "c", "volumeMounts": mount}]}

    found = pruned(obj("Pod", spec=spec))["spec"]

    assert found == {"volumes": [{"name": "data"}], "containers": [{"name": "c", "volumeMounts": [{"name": "data"}]}]}
