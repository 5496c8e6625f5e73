import pytest

from sampan_dns.zone import SERVICE_LABEL, Records, Srv, Zone

DOMAIN = "cluster.local"
WEB = f"web.shop.svc.{DOMAIN}"


def service(name="web", ip="10.96.0.5", ports=({"name": "http", "port": 80},), **spec):
    made = {"clusterIP": ip, "clusterIPs": [ip], "ports": list(ports), **spec}
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": made}


def slice_(*endpoints, name="web", ports=({"name": "http", "port": 8080},)):
    metadata = {"name": f"{name}-x", "namespace": "shop", "labels": {SERVICE_LABEL: name}}
    return {"metadata": metadata, "endpoints": list(endpoints), "ports": list(ports)}


def endpoint(address, *, ready=True, hostname=""):
    found = {"addresses": [address], "conditions": {"ready": ready}}
    return {**found, "hostname": hostname} if hostname else found


def zone(*services, slices=()):
    return Zone(DOMAIN, services, slices)


def test_a_service_is_its_address_and_its_named_ports():
    found = zone(
        service(ports=[{"name": "http", "port": 80}, {"port": 81}, {"name": "DNS", "port": 53, "protocol": "UDP"}])
    )

    assert found.find(WEB) == Records(("10.96.0.5",))
    assert found.find(f"_http._tcp.{WEB}") == Records(services=(Srv(80, WEB),))
    assert found.find(f"_dns._udp.{WEB}") == Records(services=(Srv(53, WEB),))
    assert found.pointer("10.96.0.5") == WEB
    assert found.pointer("10.96.0.6") == ""


def test_names_between_a_record_and_the_domain_exist_and_others_do_not():
    found = zone(service())

    assert found.find(f"_tcp.{WEB}") == found.find(f"shop.svc.{DOMAIN}") == found.find(DOMAIN) == Records()
    assert found.find(f"other.shop.svc.{DOMAIN}") is None
    assert found.holds(WEB) and found.holds(DOMAIN)
    assert not found.holds(f"x{DOMAIN}") and not found.holds("example.org")


def test_an_external_name_is_an_alias():
    found = zone(service(type="ExternalName", externalName="DB.Example.org."))

    assert found.find(WEB) == Records(alias="db.example.org")


def test_a_headless_service_is_its_ready_endpoints():
    slices = [slice_(endpoint("10.1.0.1", hostname="a"), endpoint("10.1.0.2"), endpoint("10.1.0.3", ready=False))]
    found = zone(service(ip="None"), slices=slices)

    assert found.find(WEB) == Records(("10.1.0.1", "10.1.0.2"))
    assert found.find(f"a.{WEB}") == Records(("10.1.0.1",))
    assert found.find(f"10-1-0-2.{WEB}") == Records(("10.1.0.2",))
    assert found.find(f"_http._tcp.{WEB}").services == (Srv(8080, f"a.{WEB}"), Srv(8080, f"10-1-0-2.{WEB}"))
    assert found.pointer("10.1.0.1") == f"a.{WEB}"


def test_a_headless_service_without_endpoints_has_no_name():
    assert zone(service(ip="None")).find(WEB) is None


@pytest.mark.parametrize(
    ("name", "address"),
    [("10-1-2-3.shop.pod", "10.1.2.3"), ("fd00--1.shop.pod", "fd00::1"), ("x.shop.pod", ""), ("10-1-2-3.pod", "")],
)
def test_a_pods_name_holds_its_address(name, address):
    assert zone().find(f"{name}.{DOMAIN}") == (Records((address,)) if address else None)


def test_the_version_of_the_specification_is_told():
    assert zone().find(f"dns-version.{DOMAIN}").text == "1.1.0"


def imported(name="web", **more):
    found = service(f"derived-{name}", **more)
    found["metadata"]["labels"] = {"multicluster.kubernetes.io/service-name": name}
    return found


def test_an_imported_service_has_a_name_of_the_cluster_set_too():
    found = zone(imported())

    assert found.find("web.shop.svc.clusterset.local") == Records(("10.96.0.5",))
    assert found.find("_http._tcp.web.shop.svc.clusterset.local").services[0].port == 80
    assert found.find(f"derived-web.shop.svc.{DOMAIN}") == Records(("10.96.0.5",))
    assert found.pointer("10.96.0.5") == f"derived-web.shop.svc.{DOMAIN}"
    assert found.holds("other.shop.svc.clusterset.local") and found.find("other.shop.svc.clusterset.local") is None
    assert found.find("shop.svc.clusterset.local") == found.find("clusterset.local") == Records()


def test_an_imported_headless_service_is_its_endpoints():
    slices = [slice_(endpoint("10.2.0.1", hostname="a"), name="derived-web")]

    found = zone(imported(ip="None"), slices=slices)

    assert found.find("web.shop.svc.clusterset.local") == Records(("10.2.0.1",))
    assert found.find("a.web.shop.svc.clusterset.local") == Records(("10.2.0.1",))


def test_without_imports_the_cluster_set_is_asked_for_upstream():
    assert not zone(service()).holds("web.shop.svc.clusterset.local")
