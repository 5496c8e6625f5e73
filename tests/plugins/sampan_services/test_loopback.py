"""Where Services may lead: not to the node itself, nor to what only looks like another machine."""

from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan_services.loopback import is_component

NS = "/api/v1/namespaces/default"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
CONTROLLER = User("system:kube-controller-manager")


def slice_of(address, kind="IPv4"):
    return {
        "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "s"}}, "addressType": kind,
        "ports": [{"port": 80}], "endpoints": [{"addresses": [address]}],
    }  # fmt: skip


def endpoints_of(address):
    return {"metadata": {"name": "s"}, "subsets": [{"addresses": [{"ip": address}], "ports": [{"port": 80}]}]}


def make(api, what, address, **more):
    kind = "IPv6" if ":" in address else "IPv4"
    spec = {"externalIPs": [address], "ports": [{"port": 80}]}
    path, body = {
        "slice": (SLICES, slice_of(address, kind)),
        "endpoints": (f"{NS}/endpoints", endpoints_of(address)),
        "external": (f"{NS}/services", {"metadata": {"name": "s"}, "spec": spec}),
    }[what]  # fmt: skip
    return api("POST", path, body, **more)


def pod(api, address, **spec):
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}], **spec}}
    assert api("POST", f"{NS}/pods", body)[0] == 201
    patch = {"status": {"podIP": address, "podIPs": [{"ip": address}]}}
    assert api("PATCH", f"{NS}/pods/p/status", patch, media="application/merge-patch+json")[0] == 200


@pytest.mark.parametrize("what", ["slice", "endpoints", "external"])
@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "may not be in the loopback range"), ("127.1.2.3", "may not be in the loopback range"),
        ("::1", "may not be in the loopback range"), ("169.254.169.254", "may not be in the link-local range"),
        ("fe80::1", "may not be in the link-local range"),
        ("224.0.0.1", "may not be in the link-local multicast range"),
        ("ff02::1", "may not be in the link-local multicast range"), ("0.0.0.0", "may not be unspecified"),
        ("::", "may not be unspecified"), ("192.0.2.300", "must be a valid IP address"),
        ("192.0.2.1/32", "must be a valid IP address"), ("", "must be a valid IP address"),
    ],
)  # fmt: skip
def test_an_address_that_leads_to_no_other_machine_is_refused(api, what, address, why):
    code, answer = make(api, what, address)

    assert code == 422
    assert why in answer["message"]


def test_an_ipv4_address_written_as_ipv6_is_the_same_address(api):
    """As upstream since 1.33 it is refused by its form, wherever it leads."""
    for address in ("::ffff:127.0.0.1", "::ffff:169.254.169.254"):
        status, answer = make(api, "endpoints", address)
        assert status == 422 and "must not be an IPv4-mapped IPv6 address" in answer["message"]


@pytest.mark.parametrize("what", ["slice", "endpoints", "external"])
def test_others_are_fine(api, what):
    assert make(api, what, "192.0.2.1")[0] == 201


def test_a_slice_holds_addresses_of_its_own_type(api):
    for address, kind, code in (
        ("2001:db8::1", "IPv4", 422), ("192.0.2.1", "IPv6", 422), ("not a name", "FQDN", 422),
        ("example.org", "FQDN", 201), ("192.0.2.1", "IPv4", 201), ("2001:db8::1", "IPv6", 201),
    ):  # fmt: skip
        assert api("POST", f"{SLICES}?dryRun=All", slice_of(address, kind))[0] == code, (address, kind)


@pytest.mark.parametrize("what", ["slice", "endpoints"])
def test_a_pod_s_own_loopback_address_is_fine(api, what):
    pod(api, "127.200.1.2")

    assert make(api, what, "127.200.1.2")[0] == 201


@pytest.mark.parametrize("what", ["slice", "endpoints"])
def test_not_so_the_host_s_which_a_pod_shares(api, what):
    pod(api, "127.0.0.1", hostNetwork=True)

    assert make(api, what, "127.0.0.1")[0] == 422


@pytest.mark.parametrize("what", ["slice", "endpoints"])
def test_the_platform_s_own_may_lead_to_loopback_and_others_may_keep_what_is_there(api, what):
    path = f"{SLICES}/s" if what == "slice" else f"{NS}/endpoints/s"
    assert make(api, what, "127.0.0.1", user=CONTROLLER)[0] == 201
    assert make(api, "external", "127.0.0.1", user=CONTROLLER)[0] == 422

    labelled = api("PATCH", path, {"metadata": {"labels": {"a": "b"}}}, media="application/merge-patch+json")
    assert labelled[0] == 200


def test_components_are_told_from_accounts_and_nodes():
    for name in ("system:apiserver", "system:sampan-dns", "system:kube-controller-manager"):
        assert is_component(User(name))
    for name in ("admin", "system:anonymous", "system:node:n1", "system:serviceaccount:kube-system:dns"):
        assert not is_component(User(name, ("system:masters",)))
