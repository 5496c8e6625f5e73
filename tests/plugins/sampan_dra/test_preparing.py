"""Devices of pods, with a driver over gRPC."""

import time

import devicedriver
import pytest

from sampan.errors import NotFound
from sampan_dra.drivers import Drivers
from sampan_dra.prepared import PreparedClaims
from sampan_dra.preparing import DynamicDevices
from sampan_runtime.contracts import RuntimeFailure

DRIVER = "gpu.test"


class Api:
    def __init__(self):
        self.claims = {}

    def get(self, resource, name, namespace):
        if name not in self.claims:
            raise NotFound(name)
        return self.claims[name]

    def claim(self, name, *pods, driver=DRIVER, **more):
        results = [{"driver": driver, "pool": "p", "device": "a", "request": "gpu"}]
        reserved = [{"resource": "pods", "name": pod, "uid": f"uid-{pod}"} for pod in pods]
        status = {"allocation": {"devices": {"results": results}}, "reservedFor": reserved}
        meta = {"name": name, "namespace": "ns", "uid": f"uid-{name}", **more}
        self.claims[name] = {"metadata": meta, "status": status}


def pod(name="web", claim="mine", **status):
    spec = {"resourceClaims": [{"name": "gpu", "resourceClaimName": claim}], "containers": [CONTAINER]}
    return {"metadata": {"name": name, "namespace": "ns", "uid": f"uid-{name}"}, "spec": spec, "status": status}


CONTAINER = {"name": "c", "resources": {"claims": [{"name": "gpu"}]}}


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def driver(tmp_path):
    found = devicedriver.Driver(DRIVER, tmp_path / "registry", tmp_path / "data")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "home" / "claims.json"


@pytest.fixture
def devices(tmp_path, api, driver, file):
    drivers = Drivers(tmp_path / "registry", api, "n")
    drivers.start()
    end = time.monotonic() + 30
    while drivers.get(DRIVER) is None:
        assert time.monotonic() < end, "the driver did not register"
        time.sleep(0.02)
    found = DynamicDevices(drivers, api, PreparedClaims(file))
    yield found
    found.close()


def test_devices_are_prepared_once_and_unprepared_after_the_last_pod(devices, driver, api):
    api.claim("mine", "web", "other")
    for name in ("web", "web", "other"):
        devices.prepare(pod(name))

    (call,) = driver.calls("NodePrepareResources")
    assert call["claims"] == [{"namespace": "ns", "uid": "uid-mine", "name": "mine"}]
    assert devices.names(pod(), CONTAINER) == [f"{DRIVER}/one=a"]
    assert devices.names(pod(), {"name": "none"}) == []

    devices.release(pod())
    assert not driver.calls("NodeUnprepareResources")
    devices.release(pod("other"))
    devices.release(pod("other"))

    (call,) = driver.calls("NodeUnprepareResources")
    assert call["claims"][0]["uid"] == "uid-mine"


def test_a_container_gets_the_devices_of_its_request_alone(devices, driver, api):
    driver.requests = ["gpu/large"]
    api.claim("mine", "web")
    devices.prepare(pod())

    def names(request):
        return devices.names(pod(), {"name": "c", "resources": {"claims": [{"name": "gpu", "request": request}]}})

    assert names("gpu") == names("gpu/large") == [f"{DRIVER}/one=a"]
    assert names("other") == []


def test_what_was_prepared_is_known_to_another_agent(devices, driver, api, file):
    api.claim("mine", "web")
    devices.prepare(pod())

    again = DynamicDevices(devices._drivers, api, PreparedClaims(file))

    assert again.names(pod(), CONTAINER) == [f"{DRIVER}/one=a"]
    again.prepare(pod())
    again.release(pod())
    assert len(driver.calls("NodePrepareResources")) == len(driver.calls("NodeUnprepareResources")) == 1
    assert not PreparedClaims(file).of_pod("uid-web")


def test_a_driver_that_fails_holds_the_pod_back_and_is_asked_again(devices, driver, api):
    api.claim("mine", "web")
    driver.errors["NodePrepareResources"] = "no power"
    with pytest.raises(RuntimeFailure, match="NodePrepareResources failed for ResourceClaim mine: no power") as raised:
        devices.prepare(pod())
    assert raised.value.reason == "FailedPrepareDynamicResources"
    with pytest.raises(RuntimeFailure, match="is not prepared"):
        devices.names(pod(), CONTAINER)

    driver.errors.clear()
    devices.prepare(pod())
    driver.errors["NodeUnprepareResources"] = "busy"
    with pytest.raises(RuntimeFailure, match="busy"):
        devices.release(pod())
    driver.errors.clear()

    devices.release(pod())

    assert len(driver.calls("NodeUnprepareResources")) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, r'resourceclaim\.resource\.k8s\.io "mine" not found'),
        ({"pods": ("another",)}, "is not allowed to use ResourceClaim mine"),
        ({"pods": ("web",), "driver": "none.test"}, r"DRA driver none\.test is not registered"),
    ],
)
def test_why_a_claim_cannot_be_prepared_is_told(devices, driver, api, change, why):
    if change:
        api.claim("mine", *change.pop("pods"), **change)

    with pytest.raises(RuntimeFailure, match=why):
        devices.prepare(pod())
    assert not driver.calls("NodePrepareResources")


def test_a_claim_that_took_another_s_name_waits_for_it(devices, api):
    api.claim("mine", "web")
    devices.prepare(pod())
    api.claim("mine", "new", uid="another")

    with pytest.raises(RuntimeFailure, match="old ResourceClaim with same name mine"):
        devices.prepare(pod("new"))


def test_a_claim_of_a_template_has_to_be_there_and_the_pod_s(devices, api):
    made = pod()
    made["spec"]["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": "t"}]
    with pytest.raises(RuntimeFailure, match="ResourceClaim not created yet"):
        devices.prepare(made)

    made["status"] = {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "mine"}]}
    api.claim("mine", "web")
    with pytest.raises(RuntimeFailure, match="was not created for Pod"):
        devices.prepare(made)


def test_devices_for_extended_resources_reach_the_container_that_asked(devices, api):
    api.claim("mine", "web")
    mappings = [{"containerName": "c", "resourceName": "x.test/gpu", "requestName": "gpu"}]
    extended = {"resourceClaimName": "mine", "requestMappings": mappings}
    asking = pod(extendedResourceClaimStatus=extended)
    asking["spec"] = {"containers": [{"name": "c"}]}

    devices.prepare(asking)

    assert devices.names(asking, {"name": "c"}) == [f"{DRIVER}/one=a"]
    assert devices.names(asking, {"name": "d"}) == []


def test_a_pod_without_claims_costs_nothing(devices, driver):
    plain = {"metadata": {"name": "p", "namespace": "ns", "uid": "p"}, "spec": {"containers": []}, "status": {}}

    devices.prepare(plain)
    devices.release(plain)

    assert not driver.calls("NodePrepareResources", "NodeUnprepareResources")
