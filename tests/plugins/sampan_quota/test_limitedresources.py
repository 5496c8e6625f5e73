import pytest

from sampan.errors import Forbidden
from sampan_machinery.resources import PODS, RESOURCE_QUOTAS
from sampan_quota.charging import Refused
from sampan_quota.limitedresources import require_covered
from sampan_quota.settings import LimitedResource, MatchScope
from sampan_quota.usage import evaluator_of
from sampan_testing.cluster import start

EVALUATOR = evaluator_of("pods")
HIGH = MatchScope("PriorityClass", "In", ("high",))


def pod(priority="", **requests):
    container = {"name": "c", "image": "x", "resources": {"requests": requests}}
    spec = {"containers": [container]} | ({"priorityClassName": priority} if priority else {})
    return {"metadata": {"name": "web"}, "spec": spec}


def quota(hard, **spec):
    return {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": {}}}


def require(limited, new, *quotas, old=None):
    require_covered([limited], "pods", EVALUATOR, quotas, new, old, 0.0)


def test_what_no_quota_limits_is_refused():
    limited = LimitedResource("pods", match_contains=("cpu",))

    with pytest.raises(Refused, match=r"^insufficient quota to consume: cpu,requests\.cpu$"):
        require(limited, pod(cpu="1"))
    require(limited, pod(cpu="1"), quota({"cpu": "1", "requests.cpu": "1"}))
    require(limited, pod(memory="1Gi"))
    require(limited, pod(cpu="1"), old=pod(cpu="2"))


def test_a_scope_needs_a_quota_that_has_it():
    limited = LimitedResource("pods", match_scopes=(HIGH,))
    scoped = quota({"pods": "1"}, scopeSelector={"matchExpressions": [HIGH.as_requirement()]})

    with pytest.raises(Refused, match=r"^insufficient quota to match these scopes: \[\{PriorityClass In \[high\]\}\]$"):
        require(limited, pod("high"), quota({"pods": "1"}))
    require(limited, pod("high"), scoped)
    require(limited, pod("low"))


def test_other_kinds_are_not_concerned():
    require_covered([LimitedResource("deployments", "apps", ("count/",))], "pods", EVALUATOR, [], pod(), None, 0.0)


def test_the_setting_is_asked_also_where_there_is_no_quota():
    limits = [{"resource": "pods", "match_contains": ["memory"]}]
    with start(only=("pods", "quota"), settings={"quota": {"limited_resources": limits}}) as cluster:
        with pytest.raises(Forbidden, match=r"insufficient quota to consume: memory,requests\.memory"):
            cluster.client.create(PODS, pod(memory="1Gi"), "default")
        hard = {"memory": "2Gi", "requests.memory": "2Gi"}
        cluster.client.create(RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": hard}}, "default")
        cluster.until(lambda: cluster.client.create(PODS, pod(memory="1Gi"), "default"))
