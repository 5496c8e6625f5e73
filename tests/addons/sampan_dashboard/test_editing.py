from __future__ import annotations

import html as entities
import re
from types import SimpleNamespace

import msgspec
import pytest
import yaml

from sampan.errors import BadRequest, Conflict
from sampan_dashboard import merging
from sampan_dashboard.editing import TRIES, decoded, editable, put, submitted
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS

PATH = "/o/configmaps/shop/edited/edit"
NOW = {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}


@pytest.fixture
def edited(cluster, shop):
    made = cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "edited"}, "data": {"a": "1"}}, shop)
    yield lambda: cluster.client.get(CONFIG_MAPS, "edited", shop)
    cluster.client.delete(CONFIG_MAPS, made["metadata"]["name"], shop)


def before_of(html):
    return re.search(r'name="before" value="([^"]*)"', html)[1]


def text_of(html):
    return entities.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", html, re.DOTALL)[1])


def test_a_change_is_shown_before_it_is_made(admin, edited):
    html = admin.text(PATH)
    text = text_of(html).replace('"1"', '"2"').replace("a: 1", "a: 2")

    checked = admin.post(PATH, text=text, before=before_of(html), step="check").text
    assert edited()["data"] == {"a": "1"}
    assert "What would change" in checked and 'class="added"' in checked
    answer = admin.post(PATH, text=text_of(checked), before=before_of(checked), step="apply")

    assert answer.headers["location"] == "/o/configmaps/shop/edited?done=edit"
    assert edited()["data"] == {"a": "2"}


def test_a_newer_change_of_another_user_is_not_lost(admin, cluster, edited):
    html = admin.text(PATH)
    cluster.client.patch(CONFIG_MAPS, "edited", {"data": {"b": "3"}}, "shop")
    text = text_of(html).replace('"1"', '"2"')

    answer = admin.post(PATH, text=text, before=before_of(html), step="apply")

    assert answer.status_code == 303
    assert edited()["data"] == {"a": "2", "b": "3"}


def test_a_newer_change_of_the_same_field_is_told(admin, cluster, edited):
    html = admin.text(PATH)
    cluster.client.patch(CONFIG_MAPS, "edited", {"data": {"a": "3"}}, "shop")

    answer = admin.post(PATH, text=text_of(html).replace('"1"', '"2"'), before=before_of(html), step="apply")

    assert answer.status_code == 409
    assert "data.a was" in answer.text and text_of(answer.text).count('"2"') == 1
    assert edited()["data"] == {"a": "3"}


def test_a_status_that_is_written_in_between_is_no_conflict(admin, cluster, shop):
    path = f"/o/deployments.apps/{shop}/web/edit"
    html = admin.text(path)
    cluster.client.patch(DEPLOYMENTS, "web", {"status": {"observedGeneration": 1}}, shop, subresource="status")
    text = text_of(html).replace("spec:\n", "spec:\n  minReadySeconds: 1\n", 1)

    checked = admin.post(path, text=text, before=before_of(html), step="check")

    assert checked.status_code == 200 and "minReadySeconds" in checked.text
    assert 'class="removed"' not in checked.text


@pytest.mark.parametrize("lost", [1, TRIES])
def test_a_write_that_lost_a_race_is_tried_again(lost):
    target = Racing(lost)

    if lost == TRIES:
        with pytest.raises(Conflict):
            put(target, {"a": 1}, {"a": 2}, dry_run=False)
    else:
        assert put(target, {"a": 1}, {"a": 2}, dry_run=False)[1]["a"] == 2
    assert target.writes == min(lost + 1, TRIES)


class Racing:
    """A target whose first writes come too late."""

    resource, namespace, name, writes = CONFIG_MAPS, "shop", "edited", 0

    def __init__(self, lost):
        self.client, self._lost = self, lost

    def get(self):
        return {"a": 1}

    def request(self, method, path, query, body):
        self.writes += 1
        if self.writes <= self._lost:
            raise Conflict("the object has been modified")
        return SimpleNamespace(body=msgspec.json.encode(body))


def test_what_is_wrong_is_said_and_the_text_is_kept(admin, edited):
    html = admin.text(PATH)
    broken = admin.post(PATH, text="a: [", before=before_of(html), step="check")
    unknown = text_of(html) + "colour: red\n"

    assert broken.status_code == 400 and text_of(broken.text).strip() == "a: ["
    answer = admin.post(PATH, text=unknown, before=before_of(html), step="check")
    assert answer.status_code in (400, 422) and "colour" in answer.text


def test_a_reader_cannot_edit(reader, edited):
    text = yaml.safe_dump({**edited(), "data": {"a": "2"}})
    answer = reader.post(PATH, text=text, before=merging.pack(editable(edited())), step="apply")

    assert answer.status_code == 403
    assert "verbs: [&#34;update&#34;]" in answer.text


@pytest.mark.parametrize(
    "text",
    ["", "[]", "- a", "a: [", "kind: ConfigMap", "kind: Secret\nmetadata: {name: a, namespace: shop}",
     "kind: ConfigMap\nmetadata: {name: b, namespace: shop}", "kind: ConfigMap\nmetadata: {name: a}"],
)  # fmt: skip
def test_only_the_same_object_is_taken(text):
    with pytest.raises(BadRequest):
        submitted(text, NOW)


def test_line_breaks_of_browsers_are_read():
    assert decoded("a: |\r\n  x\r\n  y\r\n") == {"a": "x\ny\n"}


def test_what_the_server_writes_is_not_edited():
    found = editable({**NOW, "status": {}, "metadata": {"name": "a", "managedFields": [], "resourceVersion": "5"}})

    assert found == {"kind": "ConfigMap", "metadata": {"name": "a"}}
