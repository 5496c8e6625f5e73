from sampan_csi.snapshots.naming import content_name


def test_a_content_is_named_after_its_snapshot():
    assert content_name({"metadata": {"uid": "1-2"}}) == "snapcontent-1-2"
