from sampan_storage.scheduling.limits import NodeVolumeLimits

FULL = "node(s) exceed max volume count"


def csi(build, name):
    build.claim(name, volume=f"pv-{name}")
    build.volume(f"pv-{name}", csi={"driver": "d.test", "volumeHandle": name})
    return build.pod(name, name=f"pod-{name}")


def limited(known, count, driver="d.test"):
    known.nodes["n"] = {"spec": {"drivers": [{"name": driver, "allocatable": {"count": count}}]}}


def test_a_node_takes_so_many_volumes_of_a_driver(build, known, ask):
    first, second = csi(build, "a"), csi(build, "b")
    rules = NodeVolumeLimits(known)
    assert ask(rules, second, build.node("n", first)) == [""]

    limited(known, 1)
    assert ask(rules, second, build.node("n", first)) == [FULL]
    assert ask(rules, second, build.node("n")) == [""]


def test_a_volume_that_is_there_counts_once(build, known, ask):
    limited(known, 1)
    first = csi(build, "a")

    assert ask(NodeVolumeLimits(known), build.pod("a", name="again"), build.node("n", first)) == [""]


def test_what_is_still_attached_counts(build, known, ask):
    limited(known, 1)
    csi(build, "old")
    known.attached = [{"spec": {"nodeName": "n", "source": {"persistentVolumeName": "pv-old"}}}]

    assert ask(NodeVolumeLimits(known), csi(build, "a"), build.node("n")) == [FULL]


def test_a_volume_that_will_be_made_counts(build, known, ask):
    limited(known, 0, "x.test/p")
    build.claim()

    assert ask(NodeVolumeLimits(known), build.pod("data"), build.node("n")) == [FULL]


def test_a_driver_may_demand_to_be_on_the_node(build, known, ask):
    pod = csi(build, "a")
    known.drivers["d.test"] = {"spec": {"preventPodSchedulingIfMissing": True}}

    assert ask(NodeVolumeLimits(known), pod, build.node("n")) == ["d.test CSI driver is not installed on the node"]
    known.nodes["n"] = {"spec": {"drivers": [{"name": "d.test"}]}}
    assert ask(NodeVolumeLimits(known), pod, build.node("n")) == [""]
