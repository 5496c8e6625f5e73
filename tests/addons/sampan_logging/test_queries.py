from __future__ import annotations

import pytest

from sampan.errors import BadRequest
from sampan_logging.queries import SearchQuery, in_words, pattern, search


def asked(**more):
    return search(SearchQuery(**more), size=10, flat=True)["query"]["bool"]


def test_all_that_is_asked_for_must_hold():
    found = asked(text="error AND disk", namespace="n", pod="p", container="c", since="15m")

    assert found["must"][0]["query_string"]["query"] == "error AND disk"
    assert found["filter"] == [
        {"term": {"kubernetes.namespace": "n"}}, {"term": {"kubernetes.pod.name": "p"}},
        {"term": {"kubernetes.container.name": "c"}}, {"range": {"@timestamp": {"gte": "now-900s"}}},
    ]  # fmt: skip


def test_labels_may_have_dots():
    found = asked(selector="app.kubernetes.io/name=web,tier!=db,!old,new")

    assert found["filter"] == [
        {"term": {"kubernetes.labels.app.kubernetes.io/name": "web"}}, {"exists": {"field": "kubernetes.labels.new"}},
    ]  # fmt: skip
    assert found["must_not"] == [
        {"term": {"kubernetes.labels.tier": "db"}}, {"exists": {"field": "kubernetes.labels.old"}},
    ]  # fmt: skip


@pytest.mark.parametrize("more", [{"since": "yesterday"}, {"selector": "a in (b)"}, {"selector": "=b"}, {"since": "5"}])
def test_what_is_not_understood_is_said(more):
    with pytest.raises(BadRequest):
        asked(**more)


def test_pages_follow_each_other():
    body = search(SearchQuery(), size=5000, flat=True, after=[1, 2])

    assert (body["size"], body["search_after"]) == (1000, [1, 2])


def test_a_line_is_shown_with_where_it_is_from():
    document = {
        "@timestamp": "T", "message": "hello",
        "kubernetes": {"namespace": "n", "pod": {"name": "p"}, "container": {"name": "c"}},
    }  # fmt: skip

    assert in_words(document) == "T n/p c: hello"
    assert in_words({**document, "event": {"kind": "gap"}}) == "T n/p c: (gap) hello"


def test_where_to_search():
    assert (pattern("logs", stream=False), pattern("logs", stream=True)) == ("logs-*", "logs")
