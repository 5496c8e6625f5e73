from __future__ import annotations

import re

import pytest

from sampan.errors import NotFound
from sampan_dashboard.actions import job_of
from sampan_machinery.resources import CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, JOBS, NODES, PODS


@pytest.fixture
def app(cluster, shop):
    """A Deployment for one test."""
    labels = {"app": "app"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "a:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    cluster.client.create(DEPLOYMENTS, {"metadata": {"name": "app"}, "spec": spec}, shop)
    cluster.until(lambda: get(cluster)["metadata"]["annotations"]["deployment.kubernetes.io/revision"], 60)
    yield "/o/deployments.apps/shop/app"
    cluster.client.delete(DEPLOYMENTS, "app", shop, propagation="Foreground")
    cluster.until(lambda: not cluster.client.list(DEPLOYMENTS, shop, fields="metadata.name=app").items, 60)


def get(cluster, name="app"):
    return cluster.client.get(DEPLOYMENTS, name, "shop")


def test_scaling_changes_the_replicas(admin, cluster, app):
    answer = admin.post(f"{app}/do/scale", replicas="3")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{app}?done=scale")
    assert get(cluster)["spec"]["replicas"] == 3


@pytest.mark.parametrize("replicas", ["", "-1", "many", "1.5", "100001"])
def test_odd_replicas_are_refused(admin, app, replicas):
    assert admin.post(f"{app}/do/scale", replicas=replicas).status_code == 400


def test_a_restart_marks_the_template(admin, cluster, app):
    admin.post(f"{app}/do/restart")

    template = get(cluster)["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]


def test_a_roll_back_shows_the_diff_and_brings_the_template_back(admin, cluster, app):
    template = {"spec": {"containers": [{"name": "main", "image": "a:2"}]}}
    cluster.client.patch(DEPLOYMENTS, "app", {"spec": {"template": template}}, "shop", how="strategic")
    cluster.until(lambda: get(cluster)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2", 60)

    html = admin.text(f"{app}/rollout?revision=1")
    assert re.search(r'class="removed">-[^<]*image: \S*a:2', html)
    assert re.search(r'class="added">\+[^<]*image: \S*a:1', html)
    assert admin.post(f"{app}/do/rollback", revision="1").status_code == 303

    assert get(cluster)["spec"]["template"]["spec"]["containers"][0]["image"] == "a:1"
    assert admin.post(f"{app}/do/rollback", revision="77").status_code == 404


def test_a_node_is_cordoned_and_uncordoned(admin, cluster):
    path = "/o/nodes/-/node-2/do/cordon"

    admin.post(path, value="true")
    assert cluster.client.get(NODES, "node-2")["spec"]["unschedulable"] is True
    admin.post(path, value="false")
    assert not cluster.client.get(NODES, "node-2")["spec"].get("unschedulable")


def test_a_drain_evicts_what_starts_elsewhere_and_names_the_rest(admin, cluster, shop):
    cluster.add_node("drained", {"only": "drained"})
    chosen = {"nodeSelector": {"only": "drained"}, "containers": [{"name": "m", "image": "a"}]}
    labels = {"app": "owned"}
    template = {"metadata": {"labels": labels}, "spec": chosen}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    cluster.client.create(DEPLOYMENTS, {"metadata": {"name": "owned"}, "spec": spec}, shop)
    cluster.client.create(PODS, {"metadata": {"name": "alone"}, "spec": chosen}, shop)
    on_node = "spec.nodeName=drained"
    cluster.until(lambda: len(cluster.client.list(PODS, shop, fields=on_node).items) == 2, 60)

    html = admin.post("/o/nodes/-/drained/do/drain").text

    assert "shop/owned-" in html.partition("Pods that stay")[0]
    assert "shop/alone</a>: no controller" in html
    assert cluster.client.get(NODES, "drained")["spec"]["unschedulable"] is True
    cluster.client.delete(PODS, "alone", shop, grace=0)
    cluster.client.delete(DEPLOYMENTS, "owned", shop)


def test_only_the_object_that_was_looked_at_is_deleted(admin, cluster, shop):
    made = cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "gone"}}, shop)
    path = "/o/configmaps/shop/gone/do/delete"

    assert admin.post(path, uid="another").status_code == 409
    assert admin.post(path).status_code == 400
    assert admin.post(path, uid=made["metadata"]["uid"], propagation="x").status_code == 400
    assert admin.post(path, uid=made["metadata"]["uid"], grace="soon").status_code == 400
    answer = admin.post(path, uid=made["metadata"]["uid"])

    assert answer.headers["location"] == "/l/configmaps?namespace=shop"
    with pytest.raises(NotFound):
        cluster.client.get(CONFIG_MAPS, "gone", shop)


def test_a_cron_job_runs_now_and_can_be_suspended(admin, cluster, shop):
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "m", "image": "a"}]}}
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    cluster.client.create(CRON_JOBS, {"metadata": {"name": "nightly"}, "spec": spec}, shop)
    path = "/o/cronjobs.batch/shop/nightly/do"

    made = admin.post(f"{path}/trigger").headers["location"]
    admin.post(f"{path}/suspend", value="true")

    job = cluster.client.get(JOBS, made.partition("?")[0].rpartition("/")[2], shop)
    assert job["metadata"]["ownerReferences"][0]["name"] == "nightly"
    assert cluster.client.get(CRON_JOBS, "nightly", shop)["spec"]["suspend"] is True


def test_the_name_of_a_job_fits_whatever_the_cron_job_is_called():
    job = job_of({"metadata": {"name": "n" * 52, "uid": "u"}, "spec": {}}, "abc123")

    assert len(job["metadata"]["name"]) <= 63


@pytest.mark.parametrize("action", ["scale", "restart", "delete", "rollback"])
def test_a_reader_can_do_nothing(reader, cluster, action):
    before = get(cluster, "web")

    answer = reader.post(
        f"/o/deployments.apps/shop/web/do/{action}", replicas="9", uid=before["metadata"]["uid"], revision="1"
    )

    assert answer.status_code == 403
    assert "This rule would allow it" in answer.text
    assert get(cluster, "web")["spec"] == before["spec"]


def test_an_unknown_action_is_not_there(admin):
    assert admin.post("/o/deployments.apps/shop/web/do/explode").status_code == 404
    assert admin.post("/o/configmaps/shop/kube-root-ca.crt/do/drain").status_code == 400
    assert admin.post("/o/configmaps/shop/kube-root-ca.crt/do/trigger").status_code == 400
