"""Where a clientConfig points to: a URL, or the ready endpoints of a Service."""

import base64

import pytest

from sampan_machinery.resources import ENDPOINT_SLICES, SERVICES
from sampan_testing.shelves import Shelf
from sampan_webhookclient.destinations import Destination, Trust, of_config, of_url
from sampan_webhookclient.failures import CallFailed

REFERENCE = {"name": "hook", "namespace": "default"}


def cluster(*addresses, ports=({"port": 443, "name": "https"},)):
    shelf = Shelf()
    shelf.put(SERVICES, {"metadata": {"name": "hook", "namespace": "default"}, "spec": {"ports": list(ports)}})
    endpoints = [{"addresses": [address], "conditions": {"ready": True}} for address in addresses]
    labels = {"kubernetes.io/service-name": "hook"}
    metadata = {"name": "hook-1", "namespace": "default", "labels": labels}
    ports = [{"name": "https", "port": 8443}]
    shelf.put(ENDPOINT_SLICES, {"metadata": metadata, "ports": ports, "endpoints": endpoints})
    return shelf


def test_a_service_is_its_endpoints_and_its_name_is_checked():
    found = of_config({"service": {**REFERENCE, "path": "check"}}, cluster("10.0.0.1", "10.0.0.2"))

    addresses = (("10.0.0.1", 8443), ("10.0.0.2", 8443))
    assert found == Destination(addresses, "hook.default.svc", "hook.default.svc", "/check", Trust())
    assert found.url("timeout=5s") == "https://hook.default.svc/check?timeout=5s"


def test_another_port_is_part_of_the_host():
    shelf = cluster("10.0.0.1", ports=({"port": 9443, "name": "https"},))

    assert of_config({"service": {**REFERENCE, "port": 9443}}, shelf).host == "hook.default.svc:9443"


@pytest.mark.parametrize(
    ("shelf", "port", "why"),
    [
        (Shelf(), 443, 'service "hook" not found'),
        (cluster(), 443, 'no endpoints available for service "hook"'),
        (cluster("10.0.0.1"), 9, 'no service port 9 found for service "hook"'),
    ],
)
def test_where_there_is_nowhere_to_go_it_says_why(shelf, port, why):
    found = of_config({"service": {**REFERENCE, "port": port}}, shelf)

    assert (found.addresses, found.failure) == ((), why)


def test_a_url_keeps_its_path_and_query():
    config = {"url": "https://hooks.test:8443/a?b=c", "caBundle": base64.b64encode(b"PEM").decode()}

    found = of_config(config, Shelf())

    assert found == Destination((("hooks.test", 8443),), "hooks.test", "hooks.test:8443", "/a?b=c", Trust("PEM"))
    assert found.target("timeout=1s") == "/a?b=c&timeout=1s"


def test_a_file_may_name_a_plain_url():
    assert of_url("http://127.0.0.1", Trust()).addresses == (("127.0.0.1", 80),)
    assert of_url("http://127.0.0.1", Trust()).url() == "http://127.0.0.1/"


@pytest.mark.parametrize("url", ["", "https://", "ftp://x", "https://[::1", "https://x:99999999/"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(CallFailed, match="unable to parse URL"):
        of_url(url, Trust())


def test_a_bundle_that_is_no_base64_is_refused():
    with pytest.raises(CallFailed, match="unable to load root certificates"):
        of_config({"url": "https://x", "caBundle": "§"}, Shelf())
