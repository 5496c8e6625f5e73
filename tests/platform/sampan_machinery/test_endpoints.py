import pytest

from sampan_machinery.endpoints import NoEndpoints, Target, resolve

REFERENCE = {"name": "ext", "namespace": "default"}


def service(port=443, name="https", **spec):
    return {"spec": {"ports": [{"port": port, "name": name}], **spec}}


def slice_(*addresses, port=8443, name="https", ready=True):
    endpoints = [{"addresses": [address], "conditions": {"ready": ready}} for address in addresses]
    return {"ports": [{"name": name, "port": port}], "endpoints": endpoints}


def test_ready_endpoints_by_the_ports_name_each_once():
    found = resolve(
        REFERENCE,
        service(),
        [
            slice_("10.0.0.1"),
            slice_("10.0.0.1", "10.0.0.2"),
            slice_("10.0.0.3", ready=False),
            slice_("10.0.0.4", name="x"),
        ],
    )

    assert found == Target((("10.0.0.1", 8443), ("10.0.0.2", 8443)), "ext.default.svc")


def test_an_endpoint_that_does_not_say_counts_as_ready():
    odd = slice_("10.0.0.1")
    odd["endpoints"][0].pop("conditions")

    assert resolve(REFERENCE, service(), [odd]).addresses == (("10.0.0.1", 8443),)


def test_an_external_name_is_dialled_on_the_references_port():
    found = resolve({**REFERENCE, "port": 9443}, service(type="ExternalName", externalName="ext.example.org"), [])

    assert found == Target((("ext.example.org", 9443),), "ext.default.svc")


@pytest.mark.parametrize(
    ("there", "slices", "reason"),
    [
        (None, [], "ServiceNotFound"),
        (service(port=80), [slice_("10.0.0.1")], "ServicePortError"),
        (service(), [], "EndpointsNotFound"),
        (service(), [slice_("10.0.0.1", ready=False)], "MissingEndpoints"),
    ],
)
def test_where_there_is_nowhere_to_go_the_reason_is_upstreams(there, slices, reason):
    found = resolve(REFERENCE, there, slices)

    assert isinstance(found, NoEndpoints)
    assert found.reason == reason
    assert "ext" in found.message
