from __future__ import annotations

import html as entities
import re

import pytest
import yaml

from sampan.errors import BadRequest
from sampan_dashboard.editing import decoded, editable, submitted
from sampan_machinery.resources import CONFIG_MAPS

PATH = "/o/configmaps/shop/edited/edit"
NOW = {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}


@pytest.fixture
def edited(cluster, shop):
    made = cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "edited"}, "data": {"a": "1"}}, shop)
    yield lambda: cluster.client.get(CONFIG_MAPS, "edited", shop)
    cluster.client.delete(CONFIG_MAPS, made["metadata"]["name"], shop)


def text_of(html):
    return entities.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", html, re.DOTALL)[1])


def test_a_change_is_shown_before_it_is_made(admin, edited):
    text = text_of(admin.text(PATH)).replace('"1"', '"2"').replace("a: 1", "a: 2")

    checked = admin.post(PATH, text=text, step="check").text
    assert edited()["data"] == {"a": "1"}
    assert "What would change" in checked and 'class="added"' in checked
    answer = admin.post(PATH, text=text, step="apply")

    assert answer.headers["location"] == "/o/configmaps/shop/edited?done=edit"
    assert edited()["data"] == {"a": "2"}


def test_a_newer_change_of_another_user_is_not_lost(admin, cluster, edited):
    text = text_of(admin.text(PATH))
    cluster.client.patch(CONFIG_MAPS, "edited", {"data": {"b": "3"}}, "shop")

    answer = admin.post(PATH, text=text, step="apply")

    assert answer.status_code == 409
    assert "modified" in answer.text
    assert edited()["data"] == {"a": "1", "b": "3"}


def test_what_is_wrong_is_said_and_the_text_is_kept(admin, edited):
    broken = admin.post(PATH, text="a: [", step="check")
    unknown = text_of(admin.text(PATH)) + "colour: red\n"

    assert broken.status_code == 400 and text_of(broken.text).strip() == "a: ["
    answer = admin.post(PATH, text=unknown, step="check")
    assert answer.status_code in (400, 422) and "colour" in answer.text


def test_a_reader_cannot_edit(reader, edited):
    answer = reader.post(PATH, text=yaml.safe_dump(edited()), step="apply")

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

    assert found == {"kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": "5"}}
