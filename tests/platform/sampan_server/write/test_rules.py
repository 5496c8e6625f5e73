"""Admitters whose rules are objects, in a server: from the moment that the object is written; what they are told."""

from __future__ import annotations

from typing import Any

import pytest

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Resource
from sampan.errors import Forbidden

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
DEPLOYMENT = Resource("apps", "v1", "deployments", "Deployment")
CMS, DEPLOYMENTS = "/api/v1/namespaces/default/configmaps", "/apis/apps/v1/namespaces/default/deployments"


class Patching:
    """Concerns the resources that ConfigMaps name, and makes of an object what ``change`` says."""

    name, operations, priority, mutates = "patching", frozenset({"*"}), 850, True
    reinvokes, watches = True, (CONFIG_MAPS,)

    def __init__(self) -> None:
        self.cluster: Any = None
        self.seen: list[Review] = []
        self.change: Any = lambda obj: None

    def concerns(self, resources: Any, subresource: str, operation: str) -> bool:
        named = {obj["metadata"]["name"] for obj in self.cluster.list(CONFIG_MAPS)}
        return any(resource.plural in named for resource in resources)

    def admit(self, review: Review) -> None:
        self.seen.append(review)
        if review.object is not None:
            self.change(review.object)


@pytest.fixture
def patching(make: Any, shapes: Any) -> Any:
    extra, admitter = shapes.Extra(), Patching()
    extra.admitters = [admitter]
    api = make(extra)
    admitter.cluster = api.app.cluster
    return admitter, api


def deployment(name: str) -> Any:
    return {"metadata": {"name": name}, "spec": {"replicas": 1, "selector": {}, "template": {}}}


def test_a_rule_counts_from_the_answer_to_its_write_until_that_to_its_removal(patching: Any, shapes: Any) -> None:
    admitter, api = patching
    api.post(DEPLOYMENTS, deployment("a"))
    assert api.post(CMS, shapes.config_map("deployments")).status_code == 201
    api.post(DEPLOYMENTS, deployment("b"))
    api.delete(f"{CMS}/deployments")
    api.post(DEPLOYMENTS, deployment("c"))

    assert [review.name for review in admitter.seen] == ["b"]


def test_a_change_from_outside_is_restricted_to_what_the_request_may_write(patching: Any, shapes: Any) -> None:
    admitter, api = patching
    api.post(CMS, shapes.config_map("deployments"))

    def change(obj: Any) -> None:
        obj["spec"]["replicas"] = 5
        obj["status"] = {"replicas": 7}
        obj["metadata"].update(uid="mine", creationTimestamp="2000-01-01T00:00:00Z", managedFields=[])

    admitter.change = change
    made = api.post(DEPLOYMENTS, deployment("a")).json

    assert made["spec"]["replicas"] == 5
    assert not made["status"].get("replicas")
    assert made["metadata"]["uid"] != "mine"
    assert made["metadata"]["creationTimestamp"] > "2020"
    assert made["metadata"]["managedFields"]


def test_a_final_refusal_is_not_asked_for_again_though_others_have_written(patching: Any, shapes: Any) -> None:
    admitter, api = patching
    api.post(CMS, shapes.config_map("deployments"))

    def refuse(obj: Any) -> None:
        api.app.cluster.create(CONFIG_MAPS, shapes.config_map(f"other-{len(admitter.seen)}"), "default")
        error = Forbidden("no")
        error.final = obj["metadata"]["name"] == "final"
        raise error

    admitter.change = refuse
    for name in ("final", "newest"):
        assert api.post(DEPLOYMENTS, deployment(name)).status_code == 403

    assert [review.name for review in admitter.seen] == ["final", "newest", "newest"]


def test_an_admitter_keeps_what_it_wants_for_further_attempts(patching: Any, shapes: Any) -> None:
    admitter, api = patching
    api.post(DEPLOYMENTS, deployment("a"))
    api.post(CMS, shapes.config_map("deployments"))

    others: list[Any] = []

    def pause(old: Any) -> Any:
        return {**old, "spec": {**old["spec"], "paused": True}}

    def change(obj: Any) -> None:
        admitter.seen[-1].state.setdefault("attempts", []).append(1)
        if not others:  # another writer comes between; it is asked about as well
            others.append(1)
            api.app.cluster.update(DEPLOYMENT, "a", "default", pause)

    admitter.change = change
    answer = api.patch(f"{DEPLOYMENTS}/a", {"spec": {"replicas": 4}})

    assert answer.status_code == 200
    assert len(admitter.seen[-1].state["attempts"]) == 2


def test_another_name_than_the_requests_is_refused(patching: Any, shapes: Any) -> None:
    admitter, api = patching
    api.post(CMS, shapes.config_map("deployments"))
    admitter.change = lambda obj: obj["metadata"].update(name="other")

    answer = api.post(DEPLOYMENTS, deployment("a"))

    assert answer.status_code == 400
    assert "the name of the object after admission (other) does not match" in answer.json["message"]


def test_the_options_of_a_request_are_told(patching: Any, shapes: Any) -> None:
    admitter, api = patching
    api.post(CMS, shapes.config_map("deployments"))
    api.post(f"{DEPLOYMENTS}?fieldManager=me&dryRun=All&timeout=1m5s", deployment("a"))
    api.post(DEPLOYMENTS, deployment("a"))
    api.delete(f"{DEPLOYMENTS}/a?propagationPolicy=Background")

    api.post(DEPLOYMENTS, deployment("a"))
    api.delete(f"{DEPLOYMENTS}/a", {"kind": "DeleteOptions", "gracePeriodSeconds": 0, "dryRun": ["All"]})
    api.delete(DEPLOYMENTS, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})

    made, plain, gone, _, dry, each = admitter.seen
    kind = {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}
    assert (made.options, made.timeout) == ({**kind, "fieldManager": "me", "dryRun": ["All"]}, 65.0)
    assert (plain.options, plain.timeout) == (kind, 0.0)
    assert gone.options == {**kind, "kind": "DeleteOptions", "propagationPolicy": "Background"}
    assert dry.options == {**kind, "kind": "DeleteOptions", "gracePeriodSeconds": 0, "dryRun": ["All"]}
    assert (dry.dry_run, each.dry_run, gone.dry_run) == (True, False, False)
    assert each.options == {**kind, "kind": "DeleteOptions", "gracePeriodSeconds": 0}


def test_a_timeout_that_is_no_duration_is_refused(patching: Any) -> None:
    _, api = patching

    answer = api.post(f"{DEPLOYMENTS}?timeout=soon", deployment("a"))

    assert answer.status_code == 400
    assert answer.json["message"] == ('invalid timeout specified in the request URL - time: invalid duration "soon"')
