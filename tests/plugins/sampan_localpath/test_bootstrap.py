from sampan_localpath.bootstrap import objects, storage_class


def test_the_class_is_the_default_unless_a_setting_says_no():
    key = "storageclass.kubernetes.io/is-default-class"

    assert storage_class(default=True)["metadata"]["annotations"][key] == "true"
    assert storage_class(default=False)["metadata"]["annotations"][key] == "false"


def test_the_provisioner_may_do_no_more_than_its_work():
    (role,) = (one for one in objects("u", default=True) if one["kind"] == "ClusterRole")

    allowed = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert not any(resource in ("secrets", "pods") or "*" in (resource, verb) for resource, verb in allowed)
