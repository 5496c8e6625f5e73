import threading

from sampan.contracts.access import User
from sampan_client import Client
from sampan_client.leases import Elector
from sampan_machinery.resources import LEASES
from sampan_testing.miniapi import MiniApi

WAIT = 5


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
