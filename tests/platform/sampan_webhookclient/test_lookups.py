"""Names are looked up on threads; an address needs none."""

import threading

from sampan_webhookclient.lookups import MOST, Lookups


def fail(host):
    raise OSError("no")


def found(lookups, host):
    done = threading.Event()
    lookup = lookups.find(host, done.set)
    assert lookup.done or done.wait(60)
    return lookup


def test_an_address_is_its_own():
    lookups = Lookups(fail)

    assert found(lookups, "10.0.0.1").addresses == ["10.0.0.1"]
    assert found(lookups, "::1").addresses == ["::1"]


def test_a_name_is_resolved_or_there_is_no_such_host():
    assert found(Lookups(lambda host: ["10.0.0.1"]), "x.test").addresses == ["10.0.0.1"]
    assert found(Lookups(fail), "x.test").failure == "lookup x.test: no such host"
    assert found(Lookups(lambda host: []), "x.test").failure == "lookup x.test: no such host"


def test_callers_of_one_name_share_a_lookup_and_their_number_is_bounded():
    go = threading.Event()
    lookups = Lookups(lambda host: (go.wait(60) and []) or [])
    told = [threading.Event() for _ in range(MOST)]

    running = [lookups.find(f"{number}.test", event.set) for number, event in enumerate(told)]
    assert lookups.find("0.test", lambda: None) is running[0]
    refused = lookups.find("more.test", lambda: None)
    go.set()

    assert refused.done
    assert "too many lookups" in refused.failure
    assert all(event.wait(60) for event in told)
