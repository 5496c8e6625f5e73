from __future__ import annotations

import pytest

from sampan_ingress.backends import upstream_of
from sampan_ingress.model import Endpoint, Upstream

ENDING = {"ready": False, "serving": True, "terminating": True}


def found(made, backend, **given):
    return upstream_of("default", backend, made.seen(**given), "round_robin")


def test_pods_are_reached_directly_by_number_or_name(made):
    ends = (Endpoint("10.0.0.1", 8080), Endpoint("10.0.0.2", 8080))
    slices = [made.slice("web", "10.0.0.2", "10.0.0.1"), made.slice("other", "10.9.9.9")]

    assert found(made, made.backend(), slices=slices) == (Upstream("default_web_80", ends), "")
    assert found(made, made.backend(port="http"), slices=slices) == (Upstream("default_web_http", ends), "")


def test_only_ready_ones_count_and_ending_ones_where_none_is_ready(made):
    unready, ending = (
        made.slice("web", "10.0.0.3", conditions={"ready": False}),
        made.slice("web", "10.0.0.4", conditions=ENDING),
    )
    ready = made.slice("web", "10.0.0.1")

    def ends(*slices):
        return [one.address for one in found(made, made.backend(), slices=slices)[0].endpoints]

    assert ends(ready, unready, ending) == ["10.0.0.1"]
    assert ends(unready, ending) == ["10.0.0.4"]
    assert ends(unready) == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"services": []}, "Service default/web does not exist"),
        ({"services": [{"metadata": {"namespace": "default", "name": "web"}, "spec": {"type": "ExternalName"}}]},
         "Service default/web is of type ExternalName, which would let an Ingress lead anywhere"),
    ],
)  # fmt: skip
def test_a_service_that_leads_nowhere_is_said(made, given, why):
    assert found(made, made.backend(), **given) == (Upstream("default_web_80"), why)


def test_what_a_lax_server_let_through_leads_nowhere(made):
    for backend in (made.backend("$host"), made.backend("a/b"), made.backend("web", "x;y"), {"service": {}}):
        assert found(made, backend)[0] == Upstream("none")
    for address in ("unix:/run/x", "localhost", "10.0.0.1; evil"):
        assert found(made, made.backend(), slices=[made.slice("web", address)]) == (Upstream("default_web_80"), "")


def test_other_ports_and_resources_are_said(made):
    assert found(made, made.backend(port=81))[1] == "Service default/web has no TCP port 81"
    assert found(made, made.backend(port="x"))[1] == "Service default/web has no TCP port x"
    assert found(made, {"resource": {"kind": "Bucket", "name": "b"}})[1].startswith("only Services can be backends")
