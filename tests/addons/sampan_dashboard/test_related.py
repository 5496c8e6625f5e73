from __future__ import annotations

from sampan_dashboard import related


def ingress(**spec):
    return {"kind": "Ingress", "metadata": {"name": "front"}, "spec": spec}


SERVICE = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}


def slice_(*endpoints, of="web"):
    return {"metadata": {"name": "s", "labels": {"kubernetes.io/service-name": of}}, "endpoints": list(endpoints)}


def test_the_backends_of_an_ingress_are_its_rules_and_its_default():
    paths = [{"path": "/a", "backend": {"service": {"name": "web", "port": {"name": "http"}}}}, {"backend": {}}]
    found = related.backends(
        ingress(defaultBackend={"service": {"name": "other"}}, rules=[{"host": "x", "http": {"paths": paths}}, {}])
    )

    assert found == [("default", "other", ""), ("x/a", "web", "http")]
    assert related.backends(ingress()) == []


def test_traffic_goes_from_ingresses_through_the_service_to_endpoints():
    ready = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": "web-1"}}
    sick = {"addresses": ["10.0.0.2"], "conditions": {"ready": False}}
    front = ingress(rules=[{"host": "x", "http": {"paths": [{"backend": {"service": {"name": "web"}}}]}}])

    before, middle, after = related.path_of(SERVICE, [front], [slice_(ready, sick), slice_(ready, of="other")])

    assert [(hop.kind, hop.detail) for hop in before] == [("Ingress", "x/")]
    assert [(hop.name, hop.tone) for hop in middle] == [("web", "good")]
    assert [(hop.kind, hop.name, hop.tone) for hop in after] == [
        ("Pod", "web-1", "good"), ("Endpoint", "10.0.0.2", "bad"),
    ]  # fmt: skip


def test_a_service_without_a_ready_endpoint_is_bad():
    assert related.path_of(SERVICE, [], [])[1][0].tone == "bad"


def test_a_service_without_a_selector_selects_nothing():
    assert related.selects(SERVICE, {"app": "web"})
    assert not related.selects(SERVICE, {})
    assert not related.selects({"spec": {}}, {"app": "web"})


def test_events_are_read_in_both_of_their_forms_the_newest_first():
    old = {"metadata": {"creationTimestamp": "1"}, "involvedObject": {"kind": "Pod", "name": "a"}, "count": 3,
           "message": "m", "lastTimestamp": "2"}  # fmt: skip
    new = {"metadata": {}, "regarding": {"kind": "Pod", "name": "b"}, "note": "n", "eventTime": "4",
           "series": {"count": 7, "lastObservedTime": "5"}}  # fmt: skip

    first, second = related.recent([old, new])

    assert (first.message, first.times, first.time, first.about) == ("n", 7, "5", "Pod b")
    assert (second.message, second.times, second.time) == ("m", 3, "2")


def test_an_owner_that_has_gone_is_still_named(site):
    account = site.sign_in().session.account
    reference = {"apiVersion": "gone.example/v1", "kind": "Gizmo", "name": "g", "uid": "u"}

    (found,) = related.owners_of(account, {"metadata": {"namespace": "shop", "ownerReferences": [reference]}})

    assert (found.kind, found.name, found.address) == ("Gizmo", "g", "")


def test_the_labels_of_pods_are_those_of_the_template():
    template = {"metadata": {"labels": {"app": "web"}}}

    assert related.pod_labels({"kind": "Deployment", "metadata": {}, "spec": {"template": template}}) == {"app": "web"}
    assert related.pod_labels({"kind": "Pod", "metadata": {"labels": {"a": "b"}}}) == {"a": "b"}
    assert related.pod_labels({"kind": "ConfigMap", "metadata": {"labels": {"a": "b"}}}) == {}
