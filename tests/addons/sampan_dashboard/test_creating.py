from __future__ import annotations

import pytest

from sampan.errors import BadRequest, NotFound
from sampan_dashboard.creating import MOST, documents
from sampan_machinery.resources import CONFIG_MAPS, SECRETS

TEXT = """apiVersion: v1
kind: ConfigMap
metadata: {name: one}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: two}
"""


def test_documents_are_checked_and_then_created(admin, cluster, shop):
    checked = admin.post("/new", text=TEXT, namespace=shop, step="check").text

    assert checked.count("is created") == 2
    with pytest.raises(NotFound):
        cluster.client.get(CONFIG_MAPS, "one", shop)
    created = admin.post("/new", text=TEXT, namespace=shop, step="apply").text
    assert "/o/configmaps/shop/one" in created and "/o/secrets/shop/two" in created
    assert cluster.client.get(CONFIG_MAPS, "one", shop)["data"] == {"a": "1"}
    again = admin.post("/new", text=TEXT.replace('"1"', '"2"'), namespace=shop, step="check").text
    assert 'class="added"' in again and "Nothing would change" in again
    cluster.client.delete(CONFIG_MAPS, "one", shop)
    cluster.client.delete(SECRETS, "two", shop)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "document"),
        ("apiVersion: v1\nkind: ConfigMap", "metadata.name is required"),
        ("apiVersion: x/v1\nkind: Gizmo\nmetadata: {name: a}", "no kind Gizmo"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: [1]}", "data"),
    ],
)
def test_a_wrong_document_is_named(admin, shop, text, words):
    html = admin.post("/new", text=text, namespace=shop, step="check").text

    assert words in html and 'role="alert"' in html


def test_a_reader_creates_nothing(reader, cluster, shop):
    html = reader.post("/new", text=TEXT, namespace=shop, step="apply").text

    assert html.count("forbidden") >= 2
    with pytest.raises(NotFound):
        cluster.client.get(CONFIG_MAPS, "one", shop)


def test_too_many_documents_are_refused():
    assert documents("---\n\n---\na: 1\n") == ["\na: 1\n"]
    with pytest.raises(BadRequest):
        documents("a: 1\n---\n" * (MOST + 1))
