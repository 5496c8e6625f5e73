from __future__ import annotations

from sampan_dashboard.terminals import encoded
from sampan_machinery.resources import PODS


def pod_of(cluster):
    return cluster.client.list(PODS, "shop", labels="app=web").items[0]["metadata"]["name"]


def test_a_pod_has_a_page_for_its_terminal(admin, reader, cluster, shop):
    name = pod_of(cluster)

    assert f'data-start="/o/pods/shop/{name}/exec"' in admin.text(f"/o/pods/shop/{name}/exec")
    assert f"/o/pods/shop/{name}/exec" in admin.text(f"/o/pods/shop/{name}")
    assert f"/o/pods/shop/{name}/exec" not in reader.text(f"/o/pods/shop/{name}")
    assert "pods/exec" in reader.text(f"/o/pods/shop/{name}")
    assert admin.get("/o/deployments.apps/shop/web/exec").status_code == 404


def test_what_cannot_be_opened_is_said_to_the_script(admin, cluster, shop):
    answer = admin.post(f"/o/pods/shop/{pod_of(cluster)}/exec", container="main")

    assert (answer.status_code, "needs a pod" in answer.json["message"]) == (400, True)


def test_a_terminal_of_another_session_is_not_there(admin):
    assert admin.get("/live/exec/unknown").status_code == 404
    assert admin.post("/live/exec/unknown", text="rm -rf /").status_code == 404
    assert admin.post("/live/exec/unknown", csrf="wrong", text="x").status_code == 403


def test_a_query_has_each_word_of_the_command():
    assert encoded([("command", "sh"), ("command", "-c"), ("container", "")]) == "command=sh&command=-c"
