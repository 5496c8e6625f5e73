"""What an extension server on upstream's library waits for: lists that are empty, and that is the truth."""

from __future__ import annotations

import json

import pytest

from sampan_aggregation.awaited import AWAITED

PATHS = [f"/apis/{kind.group}/v1/{kind.plural}" for kind in AWAITED]


@pytest.mark.parametrize("path", PATHS)
def test_its_lists_are_answered_and_empty(api, path):
    code, answer = api("GET", path)

    assert (code, answer["items"]) == (200, [])
    assert answer["metadata"]["resourceVersion"]


@pytest.mark.parametrize("path", PATHS)
def test_its_watches_begin(api, path):
    # How reflectors of client-go begin since 1.35: the initial events, of which there are none, then a bookmark.
    query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
    lines = api.raw("GET", path, query_string=query).text.splitlines()

    event = json.loads(lines[0])
    assert event["type"] == "BOOKMARK"
    assert event["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


@pytest.mark.parametrize("kind", AWAITED, ids=lambda kind: kind.kind)
def test_nothing_can_be_made_that_would_do_nothing(api, kind):
    body = {"apiVersion": f"{kind.group}/v1", "kind": kind.kind, "metadata": {"name": "a"}}

    assert api("POST", f"/apis/{kind.group}/v1/{kind.plural}", body)[0] == 405
    assert api("GET", f"/apis/{kind.group}/v1/{kind.plural}")[1]["items"] == []
