"""Whatever is sent: the answer comes, is no 5xx, and can be read."""

from __future__ import annotations

import json
import os
import resource as limits
import time
import traceback
from collections import defaultdict

import corpus
import pytest
from inputs import Input, Inputs, Resource
from samples import SAMPLES
from targets import Answer, InProcess

from sampan.contracts.access import User
from sampan_testing.cluster import MASTERS, start

SEED, COUNT = int(os.environ.get("FUZZ_SEED", "1")), int(os.environ.get("FUZZ_COUNT", "10000"))
LONGEST = 10.0  # seconds; an answer takes some milliseconds, and other tests run on the same cores
GROWTH = 400 << 10  # kilobytes that the process may grow by at its peak
DISCOVERY = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}


@pytest.fixture(scope="module")
def target():
    with start(control=False) as cluster:
        yield InProcess(cluster.app.wsgi, User("admin", (MASTERS, "system:authenticated"), "admin-uid"))


@pytest.fixture(scope="module")
def resources(target):
    return [found for path in ("/api", "/apis") for found in _discovered(target.ask("GET", path, DISCOVERY, None))]


def _discovered(answer: Answer):
    for item in json.loads(answer.body)["items"]:
        for version in item["versions"]:
            for each in version["resources"]:
                yield Resource(
                    item["metadata"].get("name", ""),
                    version["version"],
                    each["resource"],
                    each["responseKind"]["kind"],
                    each["scope"] == "Namespaced",
                    frozenset(each["verbs"]),
                    tuple(sub["subresource"] for sub in each.get("subresources", ())),
                )


def _samples():
    found = defaultdict(list)
    for body in (*(sample.body for sample in corpus.samples()), *SAMPLES):
        found[body["kind"]].append(body)
    return found


def wrong(asked: Input, answer: Answer, seconds: float) -> str:
    """What is wrong with an answer; "" if nothing is."""
    if answer.status >= 500:
        return f"{answer.status} {answer.body[:500]!r}"
    if seconds > LONGEST:
        return f"the answer took {seconds:.1f} s"
    if answer.content_type.startswith("application/json") and answer.body:
        try:
            said = json.loads(answer.body)
        except ValueError as error:
            return f"{answer.status}, and no JSON: {error}"
        if answer.status >= 400 and not (said.get("kind") == "Status" and said.get("message")):
            return f"{answer.status} without a Status: {answer.body[:500]!r}"
    return ""


def cause(records) -> str:
    """Where the last exception that the server has logged came from."""
    failed = [record.exc_info[1] for record in records if record.exc_info and record.exc_info[1]]
    if not failed:
        return ""
    frame = traceback.extract_tb(failed[-1].__traceback__)[-1]
    return f" {failed[-1]!r:.200} at {frame.filename}:{frame.lineno}"


def test_no_request_breaks_the_server(target, resources, caplog):
    inputs = Inputs(SEED, resources, _samples())
    before = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss
    statuses: dict[int, int] = defaultdict(int)
    faults: dict[str, str] = {}

    for number in range(COUNT):
        asked = inputs.next()
        began = time.process_time()
        answer = target.ask(asked.method, asked.path, asked.headers, asked.body)
        statuses[answer.status] += 1
        if why := wrong(asked, answer, time.process_time() - began):
            origin = cause(caplog.records)
            faults.setdefault(origin or why, f"seed {SEED}, input {number}: {asked}\n    {why}{origin}")
        caplog.clear()

    assert not faults, "\n".join(faults.values())
    assert statuses[200] + statuses[201] > COUNT / 10, "so few succeed that little is tried"
    assert len(statuses) > 8
    assert limits.getrusage(limits.RUSAGE_SELF).ru_maxrss - before < GROWTH


def test_the_judge_sees_what_is_wrong():
    asked = Input("GET", "/")
    answer = Answer(200, "application/json", (), b"{}")

    assert wrong(asked, answer, 0.1) == ""
    assert "12.0 s" in wrong(asked, answer, 12.0)
    assert "500" in wrong(asked, Answer(500, "application/json", (), b"{}"), 0.1)
    assert "no JSON" in wrong(asked, Answer(200, "application/json", (), b"{"), 0.1)
    assert "without a Status" in wrong(asked, Answer(404, "application/json", (), b"{}"), 0.1)
