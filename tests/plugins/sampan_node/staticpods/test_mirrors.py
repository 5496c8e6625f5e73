from sampan_node.staticpods.mirrors import is_mirror, is_static


def pod(**annotations):
    return {"metadata": {"annotations": {f"kubernetes.io/config.{key}": value for key, value in annotations.items()}}}


def test_a_static_pod_is_known_by_its_source_and_its_mirror_by_the_hash():
    assert is_static(pod(source="file")) and not is_static(pod(source="api")) and not is_static({"metadata": {}})
    assert is_mirror(pod(mirror="x")) and not is_mirror(pod(source="file"))
