import pytest

from sampan.contracts.components import Contributed
from sampan_node.devices import NotPrepared, PodDevices, with_devices
from sampan_runtime.cdi import CdiProblem
from sampan_runtime.contracts import ContainerSpec, RuntimeFailure

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

    assert found.prepare(POD, CONTAINER) == ["a/b=1", "c/d=2"]
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

    assert with_devices(spec, ["a/b=1"], Reads()).cdi == ["a/b=1"]
    assert with_devices(spec, [], Reads()) is spec
    assert with_devices(spec, [], object()) is spec
    with pytest.raises(CdiProblem, match="unresolvable CDI devices a/none-of-this-name=1"):
        with_devices(spec, ["a/none-of-this-name=1"], object())
