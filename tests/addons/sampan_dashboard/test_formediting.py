from __future__ import annotations

import html as entities
import re

import pytest

from sampan_dashboard import merging
from sampan_dashboard.editing import editable
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS

PATH = "/o/configmaps/shop/formed/form"
WEB = "/o/deployments.apps/shop/web/form"


@pytest.fixture
def formed(cluster, shop):
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "formed"}, "data": {"a": "1", "b": "x\ny"}}, shop)
    yield lambda: cluster.client.get(CONFIG_MAPS, "formed", shop)
    cluster.client.delete(CONFIG_MAPS, "formed", shop)


def inputs(html):
    """What a browser would send of the page, without a button."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found[name[1]] = value[1] if value else ""
    for head, text in re.findall(r"<textarea ([^>]*)>\n(.*?)</textarea>", html, re.DOTALL):
        found[re.search(r'name="([^"]*)"', head)[1]] = text.replace("\n", "\r\n")
    for head, options in re.findall(r"<select ([^>]*)>(.*?)</select>", html, re.DOTALL):
        chosen = re.search(r"<option selected>([^<]*)", options) or re.search(r"<option>([^<]*)", options)
        found[re.search(r'name="([^"]*)"', head)[1]] = chosen[1] if chosen else ""
    for other in ("q", "back", "theme", "language", "csrf"):
        found.pop(other, None)
    return {entities.unescape(name): entities.unescape(value) for name, value in found.items()}


def test_a_field_is_changed_after_its_dry_run(admin, formed):
    filled = {**inputs(admin.text(PATH)), "f:/data/a": "2"}

    checked = admin.post(PATH, **filled, step="check").text
    assert formed()["data"]["a"] == "1" and 'class="added"' in checked
    answer = admin.post(PATH, **inputs(checked), step="apply")

    assert answer.headers["location"] == "/o/configmaps/shop/formed?done=edit"
    assert formed()["data"] == {"a": "2", "b": "x\ny"}


def test_nothing_changes_where_nothing_was_filled_in(admin, formed, shop):
    for path in (PATH, WEB):
        assert "Nothing would change." in admin.post(path, **inputs(admin.text(path)), step="check").text


def test_keys_and_fields_are_added_and_removed_before_anything_is_written(admin, formed):
    filled = {**inputs(admin.text(PATH)), "k:/data": "c.txt", "v:/data": "3"}
    page = admin.post(PATH, **filled, step="add:/data").text
    page = admin.post(PATH, **inputs(page), step="remove:/data/a").text
    page = admin.post(PATH, **{**inputs(page), "k:": "immutable"}, step="add:").text
    assert formed()["data"] == {"a": "1", "b": "x\ny"}

    admin.post(PATH, **inputs(page), step="apply")

    assert formed()["data"] == {"b": "x\ny", "c.txt": "3"}
    assert formed()["immutable"] is False


def test_a_container_gets_a_port_of_the_schema(admin, cluster, shop):
    page = admin.text(WEB)
    assert 'name="f:/spec/replicas"' in page and "<option>RollingUpdate</option>" not in page
    where = "/spec/template/spec/containers/0"
    page = admin.post(WEB, **{**inputs(page), f"k:{where}": "ports"}, step=f"add:{where}").text
    page = admin.post(WEB, **inputs(page), step=f"add:{where}/ports").text
    checked = admin.post(WEB, **{**inputs(page), f"f:{where}/ports/0/containerPort": "8080"}, step="check").text

    assert "containerPort: 8080" in checked
    assert "ports" not in cluster.client.get(DEPLOYMENTS, "web", shop)["spec"]["template"]["spec"]["containers"][0]


def test_what_the_server_refuses_is_said_with_its_field_and_what_was_filled_in_stays(admin, shop):
    answer = admin.post(WEB, **{**inputs(admin.text(WEB)), "f:/spec/replicas": "-5"}, step="check")

    assert answer.status_code == 422
    assert "spec.replicas" in answer.text and inputs(answer.text)["f:/spec/replicas"] == "-5"


def test_a_newer_change_of_the_same_field_is_told(admin, cluster, formed, shop):
    filled = {**inputs(admin.text(PATH)), "f:/data/a": "2"}
    cluster.client.patch(CONFIG_MAPS, "formed", {"data": {"a": "3"}}, shop)

    answer = admin.post(PATH, **filled, step="apply")

    assert (answer.status_code, formed()["data"]["a"]) == (409, "3")
    assert "data.a was" in answer.text


@pytest.mark.parametrize(
    "given",
    [{"before": "x"}, {"step": "remove:/kind"}, {"step": "add:/no"}, {"step": f"add:{'/a' * 3000}"}, {"now": "x"}],
)
def test_odd_forms_are_refused(admin, formed, given):
    form = {**inputs(admin.text(PATH)), "step": "check", **given}

    assert admin.post(PATH, **form).status_code == 400


def test_a_reader_cannot_edit(reader, formed):
    packed = merging.pack(editable(formed()))
    answer = reader.post(PATH, before=packed, now=packed, step="apply", **{"f:/data/a": "2"})

    assert (answer.status_code, formed()["data"]["a"]) == (403, "1")
    assert "verbs: [&#34;update&#34;]" in answer.text
