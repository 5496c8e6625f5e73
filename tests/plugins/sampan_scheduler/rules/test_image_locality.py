GB = 1 << 30


def with_images(node, *names, size=GB):
    node["status"]["images"] = [{"names": [name], "sizeBytes": size} for name in names]
    return node


def pod(build, image):
    return build.pod("p", containers=[{"name": "c", "image": image}])


def test_a_node_that_has_the_image_is_better_by_how_many_have_it(build, place):
    nodes = [with_images(build.node("a"), "web:1"), build.node("b"), build.node("c")]
    cluster = place(*nodes)

    found = cluster.explain(pod(build, "web:1")).points

    assert [found[name]["ImageLocality"] for name in "abc"] == [32, 0, 0]
    assert cluster.node_of(pod(build, "web:1")) == "a"


def test_small_and_unknown_images_give_no_points(build, place):
    cluster = place(with_images(build.node("a"), "web:1", size=1 << 20), build.node("b"))

    for image in ("web:1", "other"):
        assert "ImageLocality" not in cluster.explain(pod(build, image)).points["a"]


def test_images_that_go_count_no_more(build, place):
    cluster = place(with_images(build.node("a"), "web:1"), with_images(build.node("b"), "web:1"))
    cluster.cluster.set_node(build.node("a"))
    cluster.cluster.drop_node("b")

    assert cluster.cluster.images == {}
