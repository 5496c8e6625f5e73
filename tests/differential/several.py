"""Stories about several objects of a kind: pages, generated names, lists of all namespaces, deleting by selectors.

They are told apart by labels: all have the story's, and each its number."""

from __future__ import annotations

import copy
from typing import Any

import steps as ways
from hypothesis import strategies as st
from sampling import NAMESPACE, Sample
from steps import Step, Story

_STORY = "story=@NAME@"
_LISTED = ["", "", ways.TABLE, ways.PARTIALS, ways.PROTOBUF]
_SOME = ["number=1", "number in (1,2)", "number notin (1)", "number!=1", "number", "!number", "number>1", "other"]


def kinds(samples: list[Sample]) -> list[Sample]:
    """Those whose objects' names are free."""
    return [sample for sample in samples if sample.named and sample.body["metadata"].get("name") == "@NAME@"]


@st.composite
def stories(draw: Any, samples: list[Sample]) -> Story:
    sample = draw(st.sampled_from(samples))
    made = [
        _create(sample, number, generated=draw(st.integers(0, 4)) == 0) for number in range(draw(st.integers(2, 4)))
    ]
    ways_to_read = [_page, _page, _page, _everywhere, _some, _watch]
    asked = [step for _ in range(draw(st.integers(1, 4))) for step in draw(draw(st.sampled_from(ways_to_read))(sample))]
    end = Step("deletecollection", "DELETE", sample.collection, {"labelSelector": _STORY})
    return Story(sample.resource, sample.collection, (*made, *asked, draw(_delete(sample)), end))


def _create(sample: Sample, number: int, *, generated: bool) -> Step:
    body = copy.deepcopy(sample.body)
    body["metadata"]["labels"]["number"] = str(number)
    if number:
        body["metadata"]["name"] = f"@NAME@-{number}"
    if number and generated:
        del body["metadata"]["name"]
        body["metadata"]["generateName"] = f"@NAME@-{number}-"
    return Step("create", "POST", sample.collection, {}, "", ways.JSON, body)


@st.composite
def _page(draw: Any, sample: Sample) -> list[Step]:
    """A page, and those that follow it."""
    accept, limit = draw(st.sampled_from(_LISTED)), draw(st.sampled_from(["1", "2"]))
    query = {"labelSelector": _STORY, "limit": limit}
    follow = {**query, "continue": "@CONT@"}
    if draw(st.integers(0, 4)) == 0:
        follow["resourceVersion"] = draw(st.sampled_from(["@RV@", "0"]))  # not of the first: see docs/compatibility.md
    if draw(st.integers(0, 4)) == 0:
        follow["labelSelector"] = f"{_STORY},number"
    pages = [Step("list", "GET", sample.collection, each, accept) for each in (query, follow, follow)]
    return pages[: draw(st.integers(2, 3))]


@st.composite
def _everywhere(draw: Any, sample: Sample) -> list[Step]:
    """All namespaces, and one that is not there."""
    there, gone = f"/namespaces/{NAMESPACE}", "/namespaces/nowhere"
    path = sample.collection.replace(there, draw(st.sampled_from(["", "", gone])))
    query = {"labelSelector": _STORY}
    if draw(st.integers(0, 2)) == 0:
        query["fieldSelector"] = draw(st.sampled_from([f"metadata.namespace={NAMESPACE}", "metadata.name=@NAME@-1"]))
    return [Step("list", "GET", path, query, draw(st.sampled_from(_LISTED)))]


@st.composite
def _some(draw: Any, sample: Sample) -> list[Step]:
    query = {"labelSelector": f"{_STORY},{draw(st.sampled_from(_SOME))}"}
    if draw(st.integers(0, 3)) == 0:
        query["fieldSelector"] = draw(st.sampled_from(["metadata.name=@NAME@", "metadata.name!=@NAME@"]))
    if draw(st.integers(0, 3)) == 0:
        query["resourceVersion"], query["resourceVersionMatch"] = (
            "@RV@",
            draw(st.sampled_from(["Exact", "NotOlderThan"])),
        )
    return [Step("list", "GET", sample.collection, query, draw(st.sampled_from(_LISTED)))]


@st.composite
def _watch(draw: Any, sample: Sample) -> list[Step]:
    """Of some of them, or in a way that is refused."""
    query = {"watch": draw(st.sampled_from(["true", "1"])), "timeoutSeconds": "1", "labelSelector": _STORY}
    query["resourceVersion"] = draw(st.sampled_from(["@OLD@", "@RV@"]))
    pick = draw(st.integers(0, 5))
    if pick == 0:
        query["labelSelector"] += f",{draw(st.sampled_from(_SOME))}"
    elif pick == 1:
        query["fieldSelector"] = draw(st.sampled_from(["metadata.name=@NAME@", "metadata.name=@NAME@-1", "spec.foo=1"]))
    elif pick == 2:
        query["resourceVersionMatch"] = draw(st.sampled_from(["Exact", "NotOlderThan", "Foo"]))
    elif pick == 3:
        query["sendInitialEvents"] = draw(st.sampled_from(["true", "false", "foo"]))
    elif pick == 4:
        query |= draw(st.sampled_from([{"limit": "1"}, {"continue": "foo"}, {"allowWatchBookmarks": "foo"}]))
    return [Step("watch", "GET", sample.collection, query)]


@st.composite
def _delete(draw: Any, sample: Sample) -> Step:
    """Some of them."""
    query = {"labelSelector": f"{_STORY},{draw(st.sampled_from(_SOME))}"}
    if draw(st.integers(0, 3)) == 0:
        query["fieldSelector"] = draw(st.sampled_from(["metadata.name=@NAME@", "metadata.name!=@NAME@"]))
    if draw(st.integers(0, 4)) == 0:
        query["dryRun"] = "All"
    if draw(st.integers(0, 4)) == 0:
        query |= draw(st.sampled_from([{"limit": "1"}, {"gracePeriodSeconds": "0"}, {"propagationPolicy": "Orphan"}]))
    return Step("deletecollection", "DELETE", sample.collection, query)
