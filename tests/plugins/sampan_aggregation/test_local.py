from sampan_aggregation.local import changes, wanted
from sampan_aggregation.resources import AUTOMANAGED


def api_service(name, *, ours=True, service=None):
    labels = {AUTOMANAGED: "onstart"} if ours else {}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"service": service} if service else {}}


def test_each_group_version_has_one_in_upstreams_order():
    found = wanted([("", "v1"), ("apps", "v1"), ("web.example.org", "v1")])

    assert list(found) == ["v1.", "v1.apps", "v1.web.example.org"]
    assert [each["spec"]["groupPriorityMinimum"] for each in found.values()] == [18_000, 17_900, 1_000]
    assert [each["spec"]["versionPriority"] for each in found.values()] == [1, 15, 15]


def test_missing_ones_are_made_and_ours_that_are_served_no_more_go():
    want = wanted([("apps", "v1"), ("batch", "v1")])
    there = [
        api_service("v1.apps"),
        api_service("v1.gone"),
        api_service("v1.theirs", ours=False),
        api_service("v1.elsewhere", service={"name": "ext"}),
    ]
    missing, gone = changes(want, there)

    assert [each["metadata"]["name"] for each in missing] == ["v1.batch"]
    assert [each["metadata"]["name"] for each in gone] == ["v1.gone"]
