from __future__ import annotations

import pytest

from sampan_dashboard import app, terminals
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


@pytest.fixture
def vendor(tmp_path, monkeypatch):
    """A wheel that was built with xterm.js."""
    (tmp_path / "xterm.mjs").write_text("export const Terminal = null;")
    (tmp_path / "xterm.LICENSE").write_text("MIT")
    for module in (app, terminals):
        monkeypatch.setattr(module, "VENDOR", tmp_path)


def test_with_xterm_a_nonce_is_for_its_styles_alone(admin, cluster, shop, vendor):
    answer = admin.get(f"/o/pods/shop/{pod_of(cluster)}/exec")
    policy = answer.headers["content-security-policy"]
    nonce = answer.text.split('data-xterm="')[1].split('"')[0]

    assert f"style-src 'self' 'nonce-{nonce}';" in policy and "script-src 'self';" in policy
    assert nonce not in admin.get(f"/o/pods/shop/{pod_of(cluster)}/exec").text
    assert "nonce" not in admin.get("/").headers["content-security-policy"]


def test_without_it_the_plain_terminal_stays(admin, cluster, shop, monkeypatch, tmp_path):
    monkeypatch.setattr(terminals, "VENDOR", tmp_path / "none")
    answer = admin.get(f"/o/pods/shop/{pod_of(cluster)}/exec")

    assert "data-xterm" not in answer.text and "vendor" not in answer.text
    assert "nonce" not in answer.headers["content-security-policy"]


def test_scripts_of_others_are_served_by_exact_name(site, vendor):
    browser = site.anonymous()

    assert browser.get("/static/vendor/xterm.mjs").headers["content-type"].startswith("text/javascript")
    for name in ("none.mjs", "xterm.LICENSE", "..%2Fapp.js"):
        assert browser.get(f"/static/vendor/{name}").status_code == 404


def test_without_them_there_is_none(site, monkeypatch, tmp_path):
    monkeypatch.setattr(app, "VENDOR", tmp_path / "none")

    assert site.anonymous().get("/static/vendor/xterm.mjs").status_code == 404


class Fake:
    id = "fake"

    def __init__(self):
        self.done = []

    def write(self, text):
        self.done.append(text)

    def resize(self, columns, rows):
        self.done.append((columns, rows))


def test_input_and_sizes_go_to_the_terminal(admin, monkeypatch):
    fake = Fake()
    monkeypatch.setattr(admin.session.account.terminals, "find", lambda id: fake)

    for form in ({"text": "ls\r"}, {"columns": "80", "rows": "24"}, {"columns": "x", "rows": "1", "text": "a"}):
        assert admin.post("/live/exec/fake", **form).status_code == 204
    assert fake.done == ["ls\r", (80, 24), "a"]
