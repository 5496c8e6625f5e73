"""Requests that no well-meant client sends: bodies that cannot be read, kinds and places that are others', methods that
a path does not take. Hypothesis strategies."""

from __future__ import annotations

import copy
import json
from typing import Any

import steps as ways
from hypothesis import strategies as st
from sampling import Sample
from steps import Step

_TEXTS = ["", "{", "null", "[]", "1", '"a"', "{}", "true", '{"a":}', "\ufeff{}", '{"metadata":null}', '{"metadata":[]}',
          '{"kind":1}', '{"apiVersion":{}}', '{"spec":null}', "a: b: c", "---", "k8s\x00"]  # fmt: skip
_TYPES = [ways.JSON, ways.JSON, ways.JSON, ways.YAML, ways.PROTOBUF, "text/plain", "application/xml", "",
          "application/json; charset=utf-8"]  # fmt: skip
_PATCHES = [ways.MERGE, ways.STRATEGIC, ways.JSON_PATCH, ways.APPLY, ways.JSON, "text/plain"]


@st.composite
def unreadable(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    text = draw(st.sampled_from(_TEXTS))
    verb = draw(st.sampled_from(["create", "create", "update", "patch", "delete"]))
    if verb == "create":
        return Step(verb, "POST", sample.collection, {}, "", draw(st.sampled_from(_TYPES)), text)
    if verb == "update":
        return Step(verb, "PUT", sample.path, {}, "", draw(st.sampled_from(_TYPES)), text)
    if verb == "delete":
        return Step(verb, "DELETE", sample.path, {"dryRun": "All"}, "", ways.JSON, text)
    how = draw(st.sampled_from(_PATCHES))
    query = {"fieldManager": "me"} if how == ways.APPLY else {}
    return Step(verb, "PATCH", sample.path, query, "", how, text)


@st.composite
def misaddressed(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    """Another kind, version, name or namespace than the path's."""
    sent = copy.deepcopy(body)
    pick = draw(st.integers(0, 4))
    if pick == 0:
        sent["kind"] = draw(st.sampled_from(["Pod", "Foo", "", sample.body["kind"].lower()]))
    elif pick == 1:
        sent["apiVersion"] = draw(st.sampled_from(["v1", "apps/v1", "v2", "", "a/b/c", "foo/v1"]))
    elif pick == 2:
        sent.pop("kind", None)
        if draw(st.booleans()):
            sent.pop("apiVersion", None)
    elif pick == 3:
        sent["metadata"] = {**sent["metadata"], "namespace": draw(st.sampled_from(["other", "", "differential"]))}
    else:
        sent["metadata"] = {**sent["metadata"], "name": draw(st.sampled_from(["other", "", "@NAME@x"]))}
    if draw(st.booleans()):
        encoding = draw(st.sampled_from([ways.JSON, ways.YAML]))
        return Step("update", "PUT", sample.path, {}, "", encoding, sent)
    if draw(st.booleans()):
        return Step("patch", "PATCH", sample.path, {}, "", ways.MERGE, sent)
    return Step("apply", "PATCH", sample.path, {"fieldManager": "me"}, "", ways.APPLY, sent)


@st.composite
def misplaced(draw: Any, sample: Sample, body: dict[str, Any]) -> Step:
    """A method that the path does not take, or a path that is nearly one."""
    pick = draw(st.integers(0, 7))
    own = [
        ("POST", sample.path), ("PUT", sample.collection), ("PATCH", sample.collection), ("GET", f"{sample.path}/none"),
        ("GET", f"{sample.path}/status/x"), ("POST", f"{sample.path}/status"), ("DELETE", f"{sample.path}/status"),
        ("GET", f"{sample.path}/"),
    ]  # fmt: skip
    method, path = own[pick]
    content_type = {"GET": "", "DELETE": "", "PATCH": ways.MERGE}.get(method, ways.JSON)
    verb = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]
    return Step(verb, method, path, {}, "", content_type, json.dumps(body) if content_type else None)
