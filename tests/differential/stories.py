"""Generated stories: a sample, changed a little, is created, then read, written and deleted in every way there is.
Hypothesis strategies; all that is about one request is drawn here, all about one value in values.py."""

from __future__ import annotations

import copy
import re
from typing import Any

import misuse
import several
import steps as ways
import subrequests
import values
from corpus import Sample, samples
from hypothesis import strategies as st
from steps import Step, Story

_TABLE = ways.TABLE
_ACCEPTS = ["", "", "", "", "", "application/json", _TABLE, ways.PARTIAL, "application/yaml", "text/plain",
            f"{_TABLE},application/json", "application/json;as=Table;v=v2;g=meta.k8s.io", ways.PROTOBUF]  # fmt: skip
_LIST_ACCEPTS = ["", "", "", "application/json", _TABLE, _TABLE, ways.PARTIALS, "application/yaml", "text/plain",
                 ways.PROTOBUF]  # fmt: skip
_MANAGERS = ["me", "me", "m" * 129, "a\nb", ""]
_VALIDATION = ["Strict", "Strict", "Warn", "Ignore", "Foo", ""]
_SELECTORS = ["app=web", "app in (web,x)", "!app", "app", "app!=web", "app=", "a b", "app in (", "app>1", "=", "x=y,"]
_FIELDS = ["metadata.name=@NAME@", "metadata.name!=@NAME@", "spec.foo=1", "metadata.namespace=differential", "a",
           "status.phase=Pending", "type=Opaque", "spec.nodeName=", "metadata.name=a,metadata.name=b"]  # fmt: skip
_VERSIONS = ["@RV@", "@OLD@", "0", "foo", "-1", "", "999999999"]


@st.composite
def stories(draw: Any, kinds: str = "") -> Story:
    """Of all kinds, or of those whose resource matches the pattern ``kinds``."""
    some = [sample for sample in samples() if re.search(kinds, sample.resource)]
    if (free := several.kinds(some)) and draw(st.integers(0, 11)) == 0:
        return draw(several.stories(free))  # type: ignore[no-any-return]
    sample = draw(st.sampled_from(some))
    body = draw(_changed(sample, draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3]))))
    created = draw(_create(sample, body))
    if not sample.named:
        return Story(sample.resource, sample.collection, (created,))
    asked = [_get, _get, _list, _list, _put, _put, _patch, _patch, _patch, _apply, _apply, _delete, _collection, _sub,
             _sub, _watch, _odd]  # fmt: skip
    first = [draw(_apply(sample, body))] if draw(st.integers(0, 7)) == 0 else [created]
    more = [draw(draw(st.sampled_from(asked))(sample, body)) for _ in range(draw(st.integers(1, 6)))]
    return Story(sample.resource, sample.collection, (*first, *more, draw(_delete(sample, body))))


# Bodies


@st.composite
def _changed(draw: Any, sample: Sample, times: int) -> dict[str, Any]:
    """The sample with so many fields set, taken away, doubled or misspelt."""
    body = copy.deepcopy(sample.body)
    node = values.node_of(body["apiVersion"], body["kind"])
    for _ in range(times):
        if node is not None:
            _change(draw, body, node)
    return body


def _change(draw: Any, body: dict[str, Any], node: values.Fields) -> None:
    """Walk down at random through what is there, and change one thing at the end of the way."""
    place: Any = body
    for depth in range(9):
        down = [key for key, child in _children(place) if isinstance(child, dict | list) and child]
        if depth == 0:
            down = [key for key in down if key != "metadata" or draw(st.integers(0, 3)) == 0]
        if not down or (depth and draw(st.integers(0, 3)) == 0):
            break
        key = draw(st.sampled_from(down))
        below = _below(node, key)
        if below is None:
            break
        place, node = place[key], below
    _change_here(draw, place, node)


def _children(place: Any) -> list[tuple[Any, Any]]:
    return list(place.items()) if isinstance(place, dict) else list(enumerate(place))


def _below(node: values.Fields, key: Any) -> values.Fields | None:
    return node.item() if isinstance(key, int) else node.field(key)


def _change_here(draw: Any, place: Any, node: values.Fields) -> None:
    pick = draw(st.integers(0, 19))
    if isinstance(place, list):
        if pick < 6 and place:
            place.append(copy.deepcopy(place[0]))
        elif pick < 10 and place:
            place.pop()
        else:
            place.append(draw(values.of(node.item(), "")))
        return
    keys = sorted(key for key in place if key not in ("apiVersion", "kind"))
    if pick == 0:
        place["unknownField"] = 1
    elif pick < 5 and keys:
        key = draw(st.sampled_from(keys))
        if key != "metadata" and place[key] != "@NAME@":
            del place[key]
    elif node.shape == "struct":
        known = sorted(
            name for name in node.fields() if name not in ("apiVersion", "kind", "metadata", "managedFields")
        )
        if known:
            name = draw(st.sampled_from(known))
            child = node.field(name)
            if child is not None and place.get(name) != "@NAME@":
                place[name] = draw(values.of(child, name))
    elif node.shape == "map":
        place[draw(st.sampled_from(["a", "b.c", "a b", "", "cpu", "x" * 70]))] = draw(values.of(node.item(), ""))


# Options


@st.composite
def _write_options(draw: Any, *, force: bool = False) -> dict[str, str]:
    found: dict[str, str] = {}
    if draw(st.integers(0, 5)) == 0:
        found["dryRun"] = draw(st.sampled_from(["All", "All", "None", ""]))
    if draw(st.integers(0, 3)) == 0:
        found["fieldValidation"] = draw(st.sampled_from(_VALIDATION))
    if draw(st.integers(0, 3)) == 0:
        found["fieldManager"] = draw(st.sampled_from(_MANAGERS))
    if draw(st.integers(0, 19)) == 0:
        found["pretty"] = draw(st.sampled_from(["true", "false", "foo"]))
    if force or draw(st.integers(0, 30)) == 0:
        found["force"] = draw(st.sampled_from(["true", "false", "foo"]))
    return found


@st.composite
def _list_options(draw: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    some = draw(st.lists(st.integers(0, 6), max_size=3, unique=True))
    if 0 in some:
        found["labelSelector"] = draw(st.sampled_from(_SELECTORS))
    if 1 in some:
        found["fieldSelector"] = draw(st.sampled_from(_FIELDS))
    if 2 in some:
        found["limit"] = draw(st.sampled_from(["1", "2", "500", "0", "-1", "foo"]))
    if 3 in some:
        found["resourceVersion"] = draw(st.sampled_from(_VERSIONS))
    if 4 in some:
        found["resourceVersionMatch"] = draw(st.sampled_from(["Exact", "NotOlderThan", "Foo"]))
    if 5 in some:
        found["continue"] = draw(st.sampled_from(["@CONT@", "foo", ""]))
    if 6 in some:
        found["timeoutSeconds"] = draw(st.sampled_from(["1", "0", "foo"]))
    return found


def _scoped(query: dict[str, str]) -> dict[str, str]:
    """Collections hold what only one of the two has: only the story's own objects are asked for."""
    words = query.get("labelSelector", "")
    return {**query, "labelSelector": f"story=@NAME@,{words}" if words else "story=@NAME@"}


def _encoding(draw: Any) -> str:
    return str(draw(st.sampled_from([ways.JSON, ways.JSON, ways.JSON, ways.YAML, ways.PROTOBUF])))


# Requests


@st.composite
def _create(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    accept = draw(st.sampled_from(_ACCEPTS))
    return Step("create", "POST", sample.collection, draw(_write_options()), accept, _encoding(draw), body)


@st.composite
def _get(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    query = {}
    if draw(st.integers(0, 4)) == 0:
        query["resourceVersion"] = draw(st.sampled_from(_VERSIONS))
    if draw(st.integers(0, 9)) == 0:
        query["pretty"] = draw(st.sampled_from(["true", "1", "foo"]))
    return Step("get", "GET", sample.path, query, draw(st.sampled_from(_ACCEPTS)))


@st.composite
def _list(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    query = _scoped(draw(_list_options()))
    return Step("list", "GET", sample.collection, query, draw(st.sampled_from(_LIST_ACCEPTS)))


@st.composite
def _watch(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    """Ends by itself after a second; few of these."""
    query = {"watch": "true", "timeoutSeconds": "1", "labelSelector": "story=@NAME@"}
    query["resourceVersion"] = draw(st.sampled_from(["@OLD@", "@OLD@", "@RV@", "0", "foo"]))
    if draw(st.integers(0, 3)) == 0:
        query["allowWatchBookmarks"] = "true"
    if draw(st.integers(0, 5)) == 0:
        query["sendInitialEvents"] = draw(st.sampled_from(["true", "false"]))
        query["resourceVersionMatch"] = "NotOlderThan"
    return Step("watch", "GET", sample.collection, query, draw(st.sampled_from(["", "", _TABLE, ways.PARTIAL])))


@st.composite
def _put(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    changed = draw(_changed(Sample(sample.resource, sample.collection, body), draw(st.integers(1, 2))))
    version = draw(st.sampled_from(["@RV@", "@RV@", "@RV@", "@OLD@", None, "foo", "0"]))
    if version is not None and isinstance(changed.get("metadata"), dict):
        changed["metadata"]["resourceVersion"] = version
    accept = draw(st.sampled_from(_ACCEPTS))
    return Step("update", "PUT", sample.path, draw(_write_options()), accept, _encoding(draw), changed)


@st.composite
def _patch(draw: Any, sample: Sample, body: dict[str, Any], sub: str = "") -> Step:
    how = draw(st.sampled_from([ways.MERGE, ways.STRATEGIC, ways.JSON_PATCH]))
    changed = draw(_changed(Sample(sample.resource, sample.collection, body), draw(st.integers(1, 2))))
    patch: Any = {key: value for key, value in changed.items() if value != body.get(key) or key == "metadata"}
    if how == ways.JSON_PATCH:
        patch = draw(_operations(patch, body))
    path = sample.path + (f"/{sub}" if sub else "")
    accept = draw(st.sampled_from(_ACCEPTS))
    return Step("patch", "PATCH", path, draw(_write_options()), accept, how, patch)


@st.composite
def _operations(draw: Any, changed: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key, value in changed.items():
        if key not in ("metadata", "apiVersion", "kind"):
            found.append({"op": draw(st.sampled_from(["replace", "add"])), "path": f"/{key}", "value": value})
    more = [
        {"op": "add", "path": "/metadata/labels/new", "value": "1"},
        {"op": "remove", "path": "/metadata/labels/story"},
        {"op": "remove", "path": "/metadata/labels/none"},
        {"op": "test", "path": "/metadata/name", "value": "@NAME@"},
        {"op": "test", "path": "/metadata/name", "value": "other"},
        {"op": "copy", "from": "/metadata/labels/story", "path": "/metadata/labels/copied"},
        {"op": "move", "from": "/metadata/labels", "path": "/metadata/annotations"},
        {"op": "foo", "path": "/metadata/labels/new", "value": "1"},
        {"op": "replace", "path": "/metadata/uid", "value": "x"},
        {"op": "add", "path": "/metadata/finalizers", "value": ["example.com/x"]},
    ]
    return found + draw(st.lists(st.sampled_from(more), max_size=2))


@st.composite
def _apply(draw: Any, sample: Sample, body: dict[str, Any], sub: str = "") -> Step:
    changed = draw(_changed(Sample(sample.resource, sample.collection, body), draw(st.integers(0, 2))))
    query = {**draw(_write_options(force=draw(st.booleans()))), "fieldManager": draw(st.sampled_from(["me", "you"]))}
    path = sample.path + (f"/{sub}" if sub else "")
    return Step("apply", "PATCH", path, query, draw(st.sampled_from(_ACCEPTS)), ways.APPLY, changed)


@st.composite
def _odd(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    asked = draw(st.sampled_from([misuse.unreadable, misuse.misaddressed, misuse.misplaced]))
    return draw(asked(sample, body))  # type: ignore[no-any-return]


@st.composite
def _sub(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    """A request to a subresource."""
    own = subrequests.of(sample)
    if own and draw(st.integers(0, 1)):
        return draw(draw(st.sampled_from(own))(sample))  # type: ignore[no-any-return]
    sub = draw(st.sampled_from(sample.subresources or ("status", "scale", "none")))
    path = f"{sample.path}/{sub}"
    pick = draw(st.integers(0, 3))
    if pick == 0:
        return Step("get", "GET", path, {}, draw(st.sampled_from(_ACCEPTS)))
    if sub == "scale":
        return draw(_scale(path, sample))
    if pick == 1:
        return draw(_patch(sample, body, sub))
    if pick == 2:
        return draw(_apply(sample, body, sub))
    return Step("update", "PUT", path, draw(_write_options()), "", _encoding(draw), draw(_changed(sample, 2)))


@st.composite
def _scale(draw: Any, path: str, sample: Sample) -> Step:
    replicas = draw(st.sampled_from([0, 1, 3, -1, None]))
    spec = {} if replicas is None else {"replicas": replicas}
    if draw(st.booleans()):
        how = draw(st.sampled_from([ways.MERGE, ways.JSON_PATCH]))
        patch: Any = [{"op": "replace", "path": "/spec/replicas", "value": replicas}]
        return Step(
            "patch", "PATCH", path, draw(_write_options()), "", how, patch if "json-p" in how else {"spec": spec}
        )
    version = draw(st.sampled_from(["", "@RV@", "@OLD@"]))
    body = {"apiVersion": "autoscaling/v1", "kind": draw(st.sampled_from(["Scale", "Scale", "Foo"])),
            "metadata": {"name": "@NAME@", "namespace": "differential", "resourceVersion": version},
            "spec": spec}  # fmt: skip
    return Step("update", "PUT", path, draw(_write_options()), "", ways.JSON, body)


@st.composite
def _delete_options(draw: Any) -> tuple[dict[str, str], Any]:
    query, body = {}, {}
    if draw(st.integers(0, 3)) == 0:
        body["propagationPolicy"] = draw(st.sampled_from(["Foreground", "Background", "Orphan", "Foo"]))
    if draw(st.integers(0, 4)) == 0:
        body["gracePeriodSeconds"] = draw(st.sampled_from([0, 1, 30, -1]))
    if draw(st.integers(0, 5)) == 0:
        body["preconditions"] = draw(st.sampled_from([{"uid": "@UID@"}, {"uid": "x"}, {"resourceVersion": "@RV@"},
                                                       {"resourceVersion": "@OLD@"}, {}]))  # fmt: skip
    if draw(st.integers(0, 9)) == 0:
        body["dryRun"] = draw(st.sampled_from([["All"], ["Foo"], ["All", "All"], []]))
    if draw(st.integers(0, 15)) == 0:
        body["orphanDependents"] = draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        names = ("propagationPolicy", "gracePeriodSeconds", "orphanDependents")
        query = {name: str(body.pop(name)).lower() if name[0] == "o" else str(body.pop(name))
                 for name in names if name in body}  # fmt: skip
    return query, body or None


@st.composite
def _delete(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    query, options = draw(_delete_options())
    content_type = ways.JSON
    if options is not None:
        form = draw(st.sampled_from(["apiVersion", "none"]))
        options = {"apiVersion": "v1", "kind": "DeleteOptions", **options} if form == "apiVersion" else options
    return Step("delete", "DELETE", sample.path, query, "", content_type if options else "", options)


@st.composite
def _collection(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    query, options = draw(_delete_options())
    query = {**query, **draw(_list_options()), "labelSelector": "story=@NAME@"}
    return Step("deletecollection", "DELETE", sample.collection, query, "", ways.JSON if options else "", options)
