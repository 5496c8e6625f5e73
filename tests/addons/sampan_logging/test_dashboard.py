from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sampan.errors import BadRequest, Forbidden
from sampan_logging.dashboard import LogSearch, require_logs, row
from sampan_logging.settings import Settings

NOTHING = dict.fromkeys(("namespace", "name", "container", "since", "query"), "")


def user(*namespaces):
    """May read the logs of these."""

    def request(method, path, body):
        asked = body["spec"]["resourceAttributes"]
        assert (asked["verb"], asked["resource"], asked["subresource"]) == ("get", "pods", "log")
        return SimpleNamespace(body=json.dumps({"status": {"allowed": asked["namespace"] in namespaces}}).encode())

    return SimpleNamespace(request=request)


@pytest.fixture
def page(fake):
    whole, fake.asked = fake.serve, []

    def serve(method, path, headers, body):
        if not path.endswith("/_search"):
            return whole(method, path, headers, body)
        fake.asked.append(json.loads(body))
        about = {"namespace": "shop", "pod": {"name": "web"}, "container": {"name": "main"}}
        return 200, {"hits": {"hits": [{"_source": {"@timestamp": "T", "message": "a\x1b[2Jb", "kubernetes": about}}]}}

    fake.serve = serve
    return LogSearch(Settings(urls=(fake.url,)))


def test_lines_of_a_namespace_are_found_by_who_may_read_its_logs(page, fake):
    found = page.rows(user("shop"), {**NOTHING, "namespace": "shop", "query": "error"})

    assert found == [["T", "shop", "web", "main", "a [2Jb"]]
    assert {"term": {"kubernetes.namespace": "shop"}} in fake.asked[0]["query"]["bool"]["filter"]


@pytest.mark.parametrize("namespace", ["other", ""])
def test_others_are_refused_before_elasticsearch_is_asked(page, fake, namespace):
    with pytest.raises(Forbidden, match="pods/log"):
        page.rows(user("shop"), {**NOTHING, "namespace": namespace, "query": "kubernetes.namespace:other"})
    assert fake.asked == []


def test_a_question_that_is_none_is_said_in_words(page):
    with pytest.raises(BadRequest, match="since"):
        page.rows(user("shop"), {**NOTHING, "namespace": "shop", "since": "yesterday"})


def test_before_anything_is_asked_for_there_is_nothing(page, fake):
    assert page.rows(user(), NOTHING) == [] and fake.asked == []


def test_who_may_read_all_logs_may_leave_the_namespace_out():
    require_logs(user(""), "")


def test_gaps_are_marked():
    assert row({"event": {"kind": "gap"}, "message": "3 lines"})[-1] == "(gap) 3 lines"
