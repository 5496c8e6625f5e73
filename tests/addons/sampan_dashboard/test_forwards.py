from __future__ import annotations

import pytest

from sampan_dashboard.forwards import addresses, commands

POD = {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers": [
    {"ports": [{"containerPort": 80}, {"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]}, {},
]}}  # fmt: skip


def service(ports, **more):
    spec = {"ports": ports, **more.pop("spec", {})}
    return {"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec, **more}


def ingress(host, path="/", tls=()):
    rule = {"host": host, "http": {"paths": [{"path": path}]}}
    return {"kind": "Ingress", "spec": {"rules": [rule], "tls": [{"hosts": list(tls)}]}}


def test_the_command_needs_no_rights_for_its_port():
    assert commands(POD) == [
        "kubectl port-forward -n shop pod/web 8080:80", "kubectl port-forward -n shop pod/web 8080",
    ]  # fmt: skip
    assert commands(service([{"port": 443}])) == ["kubectl port-forward -n shop service/web 8443:443"]


def test_what_has_no_port_of_its_own_has_no_command():
    assert commands(service([{"port": 80}], spec={"type": "ExternalName"})) == []
    assert commands({"kind": "Node", "metadata": {"name": "n"}}) == []


@pytest.mark.parametrize(
    ("obj", "urls"),
    [
        (ingress("shop.example", "/a"), ["http://shop.example/a"]),
        (ingress("shop.example", tls=["shop.example"]), ["https://shop.example/"]),
        (ingress("shop.example", '"><script>'), ["http://shop.example/"]),
        (ingress("evil.example@x"), []),
        (ingress("*.example"), []),
        (ingress("javascript:alert(1)"), []),
        ({"kind": "Ingress", "spec": {"rules": [{"host": "a"}]}}, ["http://a/"]),
        ({"kind": "Pod"}, []),
    ],
)
def test_addresses_lead_to_http_alone(obj, urls):
    assert addresses(obj) == urls


def test_a_load_balancer_has_an_address():
    found = service(
        [{"port": 80}, {"port": 81}], status={"loadBalancer": {"ingress": [{"ip": "::1"}, {"hostname": "h"}]}}
    )

    assert addresses(found) == ["http://[::1]/", "http://[::1]:81/", "http://h/", "http://h:81/"]


def test_the_page_of_an_object_shows_them(admin, shop):
    assert "kubectl port-forward -n shop service/web 8080:80" in admin.text(f"/o/services/{shop}/web")
    html = admin.text(f"/o/ingresses.networking.k8s.io/{shop}/front")
    assert '<a href="http://shop.example/" rel="noreferrer noopener"' in html
