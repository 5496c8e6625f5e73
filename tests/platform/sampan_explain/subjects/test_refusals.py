import pytest

from sampan_explain import Objects
from sampan_explain.subjects import refusals


@pytest.mark.parametrize(
    ("message", "reason", "words"),
    [
        (
            'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3',
            "QuotaExceeded",
            "pods=1 is asked for, pods=3 of pods=3 is used",
        ),
        (
            'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: app',
            "QuotaWantsRequests",
            "limits.cpu",
        ),
        (
            'pods "a" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
            "PodSecurity",
            "allowPrivilegeEscalation",
        ),
        ('admission webhook "w.example" denied the request: no latest tags', "WebhookDenied", "no latest tags"),
        (
            'Internal error: failed calling webhook "w.example": Post: connection refused',
            "WebhookUnreachable",
            "does not answer",
        ),
        (
            "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: too big",
            "PolicyDenied",
            "too big",
        ),
        (
            'pods "a" is forbidden: error looking up service account x/builder: serviceaccount "builder" not found',
            "ServiceAccountMissing",
            "ServiceAccount builder",
        ),
        (
            'pods "a" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
            "LimitRange",
            "maximum cpu usage",
        ),
        ('pods "a" is forbidden: no PriorityClass with name high was found', "NoPriorityClass", "high"),
        ('pods is forbidden: User "system:x" cannot create resource "pods" in API group ""', "Forbidden", "system:x"),
        ('Pod "a" is invalid: spec.x: Required value', "CreateFailed", "Required value"),
    ],
)
def test_what_refuses_pods_is_told_by_its_message(make, message, reason, words):
    template = {"template": {"spec": {"serviceAccountName": "builder"}}}
    found = list(refusals.explain(message, make.obj("Job", "a", "batch/v1", spec=template), Objects.of([], make.now)))

    assert [cause.reason for cause in found] == [reason]
    assert words in found[0].text


def test_a_quota_shows_how_full_it_is(make):
    quota = make.obj("ResourceQuota", "q", status={"hard": {"pods": "3"}, "used": {"pods": "3"}})
    message = "exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3"
    found = list(refusals.explain(message, make.obj("Job", "a", "batch/v1"), Objects.of([quota], make.now)))

    assert found[0].facts == ("resourcequota/q: pods 3 of 3",)
