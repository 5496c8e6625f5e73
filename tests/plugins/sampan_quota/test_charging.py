import pytest

from sampan_quota.charging import Refused, charge, counted
from sampan_quota.usage import evaluator_of

PODS, SERVICES, MAPS = evaluator_of("pods"), evaluator_of("services"), evaluator_of("configmaps")


def quota(hard, used=None, name="q", **spec):
    used = dict.fromkeys(hard, "0") if used is None else used
    return {"metadata": {"name": name}, "spec": {"hard": hard, **spec}, "status": {"hard": dict(hard), "used": used}}


def pod(**requests):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]}}


def service(kind):
    return {"metadata": {"name": "web"}, "spec": {"type": kind, "ports": [{"port": 80}]}}


def test_what_is_used_is_added_where_it_is_limited():
    first, second, other = quota({"pods": "3", "cpu": "2"}), quota({"cpu": "8"}), quota({"configmaps": "1"})

    changed = charge([first, second, other], PODS, pod(cpu="500m"), None, 0.0)

    assert changed == [first, second]
    assert first["status"]["used"] == {"pods": "1", "cpu": "500m"}
    assert second["status"]["used"] == {"cpu": "500m"}


def test_more_than_the_limit_is_refused_with_all_that_exceeds():
    full = quota({"pods": "1", "memory": "1Gi", "cpu": "4"}, {"pods": "1", "memory": "512Mi", "cpu": "0"})

    with pytest.raises(Refused) as refused:
        charge([full], PODS, pod(cpu="1", memory="1Gi"), None, 0.0)

    assert str(refused.value) == (
        "exceeded quota: q, requested: memory=1Gi,pods=1, used: memory=512Mi,pods=1, limited: memory=1Gi,pods=1"
    )


def test_a_pod_that_does_not_say_what_is_limited_is_refused():
    with pytest.raises(Refused, match=r"^failed quota: q: must specify memory for: c$"):
        charge([quota({"memory": "1Gi"})], PODS, pod(), None, 0.0)


def test_a_quota_that_is_not_counted_yet_refuses():
    with pytest.raises(Refused, match=r"^status unknown for quota: q, resources: pods$"):
        charge([quota({"pods": "1"}, {})], PODS, pod(), None, 0.0)


def test_limits_that_are_not_in_the_status_yet_count_nothing():
    fresh = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}}

    assert charge([fresh], PODS, pod(), None, 0.0) == []


def test_an_update_is_charged_for_what_it_adds():
    limit = quota({"services": "1", "services.nodeports": "1"}, {"services": "1", "services.nodeports": "0"})

    assert charge([limit], SERVICES, service("NodePort"), service("ClusterIP"), 0.0) == [limit]
    assert limit["status"]["used"] == {"services": "1", "services.nodeports": "1"}
    assert charge([limit], SERVICES, service("ClusterIP"), service("NodePort"), 0.0) == []


def test_an_update_into_a_scope_is_charged_in_full():
    limit = quota({"pods": "1"}, scopes=["Terminating"])
    old, new = pod(), pod()
    new["spec"]["activeDeadlineSeconds"] = 5

    assert charge([limit], PODS, new, old, 0.0) == [limit]
    assert limit["status"]["used"] == {"pods": "1"}


def test_a_quota_with_scopes_counts_no_kind_without():
    limit = quota({"count/configmaps": "0"}, scopes=["Terminating"])

    assert counted(limit, MAPS, {}) == []
    assert counted(quota({"count/configmaps": "0"}), MAPS, {}) == ["count/configmaps"]


def test_negative_amounts_are_refused():
    with pytest.raises(Refused, match=r"^quota usage is negative for resource\(s\): cpu,requests.cpu$"):
        charge([quota({"cpu": "1"})], PODS, pod(cpu="-1"), None, 0.0)


def test_a_status_that_tells_of_more_is_counted_beyond_the_limit():
    limit = quota({"requests.storage": "1Gi"}, {"requests.storage": "1Gi"})
    old = {"metadata": {}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    new = {**old, "status": {"allocatedResources": {"storage": "2Gi"}}}

    charge([limit], evaluator_of("persistentvolumeclaims"), new, old, 0.0, limited=False)

    assert limit["status"]["used"] == {"requests.storage": "2Gi"}
