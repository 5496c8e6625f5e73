"""Validating webhooks: refusals, failures and their policy, matching, all at once."""

import itertools
import threading

import pytest

from sampan.errors import BadRequest, Forbidden, InternalError, NotFound, StatusError
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES, VALIDATING_WEBHOOK_CONFIGURATIONS
from sampan_webhooks.calling import Calling

DENIED = {"allowed": False, "status": {"message": "no way", "code": 403, "reason": "Forbidden"}}
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
NUMBERS = itertools.count()
NOWHERE = {"url": "https://127.0.0.1:1/x"}


def create(hooks, name="a", namespace="default", **metadata):
    return hooks.client.create(CONFIG_MAPS, {"metadata": {"name": name, **metadata}}, namespace)


@pytest.fixture
def named():
    """A ConfigMap's name that no other test uses."""
    return f"named-{next(NUMBERS)}"


def test_what_a_webhook_allows_is_written_with_its_warnings(hooks, named):
    hooks.add("fine", {"allowed": True, "warnings": ["careful"]})

    create(hooks, named)

    assert hooks.client.get(CONFIG_MAPS, named, "default")
    assert (hooks.last["operation"], hooks.last["name"], hooks.last["namespace"]) == ("CREATE", named, "default")
    assert hooks.last["object"]["metadata"]["name"] == named
    assert hooks.last["oldObject"] is None
    assert hooks.last["options"] == {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}
    assert hooks.last["userInfo"]["username"] == "admin"


def test_a_refusal_is_the_webhooks_status_in_upstreams_words(hooks, named):
    hooks.add("never", DENIED)

    with pytest.raises(Forbidden) as refused:
        create(hooks, named)

    assert refused.value.message == 'admission webhook "never.hooks.test" denied the request: no way'
    with pytest.raises(NotFound):
        hooks.client.get(CONFIG_MAPS, named, "default")


def test_a_configuration_counts_at_once_and_until_it_is_gone(hooks, named):
    hooks.add("never", DENIED)
    with pytest.raises(Forbidden):
        create(hooks, named)

    def narrow(obj):
        obj["webhooks"][0]["rules"][0]["operations"] = ["DELETE"]
        return obj

    found = hooks.client.get(VALIDATING_WEBHOOK_CONFIGURATIONS, "never")
    changed = hooks.client.update(VALIDATING_WEBHOOK_CONFIGURATIONS, narrow(found))

    assert changed["metadata"]["generation"] == 2
    create(hooks, named)
    with pytest.raises(Forbidden):
        hooks.client.delete(CONFIG_MAPS, named, "default")
    assert hooks.last["oldObject"]["metadata"]["name"] == named
    assert (hooks.last["object"], hooks.last["options"]["kind"]) == (None, "DeleteOptions")


def test_a_failing_webhook_refuses_or_is_passed_over_by_its_policy(hooks, named):
    hooks.add("down", clientConfig=NOWHERE, failurePolicy="Ignore")
    create(hooks, named)
    hooks.add("closed", clientConfig=NOWHERE)

    with pytest.raises(InternalError) as failed:
        create(hooks, f"{named}-2")

    why = 'Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused'
    wanted = f'Internal error occurred: failed calling webhook "closed.hooks.test": failed to call webhook: {why}'
    assert failed.value.message == wanted


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (500, 'failed to call webhook: an error on the server ("unknown") has prevented the request from succeeding'),
        (404, "failed to call webhook: the server could not find the requested resource"),
        (302, 'failed to call webhook: an error on the server ("unknown") has prevented the request from succeeding'),
        (b"nonsense", "failed to call webhook: couldn't get version/kind; json parse error: "),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}', "webhook response was absent"),
        ({"uid": "other", "allowed": True}, "expected response.uid="),
        ({"allowed": True, "patch": "W10="}, "validating webhook may not return response.patch"),
    ],
)
def test_an_answer_of_no_use_is_a_failed_call(hooks, named, answer, why):
    hooks.add("odd", answer)

    with pytest.raises(InternalError) as failed:
        create(hooks, named)

    assert why in failed.value.message


def test_a_webhook_that_does_not_answer_in_time_has_failed(hooks, named):
    go = threading.Event()
    hooks.add("slow", lambda request: (go.wait(20) and {}) or {}, timeoutSeconds=1)

    with pytest.raises(InternalError, match=r"slow\?timeout=1s\": context deadline exceeded"):
        create(hooks, named)
    go.set()


def test_all_are_called_at_once_and_the_first_refusal_counts(hooks, named):
    together = threading.Barrier(3)

    def wait(answer):
        return lambda request: together.wait(60) is not None and answer

    hooks.add("b", wait(DENIED))
    hooks.add("a", wait({"allowed": True}))
    hooks.add("c", wait({"allowed": False, "status": {"message": "me neither"}}))

    with pytest.raises(Forbidden, match="no way"):
        create(hooks, named)


def test_selectors_and_conditions_narrow(hooks, named):
    hooks.add("one", objectSelector={"matchLabels": {"a": "b"}})
    hooks.add("two", namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}})
    hooks.add("three", matchConditions=[{"name": "x", "expression": "!object.metadata.name.startsWith('skip')"}])

    create(hooks, f"skip-{named}")
    create(hooks, named, labels={"a": "b"})
    create(hooks, named, namespace="kube-system")

    assert sorted(hooks.asked) == ["one", "three", "three", "two"]


def test_a_condition_that_fails_refuses_or_is_passed_over_by_the_policy(hooks, named):
    broken = [{"name": "x", "expression": "object.data.absent == 'y'"}]
    hooks.add("loose", matchConditions=broken, failurePolicy="Ignore")
    create(hooks, named)
    hooks.add("strict", matchConditions=broken)

    with pytest.raises(Forbidden) as refused:
        create(hooks, f"{named}-2")

    assert refused.value.message == (
        f"configmaps \"{named}-2\" is forbidden: expression 'object.data.absent == 'y'' resulted in error: "
        "no such key: data"
    )
    assert hooks.asked == []


def test_a_condition_may_ask_the_authorizer(hooks, named):
    expression = "authorizer.group('').resource('configmaps').namespace('default').check('create').allowed()"
    hooks.add("allowed", matchConditions=[{"name": "x", "expression": expression}])

    create(hooks, named)

    assert hooks.asked == ["allowed"]


def test_a_dry_run_goes_only_to_webhooks_without_side_effects(hooks, named):
    hooks.add("pure")
    path = "/api/v1/namespaces/default/configmaps"

    hooks.client.request("POST", path, body={"metadata": {"name": named}}, query={"dryRun": "All"})

    assert hooks.last["dryRun"] is True
    assert hooks.last["options"]["dryRun"] == ["All"]


def test_a_review_in_v1beta1_is_sent_to_who_knows_no_other(hooks, named):
    hooks.add("old", lambda request: {"allowed": False, "uid": "any"}, admissionReviewVersions=["v9", "v1beta1", "v1"])

    with pytest.raises(BadRequest, match="denied the request without explanation"):
        create(hooks, named)

    assert hooks.server.requests[-1][2]["apiVersion"] == "admission.k8s.io/v1beta1"


def test_configurations_of_webhooks_are_exempt(hooks):
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
    hooks.add("never", DENIED, rules=[everything])

    hooks.add("other")

    assert hooks.client.get(VALIDATING_WEBHOOK_CONFIGURATIONS, "other")


def test_what_is_created_in_a_namespace_that_is_not_there_is_told_so(hooks, named):
    hooks.add("selects", namespaceSelector={"matchLabels": {"a": "b"}})

    with pytest.raises(StatusError, match='namespaces "nowhere" not found'):
        create(hooks, named, namespace="nowhere")


def test_a_namespace_is_selected_by_its_own_labels(hooks, named):
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["namespaces"]}
    hooks.add("spaces", rules=[rule], namespaceSelector={"matchLabels": {"team": "a"}})

    hooks.client.create(NAMESPACES, {"metadata": {"name": "plain-namespace"}})
    hooks.client.create(NAMESPACES, {"metadata": {"name": "team-namespace", "labels": {"team": "a"}}})

    assert [body["request"]["name"] for _, _, body in hooks.server.requests] == ["team-namespace"]
    assert hooks.last["namespace"] == "team-namespace"


def test_a_connection_is_refused_by_its_options(hooks):
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CONNECT"], "resources": ["pods/exec"]}
    hooks.add("no-exec", DENIED, rules=[rule])
    path = "/api/v1/namespaces/default/pods/none/exec"

    with pytest.raises(Forbidden, match="no way"):
        hooks.client.request("POST", path, query={"command": "ls", "container": "main"})

    options = {"kind": "PodExecOptions", "apiVersion": "v1", "command": ["ls"], "container": "main"}
    assert (hooks.last["object"], hooks.last["name"], hooks.last["subResource"]) == (options, "none", "exec")
    assert (hooks.last["kind"]["kind"], hooks.last["options"]) == ("PodExecOptions", None)


@pytest.mark.parametrize("where", ["body", "query"])
def test_the_options_of_a_deletion_are_seen_and_count(hooks, named, where):
    create(hooks, named)
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}
    hooks.add("deletes", rules=[rule])
    options = {"propagationPolicy": "Orphan"}
    sent = {"body": options} if where == "body" else {"query": options}

    hooks.client.request("DELETE", f"/api/v1/namespaces/default/configmaps/{named}", **sent)

    assert hooks.last["options"]["propagationPolicy"] == "Orphan"
    assert hooks.client.get(CONFIG_MAPS, named, "default")["metadata"]["finalizers"] == ["orphan"]


def test_the_deletions_of_a_collection_share_one_deadline(hooks, monkeypatch):
    names = [f"collected-{number}" for number in range(3)]
    for name in names:
        create(hooks, name, labels={"collected": "yes"})
    rule = {**RULE, "operations": ["DELETE"]}
    hooks.add("counts", rules=[rule])
    deadlines = []
    left = Calling.left
    monkeypatch.setattr(Calling, "left", lambda self, review: deadlines.append(id(review.state)) or left(self, review))

    hooks.client.request("DELETE", "/api/v1/namespaces/default/configmaps", query={"labelSelector": "collected"})

    assert len(hooks.asked) == 3
    assert len(set(deadlines)) == 1
