from __future__ import annotations

import re

import pytest

from sampan_dashboard import past
from sampan_explain.past.reading import Revision
from sampan_machinery.resources import CONFIG_MAPS, SECRETS


@pytest.fixture
def changed(cluster, make, shop):
    """A ConfigMap with two revisions, and its page."""
    made = make(CONFIG_MAPS, {"metadata": {"generateName": "past-"}, "data": {"level": "info"}}, shop)
    name = made["metadata"]["name"]
    cluster.client.patch(CONFIG_MAPS, name, {"data": {"level": "<b>debug</b>"}}, shop)
    return name, f"/o/configmaps/{shop}/{name}"


def test_revisions_say_which_field_changed_and_by_whom(admin, changed):
    html = admin.text(f"{changed[1]}/history")
    text = admin.words(f"{changed[1]}/history")

    assert "data.level: info \u2192" in text and "&lt;b&gt;debug" in html
    assert re.search(r"\w+ \(Update\)", text)
    assert 'class="added"' in html and 'class="removed"' in html


def test_two_revisions_are_compared(admin, cluster, shop, changed):
    cluster.client.patch(CONFIG_MAPS, changed[0], {"data": {"other": "x"}}, shop)
    numbers = re.findall(r'name="old" value="(\d+)"', admin.text(f"{changed[1]}/history"))

    html = admin.text(f"{changed[1]}/history?old={numbers[2]}&new={numbers[0]}")

    assert len(numbers) == 3
    assert "other" in html.split('class="diff"')[1] and "info" in html.split('class="diff"')[1]


def test_a_deleted_object_is_created_again(admin, cluster, shop, changed):
    name, path = changed
    cluster.client.delete(CONFIG_MAPS, name, shop)
    lost = admin.get(path)
    assert lost.status_code == 404 and f"{path}/history" in lost.text
    assert "Create it again" in admin.text(f"{path}/history")

    answer = admin.post(f"{path}/do/undelete")

    assert answer.headers["location"] == f"{path}?done=undelete"
    assert cluster.client.get(CONFIG_MAPS, name, shop)["data"] == {"level": "<b>debug</b>"}
    assert admin.post(f"{path}/do/undelete").status_code == 400


def test_a_reader_is_offered_no_undelete(reader, cluster, shop, changed):
    name, path = changed
    assert "data.level" in reader.text(f"{path}/history")
    cluster.client.delete(CONFIG_MAPS, name, shop)

    assert "Create it again" not in reader.text(f"{path}/history")
    assert reader.post(f"{path}/do/undelete").status_code == 403


def test_an_object_that_has_not_changed_for_long_says_so(admin, changed, monkeypatch):
    monkeypatch.setattr(past, "revisions_of", lambda target, most: ([], ""))

    assert "No revision is kept" in admin.text(f"{changed[1]}/history")


def test_what_never_was_is_not_found(admin, shop):
    assert admin.get(f"/o/configmaps/{shop}/never/history").status_code == 404
    assert admin.post(f"/o/configmaps/{shop}/never/do/undelete").status_code == 404


def test_a_reader_without_the_right_learns_nothing(reader):
    assert reader.get("/o/configmaps/kube-system/any/history").status_code == 403


def test_values_of_secrets_are_not_shown(admin, cluster, make, shop):
    secret = {"metadata": {"name": "past"}, "data": {"key": "b2xk", "same": "c2FtZQ=="}}
    make(SECRETS, secret, shop)
    cluster.client.patch(SECRETS, "past", {"data": {"key": "bmV3"}}, shop)

    html = admin.text(f"/o/secrets/{shop}/past/history")

    assert "another value" in html and "data.key" in html
    assert not any(value in html for value in ("b2xk", "bmV3", "c2FtZQ"))


def test_the_newest_two_are_compared_unless_others_are_chosen():
    found = [Revision(9, 0, None), *(Revision(number, 0, {"metadata": {}}) for number in (8, 6, 4))]

    assert [each.number for each in past.chosen(found, "", "")] == [6, 8]
    assert [each.number for each in past.chosen(found, "4", "6")] == [4, 6]
    assert [each.number for each in past.chosen(found, "x", "9")] == [6, 8]
    assert past.chosen([], "", "") == (None, None)


@pytest.mark.parametrize(("text", "number"), [(None, 20), ("", 20), ("x", 20), ("40", 40), ("99999", 20)])
def test_numbers_of_addresses_are_bounded(text, number):
    assert past._number(text, 20) == number
