"""What is wanted, Service by Service, is what it would be all at once."""

from __future__ import annotations

import random

from sampan_proxy.tracking import Tracker
from sampan_proxy.wanted import Backend, Frontend, wanted


def service(name="web", ip="10.96.0.5", **spec):
    spec = {"clusterIP": ip, "ports": [{"port": 80, "protocol": "TCP"}], **spec}
    return {"metadata": {"name": name, "namespace": "d"}, "spec": spec}


def slice_of(name, title, *addresses, **endpoint):
    metadata = {"namespace": "d", "name": title, "labels": {"kubernetes.io/service-name": name}}
    endpoints = [{"addresses": [address], "conditions": {"ready": True}, **endpoint} for address in addresses]
    ports = [{"name": "", "port": 8080, "protocol": "TCP"}]
    return {"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}


FRONT = Frontend("10.96.0.5", "tcp", 80)


def test_only_the_frontends_of_what_has_changed_are_named():
    tracker = Tracker("n1")
    one, other = slice_of("web", "web-1", "10.1.0.1"), slice_of("db", "db-1", "10.1.0.2")
    for each in (service(), service("db", "10.96.0.6")):
        tracker.service_changed(None, each)
    for each in (one, other):
        tracker.slice_changed(None, each)
    assert len(tracker.take()) == 2
    assert tracker.take() == set()

    tracker.slice_changed(one, slice_of("web", "web-1", "10.1.0.1", "10.1.0.9"))
    assert tracker.take() == {FRONT}
    assert tracker.wanted[FRONT].backends == (Backend("10.1.0.1", 8080), Backend("10.1.0.9", 8080))

    tracker.slice_changed(other, slice_of("db", "db-1", "10.1.0.2"))  # nothing that matters
    assert tracker.take() == set()


def test_a_frontend_that_two_services_claim_is_the_first_ones_until_that_goes():
    tracker = Tracker("n1")
    for name in ("b", "a"):
        tracker.service_changed(None, service(name, f"10.96.0.{ord(name)}", externalIPs=["192.0.2.7"]))
        tracker.slice_changed(None, slice_of(name, f"{name}-1", f"10.1.0.{ord(name)}"))
    tracker.take()
    shared = Frontend("192.0.2.7", "tcp", 80)
    assert tracker.wanted[shared].backends == (Backend(f"10.1.0.{ord('a')}", 8080),)

    tracker.service_changed(service("a", f"10.96.0.{ord('a')}"), None)
    assert shared in tracker.take()
    assert tracker.wanted[shared].backends == (Backend(f"10.1.0.{ord('b')}", 8080),)


def test_after_any_changes_it_is_the_same_as_all_at_once():
    chance = random.Random(2)
    tracker, services, slices = Tracker("n1"), {}, {}
    for _ in range(400):
        name = chance.choice("abcdef")
        if chance.random() < 0.4:
            extra = {"externalIPs": ["192.0.2.7"]} if chance.random() < 0.5 else {}
            new = service(name, f"10.96.0.{ord(name)}", **extra) if chance.random() < 0.7 else None
            if new or name in services:
                tracker.service_changed(services.get(name), new)
            services.pop(name, None)
            if new:
                services[name] = new
        else:
            title = f"{name}-{chance.randrange(2)}"
            addresses = [f"10.1.0.{chance.randrange(9)}" for _ in range(chance.randrange(3))]
            new = slice_of(name, title, *addresses) if chance.random() < 0.8 else None
            if new or title in slices:
                tracker.slice_changed(slices.get(title), new)
            slices.pop(title, None)
            if new:
                slices[title] = new
        before = dict(tracker.wanted)
        changed = tracker.take()
        assert tracker.wanted == wanted(services.values(), slices.values(), "n1")
        known = before.keys() | tracker.wanted.keys()
        assert changed == {front for front in known if before.get(front) != tracker.wanted.get(front)}


def test_endpoints_of_this_zone_are_preferred_once_the_node_tells_its_zone():
    tracker = Tracker("n1")
    tracker.service_changed(None, service())
    for zone in "ab":
        hints = {"forZones": [{"name": zone}]}
        tracker.slice_changed(None, slice_of("web", f"web-{zone}", f"10.1.0.{ord(zone)}", hints=hints))
    tracker.take()
    assert tracker.zones_matter
    assert len(tracker.wanted[FRONT].backends) == 2

    node = {"metadata": {"name": "n1", "labels": {"topology.kubernetes.io/zone": "b"}}}
    tracker.node_changed(None, node)
    assert tracker.take() == {FRONT}
    assert tracker.wanted[FRONT].backends == (Backend(f"10.1.0.{ord('b')}", 8080),)


def test_health_checks_follow_their_services():
    tracker = Tracker("n1")
    local = service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30100)
    tracker.service_changed(None, local)
    tracker.slice_changed(None, slice_of("web", "web-1", "10.1.0.1", "10.1.0.2", nodeName="n1"))
    tracker.slice_changed(None, slice_of("web", "web-2", "10.1.0.3", nodeName="n2"))
    tracker.take()
    assert tracker.health == {30100: (("d", "web"), 2)}

    moved = service(type="LoadBalancer", externalTrafficPolicy="Local", healthCheckNodePort=30101)
    tracker.service_changed(local, moved)
    tracker.take()
    assert set(tracker.health) == {30101}
    tracker.service_changed(moved, None)
    tracker.take()
    assert tracker.health == {}
