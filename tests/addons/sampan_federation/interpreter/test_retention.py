from sampan_federation.interpreter.retention import retained, with_record


def obj(kind, api_version="v1", labels=None, annotations=None, **more):
    metadata = {"name": "a", "labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def on_member(found, **metadata):
    return {**found, "metadata": {**found["metadata"], "resourceVersion": "7", "uid": "u", **metadata}}


def test_finalizers_owners_labels_and_annotations_of_the_member_stay():
    desired = obj("ConfigMap", labels={"a": "new"}, annotations={"x": "1"})
    observed = on_member(obj("ConfigMap", labels={"a": "old", "b": "theirs"}), finalizers=["f"], ownerReferences=[{}])

    found = retained(desired, observed)["metadata"]

    assert found["labels"] == {"a": "new", "b": "theirs"}
    assert (found["finalizers"], found["ownerReferences"], found["resourceVersion"]) == (["f"], [{}], "7")


def test_a_label_that_the_host_has_removed_goes():
    before = with_record(obj("ConfigMap", labels={"a": "1", "b": "2"}, annotations={"x": "1"}))
    after = with_record(obj("ConfigMap", labels={"a": "1"}))

    found = retained(after, on_member(before))["metadata"]

    assert found["labels"] == {"a": "1"}
    assert "x" not in found["annotations"]


def test_the_record_does_not_depend_on_whether_it_was_there():
    once = with_record(obj("ConfigMap", labels={"a": "1"}))
    annotations = dict(once["metadata"]["annotations"])

    assert with_record(once)["metadata"]["annotations"] == annotations


def test_replicas_are_the_members_only_by_the_label():
    observed = on_member(obj("Deployment", "apps/v1", spec={"replicas": 7}))
    scaled = obj("Deployment", "apps/v1", {"resourcetemplate.karmada.io/retain-replicas": "true"}, spec={"replicas": 1})

    assert retained(scaled, observed)["spec"]["replicas"] == 7
    assert retained(obj("Deployment", "apps/v1", spec={"replicas": 1}), observed)["spec"]["replicas"] == 1


def test_a_service_keeps_its_addresses_and_node_ports():
    seen = {
        "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "healthCheckNodePort": 31000,
        "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30000}, {"port": 90, "nodePort": 30001}],
    }  # fmt: skip
    wanted = {"type": "LoadBalancer", "ports": [{"port": 80}, {"port": 90, "protocol": "UDP"}]}

    found = retained(obj("Service", spec=wanted), on_member(obj("Service", spec=seen)))["spec"]

    assert (found["clusterIP"], found["healthCheckNodePort"]) == ("10.0.0.1", 31000)
    assert found["ports"] == [{"port": 80, "nodePort": 30000}, {"port": 90, "protocol": "UDP"}]


def test_a_headless_service_stays_headless():
    observed = on_member(obj("Service", spec={"clusterIP": "10.0.0.1"}))

    assert retained(obj("Service", spec={"clusterIP": "None"}), observed)["spec"] == {"clusterIP": "None"}


def test_secrets_of_an_account_are_joined():
    observed = on_member(obj("ServiceAccount", secrets=[{"name": "theirs"}, {"name": "both"}]))

    found = retained(obj("ServiceAccount", secrets=[{"name": "both"}, {"name": "ours"}]), observed)

    assert [each["name"] for each in found["secrets"]] == ["theirs", "both", "ours"]


def test_the_token_of_the_member_stays():
    token = {"type": "kubernetes.io/service-account-token"}

    found = retained(obj("Secret", **token), on_member(obj("Secret", **token, data={"token": "x"})))

    assert found["data"] == {"token": "x"}


def test_a_job_keeps_its_selector_and_a_claim_and_volume_their_binding():
    selector = {"matchLabels": {"controller-uid": "u"}}
    job = retained(obj("Job", "batch/v1", spec={}), on_member(obj("Job", "batch/v1", spec={"selector": selector})))
    claim_seen = on_member(obj("PersistentVolumeClaim", spec={"volumeName": "v"}))
    volume_seen = on_member(obj("PersistentVolume", spec={"claimRef": {"name": "c"}}))

    assert job["spec"]["selector"] == selector
    assert retained(obj("PersistentVolumeClaim", spec={}), claim_seen)["spec"] == {"volumeName": "v"}
    assert retained(obj("PersistentVolume", spec={}), volume_seen)["spec"] == {"claimRef": {"name": "c"}}


def test_of_a_pod_only_images_deadline_and_more_tolerations_change():
    seen = {"nodeName": "n", "containers": [{"name": "c", "image": "a:1", "env": []}], "tolerations": [{"key": "x"}]}
    wanted = {"containers": [{"name": "c", "image": "a:2"}], "tolerations": [{"key": "y"}], "activeDeadlineSeconds": 5}

    found = retained(obj("Pod", spec=wanted), on_member(obj("Pod", spec=seen)))["spec"]

    assert found == {
        "nodeName": "n", "containers": [{"name": "c", "image": "a:2", "env": []}],
        "tolerations": [{"key": "x"}, {"key": "y"}], "activeDeadlineSeconds": 5,
    }  # fmt: skip
