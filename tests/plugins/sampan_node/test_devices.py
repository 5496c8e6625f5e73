import pytest

from sampan.contracts.components import Contributed
from sampan_node.devices import NOTHING, Granted, NotPrepared, PodDevices, with_devices
from sampan_runtime.cdi import CdiProblem
from sampan_runtime.contracts import ContainerSpec, Device, Edits, Mount, RuntimeFailure

POD, CONTAINER = {"metadata": {"name": "web"}}, {"name": "c"}


class Claimed:
    name = "test"

    def __init__(self, names=(), failure=None):
        self.calls, self.given, self.failure = [], list(names), failure

    def prepare(self, pod):
        self.calls.append("prepare")
        if self.failure is not None:
            raise self.failure

    def names(self, pod, container):
        return self.given

    def release(self, pod):
        self.calls.append("release")

    def close(self):
        self.calls.append("close")
        raise ValueError("oh")


def devices(*claimed):
    return PodDevices([Contributed("p", list(claimed))])


def test_every_plugin_prepares_its_devices_and_takes_them_back():
    one, other = Claimed(["a/b=1"]), Claimed(["c/d=2"])
    found = devices(one, other)

    assert found.prepare(POD, CONTAINER) == Granted(("a/b=1", "c/d=2"))
    found.release(POD)
    found.close()

    assert one.calls == other.calls == ["prepare", "release", "close"]


@pytest.mark.parametrize(
    ("failure", "reason", "text"),
    [
        (RuntimeFailure("FailedPrepareDynamicResources", "no driver"), "FailedPrepareDynamicResources", "no driver"),
        (KeyError("x"), "FailedPrepareDynamicResources", "test: 'x'"),
    ],
)
def test_a_plugin_that_fails_holds_the_container_back(failure, reason, text):
    with pytest.raises(NotPrepared) as raised:
        devices(Claimed(failure=failure)).prepare(POD, CONTAINER)

    assert (raised.value.reason, str(raised.value)) == (reason, text)


def test_a_runtime_that_reads_specifications_gets_names_and_others_what_they_stand_for():
    class Reads:
        takes_cdi = True

    spec = ContainerSpec(name="c", attempt=0, image="i")

    assert with_devices(spec, Granted(("a/b=1",)), Reads()).cdi == ["a/b=1"]
    assert with_devices(spec, NOTHING, Reads()) is spec
    assert with_devices(spec, NOTHING, object()) is spec
    with pytest.raises(CdiProblem, match="unresolvable CDI devices a/none-of-this-name=1"):
        with_devices(spec, Granted(("a/none-of-this-name=1",)), object())


class Giving(Claimed):
    """Admits pods, offers resources and edits containers."""

    def __init__(self, why="", edits=None, offers=None):
        super().__init__()
        self.why, self.changes, self.offers = why, edits or Edits(), offers or {}

    def admit(self, pod):
        self.calls.append("admit")
        return self.why

    def edits(self, pod, container):
        return self.changes

    def resources(self):
        if isinstance(self.offers, Exception):
            raise self.offers
        return self.offers


def test_what_plugins_offer_is_joined_and_one_that_fails_offers_nothing(caplog):
    one, other = Giving(offers={"a.b/c": (2, 1)}), Giving(offers=ValueError("oh"))

    assert devices(one, Claimed(), other).resources() == {"a.b/c": (2, 1)}
    assert "oh" in caplog.text


def test_a_pod_is_taken_where_no_plugin_refuses_it():
    one, other = Giving(), Giving("full")

    assert devices(one, Claimed()).admit(POD) == ""
    assert devices(one, other).admit(POD) == "full"

    assert one.calls == ["admit", "admit", "release"]


def test_containers_get_what_plugins_say_but_the_pods_own_words_count():
    edits = Edits((("A", "plugin"), ("B", "plugin")), (Mount("/h", "/m"),), (Device("/dev/null", "/dev/x"),))
    spec = ContainerSpec(name="c", attempt=0, image="i", env={"A": "pod"}, mounts=[Mount("/own", "/m")])

    granted = devices(Giving(edits=edits), Giving(edits=edits)).prepare(POD, CONTAINER)
    found = with_devices(spec, granted, object())

    assert granted.edits == edits + edits
    assert found.env == {"A": "pod", "B": "plugin"}
    assert list(found.mounts) == [Mount("/own", "/m")]
    assert list(found.devices) == [Device("/dev/null", "/dev/x")]
