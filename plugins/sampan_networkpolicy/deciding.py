"""From NetworkPolicies, Pods and Namespaces to what the packet filter of one node holds. Pure; knows no nftables text.

Source: the API reference of networking.k8s.io/v1 NetworkPolicy. A pod that no policy selects in a direction is open in
it; else a connection passes where one rule of one of these policies allows it. Both its source (egress) and its target
(ingress) have to allow it. A pod always reaches itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_machinery.selectors import Selector, from_object
from sampan_networkpolicy.subjects import NAME_LABEL, PolicyPod, family

INGRESS, EGRESS = "Ingress", "Egress"
RULES = {INGRESS: ("ingress", "from"), EGRESS: ("egress", "to")}
LAST_PORT = 65535


class Block(NamedTuple):
    """An ipBlock."""

    cidr: str
    excepted: tuple[str, ...]


class Ports(NamedTuple):
    """Ports of one protocol. Without ranges: all of them."""

    protocol: str
    ranges: tuple[tuple[int, int], ...]


class Allowed(NamedTuple):
    """One rule of a policy. The peer has to be in one of ``pods`` (names of sets) or ``blocks``; both None: anybody.
    The target's port has to be in ``ports`` or in a set of ``named`` ports; both None: any."""

    pods: tuple[str, ...] | None
    blocks: tuple[Block, ...] | None
    ports: tuple[Ports, ...] | None
    named: tuple[str, ...] | None


Chain = tuple[Allowed, ...]  # what passes; everything else is dropped


@dataclass(frozen=True)
class PolicyRules:
    """What one node enforces. Names of sets and chains are made of what they stand for, so equal ones are shared."""

    families: tuple[int, ...] = (4,)
    peers: Mapping[str, frozenset[str]] = field(default_factory=dict)  # set → addresses of pods
    named: Mapping[str, frozenset[tuple[str, str, int]]] = field(
        default_factory=dict
    )  # set → (address, protocol, port)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    ingress: Mapping[str, str] = field(default_factory=dict)  # address of a pod → chain
    egress: Mapping[str, str] = field(default_factory=dict)

    @property
    def isolated(self) -> frozenset[str]:
        """Addresses that any policy is about."""
        return frozenset(self.ingress) | frozenset(self.egress)


class _Peer(NamedTuple):
    """Pods, by the selectors of a peer. ``namespace`` is the policy's, used where no namespace is selected."""

    namespace: str
    namespaces: Selector | None
    pods: Selector


def decide(
    policies: Iterable[Object], pods: Iterable[PolicyPod], namespaces: Mapping[str, Mapping[str, str]], node: str
) -> PolicyRules:
    """The rules for the pods on ``node``. ``namespaces`` maps names to labels."""
    return _Decision(list(pods), namespaces).rules(sorted(policies, key=_full_name), node)


class _Decision:
    """Collects sets and chains while policies are looked at."""

    def __init__(self, pods: list[PolicyPod], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._pods = pods
        self._namespaces = namespaces
        self._matching = _Matching()
        self._peers: dict[str, frozenset[str]] = {}
        self._named: dict[str, frozenset[tuple[str, str, int]]] = {}

    def rules(self, policies: list[Object], node: str) -> PolicyRules:
        by_namespace: dict[str, list[tuple[Selector, Object]]] = {}
        for policy in policies:
            selector = from_object(policy["spec"].get("podSelector") or {})
            by_namespace.setdefault(policy["metadata"]["namespace"], []).append((selector, policy))
        chains: dict[str, Chain] = {}
        maps: dict[str, dict[str, str]] = {INGRESS: {}, EGRESS: {}}
        for pod in self._pods:
            if pod.node != node:
                continue
            mine = [p for s, p in by_namespace.get(pod.namespace, ()) if self._matching(s, pod.labels)]
            for direction, entries in maps.items():
                isolating = [policy for policy in mine if direction in policy_types(policy)]
                if isolating:
                    name = self._chain(isolating, direction, chains)
                    entries.update((address, name) for address in pod.addresses)
        families = tuple(sorted({family(a) for pod in self._pods for a in pod.addresses})) or (4,)
        return PolicyRules(families, self._peers, self._named, chains, maps[INGRESS], maps[EGRESS])

    def _chain(self, policies: list[Object], direction: str, chains: dict[str, Chain]) -> str:
        content = tuple(dict.fromkeys(a for policy in policies for a in self._allowed(policy, direction)))
        name = f"{direction[0].lower()}_{_digest(content)}"
        chains[name] = content
        return name

    def _allowed(self, policy: Object, direction: str) -> Iterator[Allowed]:
        rules, whom = RULES[direction]
        for rule in policy["spec"].get(rules) or ():
            pods, blocks = self._whom(policy["metadata"]["namespace"], rule.get(whom) or ())
            ports, named = self._which(rule.get("ports") or ())
            yield Allowed(pods, blocks, ports, named)

    def _whom(self, namespace: str, peers: Iterable[Object]) -> tuple[tuple[str, ...] | None, tuple[Block, ...] | None]:
        pods: list[str] = []
        blocks: list[Block] = []
        for peer in peers:
            if (block := peer.get("ipBlock")) is not None:
                blocks.append(Block(block["cidr"], tuple(sorted(block.get("except") or ()))))
            else:
                pods.append(self._peer_set(_peer(namespace, peer)))
        if not pods and not blocks:
            return None, None
        return tuple(sorted(set(pods))), tuple(sorted(set(blocks)))

    def _peer_set(self, peer: _Peer) -> str:
        where = peer.namespace if peer.namespaces is None else _text(peer.namespaces)
        name = f"p_{_digest((where, _text(peer.pods)))}"
        if name not in self._peers:
            self._peers[name] = frozenset(a for pod in self._pods if self._is_peer(peer, pod) for a in pod.addresses)
        return name

    def _is_peer(self, peer: _Peer, pod: PolicyPod) -> bool:
        if peer.namespaces is None:
            here = pod.namespace == peer.namespace
        else:
            labels = self._namespaces.get(pod.namespace)
            here = labels is not None and self._matching(peer.namespaces, {NAME_LABEL: pod.namespace, **labels})
        return here and self._matching(peer.pods, pod.labels)

    def _which(self, ports: Iterable[Object]) -> tuple[tuple[Ports, ...] | None, tuple[str, ...] | None]:
        whole: set[str] = set()
        ranges: dict[str, list[tuple[int, int]]] = {}
        named: set[str] = set()
        listed = list(ports)
        for port in listed:
            protocol, number = str(port.get("protocol") or "TCP").lower(), port.get("port")
            if number is None:
                whole.add(protocol)
            elif isinstance(number, str):
                named.add(self._named_set(protocol, number))
            else:
                ranges.setdefault(protocol, []).append((number, port.get("endPort") or number))
        if not listed:
            return None, None
        found = [Ports(protocol, ()) for protocol in whole]
        found += [Ports(protocol, merged(each)) for protocol, each in ranges.items() if protocol not in whole]
        return tuple(sorted(found)), tuple(sorted(named))

    def _named_set(self, protocol: str, port: str) -> str:
        name = f"n_{_digest((protocol, port))}"
        if name not in self._named:
            self._named[name] = frozenset(
                (address, protocol, number)
                for pod in self._pods for title, spoken, number in pod.ports if (title, spoken) == (port, protocol)
                for address in pod.addresses
            )  # fmt: skip
        return name


class _Matching:
    """Whether a selector matches labels; each pair of a selector and a set of labels is looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Selector, frozenset[tuple[str, str]]], bool] = {}

    def __call__(self, selector: Selector, labels: Mapping[str, str]) -> bool:
        if selector.empty:
            return True
        key = selector, frozenset(labels.items())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = selector.matches(labels)
        return found


def policy_types(policy: Object) -> tuple[str, ...]:
    """As given; else Ingress, and Egress where there are rules for it."""
    spec = policy["spec"]
    return tuple(spec.get("policyTypes") or ((INGRESS, EGRESS) if spec.get("egress") else (INGRESS,)))


def selects(policies: Iterable[Object], pod: Object) -> list[Object]:
    """The policies that select a Pod."""
    metadata = pod["metadata"]
    labels: Mapping[str, str] = metadata.get("labels") or {}
    return [
        policy for policy in policies
        if policy["metadata"]["namespace"] == metadata["namespace"]
        and from_object(policy["spec"].get("podSelector") or {}).matches(labels)
    ]  # fmt: skip


def merged(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same ports as ranges that neither overlap nor touch, as nftables wants them."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = result[-1][0], max(last, result[-1][1])
        else:
            result.append((first, min(last, LAST_PORT)))
    return tuple(result)


def _peer(namespace: str, peer: Object) -> _Peer:
    selected = peer.get("namespaceSelector")
    return _Peer(
        namespace, None if selected is None else from_object(selected), from_object(peer.get("podSelector") or {})
    )


def _text(selector: Selector) -> str:
    """Never the name of a namespace."""
    return f"={selector}"


def _full_name(policy: Object) -> tuple[str, str]:
    return policy["metadata"]["namespace"], policy["metadata"]["name"]


def _digest(content: Any) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
