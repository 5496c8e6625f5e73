import threading

from sampan.contracts.access import User
from sampan_client import Client
from sampan_client.leases import Elector
from sampan_machinery.resources import LEASES
from sampan_testing.miniapi import MiniApi

WAIT = 60


class Candidate:
    """An elector on a separate thread."""

    def __init__(self, api, name, *, retry=0.01, **times):
        self.leads, self.stopped, self.stop = threading.Event(), threading.Event(), threading.Event()
        client = Client.in_process(api, User(name))
        self.elector = Elector(client, "work", name, self.leads.set, self.stopped.set, retry=retry, **times)
        self._thread = threading.Thread(target=self.elector.run, args=(self.stop,))
        self._thread.start()

    def end(self):
        self.stop.set()
        self._thread.join(WAIT)


def holder(api):
    return api.get(LEASES, "work", "kube-system")["spec"]["holderIdentity"]


def test_only_one_leads_and_hands_over_when_it_ends():
    api = MiniApi([LEASES])
    first = Candidate(api, "first")
    assert first.leads.wait(WAIT)
    second = Candidate(api, "second")
    assert holder(api) == "first"
    assert not second.leads.wait(0.05)

    first.end()

    assert first.stopped.is_set()
    assert second.leads.wait(WAIT)
    assert holder(api) == "second"
    assert api.get(LEASES, "work", "kube-system")["spec"]["leaseTransitions"] == 1
    second.end()


def test_a_lease_that_is_not_renewed_is_taken_over():
    api = MiniApi([LEASES])
    spec = {"holderIdentity": "dead", "leaseDurationSeconds": 0.05, "renewTime": "2026-01-01T00:00:00.000000Z"}
    api.create(LEASES, {"metadata": {"name": "work", "namespace": "kube-system"}, "spec": spec})

    candidate = Candidate(api, "heir")

    assert candidate.leads.wait(WAIT)
    assert holder(api) == "heir"
    candidate.end()


def test_a_leader_that_cannot_renew_steps_down():
    api = MiniApi([LEASES])
    candidate = Candidate(api, "first", renew=0.05)
    assert candidate.leads.wait(WAIT)

    api.resources.clear()  # every request fails from now on

    assert candidate.stopped.wait(WAIT)
    candidate.end()


def test_a_server_that_starts_later_is_found_at_once_and_was_no_trouble():
    api, told = MiniApi([LEASES]), []
    refused = iter([True, True, False])

    def starting(environ, start_response):
        if next(refused, False):
            raise ConnectionRefusedError("not yet")
        return api(environ, start_response)

    leads, stop = threading.Event(), threading.Event()
    client = Client.in_process(starting, User("x"))
    elector = Elector(client, "work", "x", leads.set, lambda: None, retry=60.0, on_trouble=told.append)
    thread = threading.Thread(target=elector.run, args=(stop,))
    thread.start()

    assert leads.wait(WAIT)
    assert told == []
    stop.set()
    thread.join(WAIT)


def test_a_server_that_stays_away_is_told():
    def away(environ, start_response):
        raise ConnectionRefusedError("away")

    told, heard, stop = [], threading.Event(), threading.Event()
    client = Client.in_process(away, User("x"))

    def hear(words):
        told.append(words)
        heard.set()

    elector = Elector(client, "work", "x", lambda: None, lambda: None, retry=0.05, on_trouble=hear)
    thread = threading.Thread(target=elector.run, args=(stop,))
    thread.start()

    assert heard.wait(WAIT)
    assert "away" in told[0]
    stop.set()
    thread.join(WAIT)
