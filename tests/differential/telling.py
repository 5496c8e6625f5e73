"""Which stories are told, and in what order: the fixed ones of the corpus first, then generated ones by seed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import steps as ways
import widgets
from corpus import samples
from hypothesis import HealthCheck, Phase, given, seed, settings
from judging import Judge
from sampling import LIMITED, NAMESPACE
from steps import Step, Story
from stories import stories
from targets import Target

_BATCH = 200
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def prepare(judge: Judge) -> None:
    for target in (judge.server, judge.peer):
        make_namespace(target)


def make_namespace(target: Target) -> None:
    """The namespaces, the account that pods run under (no controller does that here), and the custom kind."""
    headers = {"Content-Type": ways.JSON}
    for name in (NAMESPACE, LIMITED):
        target.ask("POST", "/api/v1/namespaces", headers, f'{{"metadata":{{"name":"{name}"}}}}'.encode())
    target.ask("POST", _DEFINITIONS, headers, json.dumps(widgets.DEFINITION).encode())
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    target.ask("POST", accounts, headers, b'{"metadata":{"name":"default"}}')
    for _ in range(50):  # until the admission of pods has seen the account
        probe = b'{"metadata":{"name":"probe"},"spec":{"containers":[{"name":"a","image":"a"}]}}'
        admitted = target.ask("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All", headers, probe).status == 201
        if admitted and target.ask("GET", widgets.WIDGET.collection, {}, None).status == 200:
            return
        time.sleep(0.1)


def tell(judge: Judge, *, seed: int, requests: int = 0, seconds: float = 0, kinds: str = "") -> None:
    """Until so many requests, or so many seconds."""
    requests = requests or (0 if seconds else 1000)
    deadline = time.monotonic() + seconds if seconds else float("inf")

    def enough() -> bool:
        return (requests > 0 and judge.requests >= requests) or time.monotonic() >= deadline

    for story in fixed():
        if re.search(kinds, story.resource):
            judge.judge(story)
    while not enough():
        found: list[Story] = []
        generate(found.append, seed, _BATCH, kinds)  # judged outside of hypothesis, which would repeat what fails
        for story in found:
            if not enough():
                judge.judge(story)
        seed += 1


def generate(each: Callable[[Story], None], number: int, count: int, kinds: str = "") -> None:
    """So many stories from a seed."""

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(stories(kinds))
    def tell_one(story: Story) -> None:
        each(story)

    tell_one()


def fixed() -> list[Story]:
    """The corpus as it is, in each encoding, with the plain ways to read, change and delete."""
    found = []
    for sample in samples():
        own = sample.path
        create = [Step("create", "POST", sample.collection, {}, "", ways.JSON, sample.body)]
        if not sample.named:
            found.append(Story(sample.resource, sample.collection, tuple(create)))
            continue
        selected = {"labelSelector": "story=@NAME@"}
        label = {"metadata": {"labels": {"new": "1"}}}
        again = {**sample.body, "metadata": {**sample.body["metadata"], "resourceVersion": "@RV@"}}
        applied = {"fieldManager": "me", "force": "true"}
        rest = [
            Step("get", "GET", own),
            Step("list", "GET", sample.collection, selected),
            Step("list", "GET", sample.collection, selected, _TABLE),
            Step("get", "GET", own, {}, _TABLE),
            Step("patch", "PATCH", own, {}, "", ways.MERGE, label),
            Step("update", "PUT", own, {}, "", ways.YAML, again),
            Step("apply", "PATCH", own, applied, "", ways.APPLY, sample.body),
            *(Step("get", "GET", f"{own}/{sub}") for sub in sample.subresources),
            Step("create", "POST", sample.collection, {}, "", ways.PROTOBUF, sample.body),
            Step("delete", "DELETE", own),
            Step("get", "GET", own),
            Step("apply", "PATCH", own, applied, "", ways.APPLY, sample.body),
            Step("deletecollection", "DELETE", sample.collection, {"labelSelector": "story=@NAME@"}),
            Step("create", "POST", sample.collection, {"dryRun": "All"}, "", ways.PROTOBUF, sample.body),
        ]
        found.append(Story(sample.resource, sample.collection, (*create, *rest)))
    return found
