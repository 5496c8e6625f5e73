"""Situations that the real controllers make, in a cluster of this process that can travel in time."""

from __future__ import annotations

import time

import pytest

from sampan_explain import gather, reader_of
from sampan_explain.contributed import explainers
from sampan_explain.subjects.access import Question, explain_access
from sampan_machinery.resources import (
    CONFIG_MAPS,
    CRON_JOBS,
    DEPLOYMENTS,
    HORIZONTAL_POD_AUTOSCALERS,
    INGRESSES,
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    STATEFUL_SETS,
)  # fmt: skip
from sampan_server.plugins.asking import HooksOf
from sampan_testing.cluster import start


@pytest.fixture(scope="module")
def whole():
    with start(nodes=2, travel=True) as cluster:
        yield cluster


@pytest.fixture
def there(whole, request):
    """A namespace of the test's own, what makes objects in it, and what explains them."""
    return There(whole, request.node.name.replace("_", "-")[:50].strip("-"))


class There:
    def __init__(self, cluster, namespace):
        self.cluster, self.client, self.namespace = cluster, cluster.client, namespace
        self.client.create(NAMESPACES, {"metadata": {"name": namespace}})
        hooks = HooksOf(cluster.plugins, None, home="/nowhere", options=cluster.options)
        self.explainers = explainers(hooks)

    def make(self, resource, name, **more):
        metadata = {"name": name, **more.pop("metadata", {})}
        return self.client.create(resource, {"metadata": metadata, **more}, self.namespace)

    def why(self, resource, name, namespace=None):
        namespace = self.namespace if namespace is None else namespace
        found = self.client.get(resource, name, namespace)
        found = {"kind": resource.kind, "apiVersion": resource.api_version, **found}
        read = reader_of(self.client)
        return gather(found, read, now=self.cluster.clock.time(), explainers=self.explainers)

    def until(self, resource, name, reason):
        """The explanation, as soon as it names that reason."""

        def asked():
            found = self.why(resource, name)
            return found if reason in [cause.reason for cause in found.causes] else None

        return self.cluster.until(asked, 120)

    def advance(self, seconds):
        self.cluster.clock.advance(seconds)


def template(labels=None, **spec):
    return {"metadata": {"labels": labels or {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "example/app:1"}], **spec}}  # fmt: skip


def deployment(there, name="web", replicas=2, **more):
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template(**more.pop("pod", {})),
    }
    return there.make(DEPLOYMENTS, name, spec={**spec, **more})


def test_a_pod_that_no_node_takes_is_explained_node_by_node(there):
    there.make(PODS, "picky", spec=template(nodeSelector={"disk": "ssd"})["spec"])
    found = there.until(PODS, "picky", "Unschedulable")

    assert found.causes[1].reason == "NodeByNode"
    assert any(line.startswith("node-1") and "NodeAffinity" in line for line in found.causes[1].lines)
    assert found.causes[1].data["nodes"][0]["plugin"] == "NodeAffinity"


def test_a_pod_that_runs_says_why_it_is_where_it_is(there):
    there.make(PODS, "fine", spec=template()["spec"])
    there.until(PODS, "fine", "Placement")

    assert there.cluster.until(lambda: there.why(PODS, "fine").healthy, 120)


def test_a_quota_holds_back_a_rollout(there):
    there.make(RESOURCE_QUOTAS, "few", spec={"hard": {"pods": "1"}})
    deployment(there)
    found = there.until(DEPLOYMENTS, "web", "QuotaExceeded")

    assert "pods=1 of pods=1 is used" in found.causes[0].text
    assert any("pods 1 of 1" in fact for fact in found.causes[0].facts)


def test_pod_security_holds_back_a_stateful_set(there):
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    there.client.patch(NAMESPACES, there.namespace, {"metadata": {"labels": labels}})
    spec = {"serviceName": "x", "selector": {"matchLabels": {"app": "web"}}, "template": template()}
    there.make(STATEFUL_SETS, "db", spec=spec)

    assert "allowPrivilegeEscalation" in there.until(STATEFUL_SETS, "db", "PodSecurity").causes[0].text


def test_a_service_account_that_does_not_exist(there):
    deployment(there, pod={"serviceAccountName": "builder"})

    assert "builder" in there.until(DEPLOYMENTS, "web", "ServiceAccountMissing").causes[0].text


def test_a_rollout_past_its_deadline_names_the_pods_cause_first(there):
    deployment(there, pod={"nodeSelector": {"disk": "ssd"}}, progressDeadlineSeconds=60)
    there.until(DEPLOYMENTS, "web", "Unschedulable")
    there.advance(90)

    assert [cause.reason for cause in there.until(DEPLOYMENTS, "web", "ProgressDeadlineExceeded").causes] == [
        "Unschedulable", "ProgressDeadlineExceeded"
    ]  # fmt: skip


def test_a_paused_rollout(there):
    deployment(there, replicas=1, paused=True)

    assert there.until(DEPLOYMENTS, "web", "Paused")


def test_a_service_and_an_ingress_without_endpoints(there):
    deployment(there, replicas=1)
    there.make(SERVICES, "web", spec={"selector": {"app": "wep"}, "ports": [{"port": 80}]})
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "a.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    there.make(INGRESSES, "web", spec={"rules": [rule]})
    there.cluster.until(lambda: there.client.list(PODS, there.namespace).items)

    assert "comes nearest: it has app=web" in there.until(SERVICES, "web", "NoPodMatches").causes[0].facts[2]
    expected = ["NoIngressController", "NoEndpoints", "NoPodMatches"]
    there.cluster.until(lambda: [cause.reason for cause in there.why(INGRESSES, "web").causes] == expected, 120)


def test_claims_that_wait(there):
    size = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}
    there.make(PERSISTENT_VOLUME_CLAIMS, "usual", spec=size)
    there.make(PERSISTENT_VOLUME_CLAIMS, "wrong", spec={**size, "storageClassName": "local-paht"})

    assert there.until(PERSISTENT_VOLUME_CLAIMS, "usual", "WaitForFirstConsumer").healthy
    assert "did you mean local-path?" in there.until(PERSISTENT_VOLUME_CLAIMS, "wrong", "NoSuchClass").causes[0].text


def test_a_namespace_that_a_finalizer_keeps(there):
    there.make(CONFIG_MAPS, "kept", metadata={"finalizers": ["example.com/keep"]})
    there.client.delete(NAMESPACES, there.namespace)
    there.advance(10)
    found = there.cluster.until(lambda: (each := there.why(NAMESPACES, there.namespace, "")).causes and each, 60)

    assert "example.com/keep" in found.causes[0].text
    there.client.patch(CONFIG_MAPS, "kept", {"metadata": {"finalizers": None}}, there.namespace)


def test_a_job_that_fails_too_often(there):
    labels = {"pod-fails.hollow.sampan.dev": "true"}
    there.make(JOBS, "once", spec={"backoffLimit": 0, "template": template(labels, restartPolicy="Never")})
    there.advance(30)
    found = there.until(JOBS, "once", "BackoffLimitExceeded")

    assert "ContainerFailed" in [cause.reason for cause in found.causes]


def test_a_cron_job_that_is_suspended_and_one_that_is_not_due(there):
    job = {"spec": {"template": template(restartPolicy="Never")}}
    there.make(CRON_JOBS, "off", spec={"schedule": "* * * * *", "suspend": True, "jobTemplate": job})
    there.make(CRON_JOBS, "yearly", spec={"schedule": "0 0 1 1 *", "jobTemplate": job})

    assert there.until(CRON_JOBS, "off", "Suspended")
    assert there.until(CRON_JOBS, "yearly", "NotDueYet").healthy


def test_an_autoscaler_without_a_target(there):
    target = {"kind": "Deployment", "name": "gone", "apiVersion": "apps/v1"}
    there.make(HORIZONTAL_POD_AUTOSCALERS, "web", spec={"scaleTargetRef": target, "maxReplicas": 3})
    there.advance(40)

    assert there.until(HORIZONTAL_POD_AUTOSCALERS, "web", "NoTarget")


def test_a_budget_that_blocks_evictions(there):
    deployment(there, replicas=1)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    there.make(POD_DISRUPTION_BUDGETS, "web", spec=spec)
    there.advance(5)

    assert there.until(POD_DISRUPTION_BUDGETS, "web", "BudgetAllowsNone")


def test_a_node_that_is_lost(there):
    there.cluster.add_node("lost")
    there.client.patch(NODES, "lost", {"metadata": {"annotations": {"hollow.sampan.dev/lost": "true"}}})

    def silent():
        there.advance(200)  # again where the node has not noticed yet that it is lost, and has renewed its lease
        time.sleep(1)
        return (each := there.why(NODES, "lost", "")).causes and each

    found = there.cluster.until(silent, 120)

    assert (found.state, found.causes[0].reason) == ("Unknown", "NodeSilent")
    there.client.delete(NODES, "lost")


def test_a_forbidden_request_names_roles_and_what_to_bind(there):
    asked = Question(user="ann", verb="list", resource=PODS, namespace=there.namespace)
    found = explain_access(asked, reader_of(there.client), now=there.cluster.clock.time())

    assert [cause.reason for cause in found.causes] == ["NoRule", "BindingMissing", "LeastRole"]
    assert "clusterrole/view" in found.causes[1].data["roles"]


def test_of_what_a_user_may_not_read_it_is_said_that_it_was_not_looked_at(there):
    there.make(SERVICES, "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
    bob = there.cluster.client_as("bob")
    found = there.client.get(SERVICES, "web", there.namespace)
    seen = gather({"kind": "Service", "apiVersion": "v1", **found}, reader_of(bob), now=0.0)

    assert not seen.causes
    assert seen.unread == (f"pods of namespace {there.namespace} (you may not read them)",)
