from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from sampan_networkpolicy.guarding import GUARDS, Guards, PodGuard, WaitingGuard
from sampan_nftables.kernel import ScriptRefused
from sampan_runtime.contracts import RuntimeFailure, Sandbox

POLICY = {"metadata": {"name": "deny", "namespace": "d", "resourceVersion": "7"}, "spec": {"podSelector": {}}}
POD = {"metadata": {"name": "a", "namespace": "d", "uid": "u"}, "spec": {}}


def sandbox(ip="10.0.0.1"):
    return Sandbox("s", "a", "d", "u", 0, True, ip, 1.0)


class Server:
    def __init__(self, *policies):
        self.policies, self.away = policies, False

    def list(self, resource, namespace):
        if self.away:
            raise ConnectionError("away")
        return SimpleNamespace(items=list(self.policies))


class Known:
    def __init__(self, *policies, synced=True):
        self.all, self.synced, self.asked = list(policies), synced, []

    def wait_all(self, seconds):
        return self.synced

    def wait_seen(self, listed, seconds):
        self.asked.append(listed)
        return all(policy in self.all for policy in listed)

    def policies(self):
        return self.all


class Enforcement:
    def __init__(self):
        self.started, self.failure = [], None

    def start(self, pod, addresses):
        if self.failure:
            raise self.failure
        self.started.append(addresses)


class Events:
    def __init__(self):
        self.said = []

    def event(self, about, type, reason, message):
        self.said.append((type, reason, message))


def guard(server, known, enforcement, *, refuses=False):
    events = Events()
    return PodGuard(server, known, enforcement, events, refuses=refuses), events


def test_the_policies_are_in_force_when_it_returns():
    enforcement = Enforcement()
    guard(Server(POLICY), Known(POLICY), enforcement)[0].prepare(POD, sandbox())
    assert enforcement.started == [["10.0.0.1"]]


def test_without_policies_nothing_is_programmed():
    enforcement = Enforcement()
    guard(Server(), Known(), enforcement)[0].prepare(POD, sandbox())
    assert enforcement.started == []


def test_a_policy_that_the_informer_has_not_seen_yet_holds_the_pod_back():
    enforcement = Enforcement()
    with pytest.raises(RuntimeFailure, match="not known yet"):
        guard(Server(POLICY), Known(), enforcement)[0].prepare(POD, sandbox())
    assert enforcement.started == []


def test_before_the_first_complete_state_no_pod_starts():
    with pytest.raises(RuntimeFailure, match="not known yet"):
        guard(Server(), Known(synced=False), Enforcement())[0].prepare(POD, sandbox())


def test_while_the_api_is_away_the_known_policies_count():
    server, enforcement = Server(), Enforcement()
    server.away = True
    guard(server, Known(POLICY), enforcement)[0].prepare(POD, sandbox())
    assert enforcement.started == [["10.0.0.1"]]


def test_a_refusal_of_the_kernel_holds_the_pod_back():
    enforcement = Enforcement()
    enforcement.failure = ScriptRefused("no such family")
    with pytest.raises(RuntimeFailure, match="no such family"):
        guard(Server(POLICY), Known(POLICY), enforcement)[0].prepare(POD, sandbox())


@pytest.mark.parametrize(("enforcement", "ip"), [(None, "10.0.0.1"), (Enforcement(), "127.77.0.1")])
def test_where_policies_cannot_be_enforced_an_event_says_so_or_the_pod_is_refused(enforcement, ip):
    lenient, events = guard(Server(POLICY), Known(POLICY), enforcement)
    lenient.prepare(POD, sandbox(ip))
    assert [(type, reason) for type, reason, _ in events.said] == [("Warning", "NetworkPolicyNotEnforced")]
    assert "deny" in events.said[0][2]

    strict, events = guard(Server(POLICY), Known(POLICY), enforcement, refuses=True)
    with pytest.raises(RuntimeFailure, match="cannot be enforced"):
        strict.prepare(POD, sandbox(ip))

    other = {**POD, "metadata": {**POD["metadata"], "namespace": "other"}}
    strict.prepare(other, sandbox(ip))  # no policy selects it
    assert events.said == []


def test_pods_of_the_hosts_network_are_not_subject_to_policies():
    enforcement = Enforcement()
    guard(Server(POLICY), Known(), enforcement)[0].prepare({**POD, "spec": {"hostNetwork": True}}, sandbox())
    assert enforcement.started == []


def test_pods_wait_for_the_component_and_are_held_back_without_it():
    guards, one = Guards(), object()
    with pytest.raises(RuntimeFailure, match="does not run"):
        guards.of("home", 0.01)

    found = []
    waiting = threading.Thread(target=lambda: found.append(guards.of("home", 60)))
    waiting.start()
    with guards.serving("home", one):
        waiting.join()
    assert found == [one]
    with pytest.raises(RuntimeFailure):
        guards.of("home", 0.01)


def test_the_agents_guard_is_that_of_its_home():
    seen = []
    with GUARDS.serving("mine", SimpleNamespace(prepare=lambda pod, box: seen.append(pod))):
        WaitingGuard("mine").prepare(POD, sandbox())
    assert seen == [POD]
