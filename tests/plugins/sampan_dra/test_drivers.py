import devicedriver
import pytest

from sampan_dra.drivers import Drivers
from sampan_testing.cluster import until


class Api:
    def __init__(self):
        self.slices = [{"metadata": {"name": "s", "uid": "1"}}]
        self.asked = []

    def list(self, resource, fields):
        self.asked.append(fields)
        return self

    @property
    def items(self):
        return list(self.slices)

    def delete(self, resource, name, uid):
        self.slices = [one for one in self.slices if one["metadata"]["name"] != name]


class Timers:
    """Timers that run when the test says so."""

    def __init__(self):
        self.waiting, self.cancelled = [], 0

    def __call__(self, seconds, do, args):
        self.waiting.append((seconds, do, args))
        return self

    def start(self):
        pass

    def cancel(self):
        self.cancelled += 1


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def timers():
    return Timers()


@pytest.fixture
def driver(tmp_path):
    found = devicedriver.Driver("gpu.test", tmp_path / "registry", tmp_path / "data")
    yield found
    found.stop()


@pytest.fixture
def drivers(tmp_path, api, timers):
    found = Drivers(tmp_path / "registry", api, "n", timer=timers)
    found.start()
    yield found
    found.close()


def test_what_a_driver_offered_is_removed_when_it_stays_away(drivers, driver, api, timers):
    driver.start()
    until(lambda: driver.calls("NotifyRegistrationStatus"))
    assert driver.calls("NotifyRegistrationStatus")[0]["plugin_registered"] is True
    assert drivers.get("gpu.test").socket.name == "gpu.test-reg.sock"

    driver.stop()
    until(lambda: timers.waiting)
    assert drivers.get("gpu.test") is None and api.slices
    ((seconds, do, args),) = timers.waiting
    do(*args)

    assert seconds == 30.0 and not api.slices
    assert api.asked == ["spec.nodeName=n,spec.driver=gpu.test"]


def test_a_driver_that_comes_back_keeps_what_it_offered(drivers, driver, timers):
    for _ in range(2):
        driver.start()
        until(lambda: drivers.get("gpu.test"))
        driver.stop()
        until(lambda: not drivers.get("gpu.test"))

    assert timers.cancelled == 1


def test_a_driver_of_older_versions_alone_is_refused(drivers, driver):
    driver.versions = ["v1beta1.DRAPlugin"]
    driver.start()

    until(lambda: driver.calls("NotifyRegistrationStatus"))

    (told,) = driver.calls("NotifyRegistrationStatus")
    assert told["error"] == "no supported version among v1beta1.DRAPlugin; v1.DRAPlugin is wanted"
