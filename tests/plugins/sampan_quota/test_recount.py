from sampan_quota import recount
from sampan_quota.usage import whole


def quota(hard, status=None, **spec):
    found = {"metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard, **spec}}
    return found if status is None else {**found, "status": status}


KNOWN = ["configmaps", "pods", "services", "widgets.example.com"]


def test_the_kinds_that_are_counted():
    hard = {"cpu": "1", "count/widgets.example.com": "1", "count/gone.example.com": "1"}

    assert recount.kinds_of(quota(hard), KNOWN) == ["pods", "widgets.example.com"]
    assert recount.kinds_counted({"configmaps", "services"}, KNOWN) == ["configmaps", "services"]


def test_objects_are_read_only_where_it_matters_what_they_say():
    assert recount.needs_objects(quota({"pods": "1"}), "pods")
    assert recount.needs_objects(quota({"count/pods": "1"}, scopes=["BestEffort"]), "pods")
    assert not recount.needs_objects(quota({"count/pods": "1"}), "pods")
    assert not recount.needs_objects(quota({"configmaps": "1"}), "configmaps")


def test_objects_outside_of_the_scopes_are_not_counted():
    short = {"metadata": {}, "spec": {"activeDeadlineSeconds": 1, "containers": []}}
    long = {"metadata": {}, "spec": {"containers": []}}

    found = recount.usage_of_objects(quota({"pods": "9"}, scopes=["Terminating"]), "pods", [short, long], 0.0)

    assert found["pods"] == whole(1)


def test_a_kind_without_scopes_is_in_none():
    assert recount.usage_of_number(quota({"configmaps": "9"}), "configmaps", 3) == {"configmaps": whole(3)}
    assert recount.usage_of_number(quota({"configmaps": "9"}, scopes=["BestEffort"]), "configmaps", 3) == {
        "configmaps": whole(0)
    }


def test_the_new_status_has_the_limits_and_all_that_was_counted():
    limits = quota({"pods": "9", "configmaps": "1000m", "count/gone.example.com": "1"}, {"used": {"secrets": "1"}})

    found = recount.new_status(limits, {"pods": {"pods": whole(2)}, "configmaps": {"configmaps": whole(0)}})

    assert found == {
        "hard": {"pods": "9", "configmaps": "1", "count/gone.example.com": "1"},
        "used": {"pods": "2", "configmaps": "0"},
    }


def test_nothing_is_written_where_nothing_is_different():
    status = {"hard": {"pods": "9"}, "used": {"pods": "2"}}

    assert recount.new_status(quota({"pods": "9"}, status), {"pods": {"pods": whole(2)}}) is None
    assert recount.new_status(quota({"pods": "8"}, status), {"pods": {"pods": whole(2)}}) is not None


def test_a_quota_is_new_until_its_status_has_its_limits():
    assert recount.is_new(quota({"pods": "9"}))
    assert recount.is_new(quota({"pods": "9"}, {"hard": {"pods": "8"}}))
    assert not recount.is_new(quota({"cpu": "1000m"}, {"hard": {"cpu": "1"}}))


def test_what_moves_a_pod_between_scopes():
    assert recount.scope_facts("pods", {"spec": {"activeDeadlineSeconds": 1}}) == [True, True, False]
    assert recount.scope_facts("configmaps", {}) == [False, False, False]
