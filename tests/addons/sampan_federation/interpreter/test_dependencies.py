from sampan_federation.interpreter.dependencies import dependencies_of


def named(found):
    return [(each["kind"], each["name"]) for each in found]


def workload(kind, spec, api_version="apps/v1", **more):
    metadata = {"name": "web", "namespace": "shop"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {"template": {"spec": spec}, **more}}


POD = {
    "serviceAccountName": "runner",
    "imagePullSecrets": [{"name": "pull"}],
    "containers": [
        {
            "envFrom": [{"configMapRef": {"name": "env"}}, {"secretRef": {"name": "env-secret"}}],
            "env": [{"valueFrom": {"secretKeyRef": {"name": "key-secret"}}}, {"value": "x"}],
        }
    ],
    "initContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "key"}}}]}],
    "volumes": [
        {"configMap": {"name": "files"}}, {"secret": {"secretName": "files-secret"}},
        {"persistentVolumeClaim": {"claimName": "data"}}, {"emptyDir": {}},
        {"projected": {"sources": [{"configMap": {"name": "p"}}, {"secret": {"name": "p-secret"}}]}},
        {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "csi"}}},
    ],
}  # fmt: skip
NEEDED = [
    ("ConfigMap", "env"), ("ConfigMap", "files"), ("ConfigMap", "key"), ("ConfigMap", "p"),
    ("PersistentVolumeClaim", "data"), ("Secret", "csi"), ("Secret", "env-secret"), ("Secret", "files-secret"),
    ("Secret", "key-secret"), ("Secret", "p-secret"), ("Secret", "pull"), ("ServiceAccount", "runner"),
]  # fmt: skip


def test_a_pod_template_needs_what_it_names():
    for kind in ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"):
        assert named(dependencies_of(workload(kind, POD))) == NEEDED
    assert {each["namespace"] for each in dependencies_of(workload("Deployment", POD))} == {"shop"}


def test_so_does_a_cron_job_and_a_pod():
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a", "namespace": "shop"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}, "spec": POD}

    assert named(dependencies_of({**cron, "spec": {"jobTemplate": {"spec": {"template": {"spec": POD}}}}})) == NEEDED
    assert named(dependencies_of(pod)) == NEEDED


def test_the_default_account_is_everywhere():
    assert dependencies_of(workload("Deployment", {"serviceAccountName": "default"})) == []


def test_claims_of_a_stateful_set_are_made_on_the_member():
    templates = [{"metadata": {"name": "data"}}]

    found = dependencies_of(workload("StatefulSet", POD, volumeClaimTemplates=templates))

    assert ("PersistentVolumeClaim", "data") not in named(found)


def test_an_ingress_needs_its_certificates():
    ingress = {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"tls": [{"secretName": "cert"}, {"hosts": ["a"]}]},
    }  # fmt: skip

    assert named(dependencies_of(ingress)) == [("Secret", "cert")]


def test_an_import_needs_its_service_and_slices():
    imported = {
        "apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport",
        "metadata": {"name": "a", "namespace": "shop"},
    }  # fmt: skip

    service, slices = dependencies_of(imported)

    assert service["name"] == "derived-a"
    assert slices["labelSelector"] == {"matchLabels": {"kubernetes.io/service-name": "derived-a"}}


def test_another_kind_needs_nothing():
    assert dependencies_of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}) == []
