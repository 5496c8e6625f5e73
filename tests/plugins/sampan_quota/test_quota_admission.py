import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_machinery.resources import CONFIG_MAPS, EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS, RESOURCE_QUOTAS, SERVICES
from sampan_quota.quota_admission import QuotaAdvice, QuotaOfClaimStatus, QuotaOfCreates, QuotaOfUpdates, Quotas
from sampan_testing.shelves import Shelf


def quota(hard, used=None, namespace="default"):
    used = dict.fromkeys(hard, "0") if used is None else used
    metadata = {"name": "q", "namespace": namespace}
    return RESOURCE_QUOTAS, {"metadata": metadata, "spec": {"hard": hard}, "status": {"hard": hard, "used": used}}


def review(resource, obj, shelf, *, old=None, namespace="default", sub=""):
    operation = "CREATE" if old is None else "UPDATE"
    kind = Kind(**resource._asdict())
    return Review(operation, kind, sub, namespace, "web", obj, old, ANONYMOUS, False, shelf)


NAMED = {"metadata": {"name": "web"}}


def pod(**spec):
    return {**NAMED, "spec": {"containers": [{"name": "c"}], **spec}}


def test_the_use_is_written_in_the_same_commit():
    asked = review(CONFIG_MAPS, NAMED, Shelf([quota({"configmaps": "2"})]))

    QuotaOfCreates(Quotas()).admit(asked)

    assert [each["status"]["used"] for each in asked.also_update] == [{"configmaps": "1"}]


def test_a_refusal_is_upstreams():
    asked = review(CONFIG_MAPS, NAMED, Shelf([quota({"configmaps": "2"}, {"configmaps": "2"})]))

    with pytest.raises(Forbidden) as refused:
        QuotaOfCreates(Quotas()).admit(asked)

    assert str(refused.value) == (
        'configmaps "web" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, '
        "limited: configmaps=2"
    )


@pytest.mark.parametrize(
    "resource, namespace", [(CONFIG_MAPS, "elsewhere"), (CONFIG_MAPS, ""), (EVENTS, "default"), (SERVICES, "default")]
)
def test_what_no_quota_counts(resource, namespace):
    asked = review(resource, NAMED, Shelf([quota({"configmaps": "0", "count/events": "0"})]), namespace=namespace)

    QuotaOfCreates(Quotas()).admit(asked)

    assert asked.also_update == []


def test_a_namespace_without_quotas_is_asked_about_once_until_one_changes():
    shelf, quotas = Shelf(), Quotas()

    assert quotas.of(shelf, "default") == []
    shelf._objects[("", "resourcequotas", "default", "q")] = quota({"pods": "1"})[1]  # and no new generation
    assert quotas.of(shelf, "default") == []
    shelf.put(*quota({"pods": "1"}))
    assert len(quotas.of(shelf, "default")) == 1


@pytest.mark.parametrize(
    "new, sub, charged",
    [(pod(), "", False), (pod(activeDeadlineSeconds=5), "", True), (pod(), "resize", False)],
)
def test_of_pods_only_changes_that_matter_are_counted(new, sub, charged):
    shelf = Shelf([quota({"pods": "9"})])
    shelf.put(RESOURCE_QUOTAS, {**quota({"pods": "9"})[1], "spec": {"hard": {"pods": "9"}, "scopes": ["Terminating"]}})
    asked = review(PODS, new, shelf, old=pod(), sub=sub)

    QuotaOfUpdates(Quotas()).admit(asked)

    assert bool(asked.also_update) is charged


def test_the_status_of_a_claim_is_counted_where_it_tells_of_more():
    claim = {**NAMED, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    grown = {**claim, "status": {"allocatedResources": {"storage": "2Gi"}}}
    shelf = Shelf([quota({"requests.storage": "1Gi"}, {"requests.storage": "1Gi"})])
    rule = QuotaOfClaimStatus(Quotas())
    same = review(PERSISTENT_VOLUME_CLAIMS, claim, shelf, old=claim, sub="status")
    more = review(PERSISTENT_VOLUME_CLAIMS, grown, shelf, old=claim, sub="status")

    rule.admit(same)
    rule.admit(more)

    assert same.also_update == []
    assert more.also_update[0]["status"]["used"] == {"requests.storage": "2Gi"}


def test_advice_is_a_warning():
    asked = review(RESOURCE_QUOTAS, {**NAMED, "spec": {"hard": {"cpu": "2", "limits.cpu": "1"}}}, Shelf())

    QuotaAdvice().admit(asked)

    assert asked.warnings == ["ResourceQuota cpu (2) should be less than limits.cpu (1)"]
