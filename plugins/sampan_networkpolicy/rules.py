"""A node's policy rules as nftables tables, whole or as a difference. Pure text.

``inet`` holds the policies: one look-up by source and one by target in a map from address to chain, however many pods
and policies there are. A chain is what a set of policies allows; pods with the same policies share it, and all chains
share the sets of peers. So a pod that comes or goes changes elements only.

``bridge`` sends frames from and to isolated pods up to the host's IP layer, by giving them the bridge's own hardware
address. Frames between two ports of a bridge pass the packet filter otherwise only where br_netfilter is loaded and
``net.bridge.bridge-nf-call-iptables`` is 1 (README.md has the measurement)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sampan_networkpolicy.deciding import Allowed, Chain, PolicyRules, Ports
from sampan_networkpolicy.subjects import family

ADDRESS = {4: "ipv4_addr", 6: "ipv6_addr"}
WORD = {4: "ip", 6: "ip6"}
PRIORITY = "filter - 10"
Elements = Mapping[str, str]  # key → data; "" in sets


@dataclass(frozen=True)
class NftSet:
    """A set, or a map, and what is in it."""

    declaration: str  # "set x { type ipv4_addr; }"
    elements: Elements


@dataclass(frozen=True)
class NftPolicyTable:
    """One table. ``fixed`` is the part that never changes: base chains and their rules."""

    family: str  # inet, bridge
    name: str
    fixed: str
    sets: Mapping[str, NftSet] = field(default_factory=dict)
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def filter_table(name: str, rules: PolicyRules) -> NftPolicyTable:
    """The table that lets through what the rules allow."""
    sets: dict[str, NftSet] = {}
    for version in (4, 6):
        address, mine = ADDRESS[version], {a for a in rules.isolated if family(a) == version}
        sets[f"self{version}"] = NftSet(
            f"set self{version} {{ type {address} . {address}; }}", {f"{a} . {a}": "" for a in mine}
        )
        for direction, chains in (("egress", rules.egress), ("ingress", rules.ingress)):
            found = {a: f"jump {chain}" for a, chain in chains.items() if family(a) == version}
            sets[f"{direction}{version}"] = NftSet(f"map {direction}{version} {{ type {address} : verdict; }}", found)
    isolated = {a: "" for a in rules.isolated if family(a) == 4}
    sets["isolated"] = NftSet("set isolated { type ipv4_addr; }", isolated)
    sets |= dict(_peer_sets(rules))
    texts = {chain: tuple(_chain_rules(content, chain[0] == "i", rules.families))
             for chain, content in rules.chains.items()}  # fmt: skip
    return NftPolicyTable("inet", name, _FILTER, sets, texts)


def bridge_table(name: str, hardware: Mapping[str, str]) -> NftPolicyTable:
    """The table that brings bridged frames to the filter. ``hardware``: address of a pod → hardware address of its
    bridge."""
    sets = {
        f"gateway{version}": NftSet(
            f"map gateway{version} {{ type {ADDRESS[version]} : ether_addr; }}",
            {address: found for address, found in hardware.items() if family(address) == version},
        )
        for version in (4, 6)
    }
    return NftPolicyTable("bridge", name, _BRIDGE, sets)


_FILTER = f"""
 chain forward {{ type filter hook forward priority {PRIORITY};
  ct state established,related accept
  ip saddr . ip daddr @self4 accept
  ip6 saddr . ip6 daddr @self6 accept
  icmpv6 type {{ nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} accept
  ip saddr vmap @egress4
  ip6 saddr vmap @egress6
  ip daddr vmap @ingress4
  ip6 daddr vmap @ingress6
 }}
 chain outwards {{ type filter hook output priority {PRIORITY};
  icmp type redirect ip daddr @isolated drop
 }}
"""
_BRIDGE = """
 chain frames { type filter hook prerouting priority -310;
  icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
  ether daddr set ip daddr map @gateway4 meta pkttype set host
  ether daddr set ip saddr map @gateway4 meta pkttype set host
  ether daddr set ip6 daddr map @gateway6 meta pkttype set host
  ether daddr set ip6 saddr map @gateway6 meta pkttype set host
 }
"""


def _peer_sets(rules: PolicyRules) -> Iterator[tuple[str, NftSet]]:
    for version in rules.families:
        for name, addresses in rules.peers.items():
            full = f"{name}_{version}"
            yield (
                full,
                NftSet(
                    f"set {full} {{ type {ADDRESS[version]}; }}", {a: "" for a in addresses if family(a) == version}
                ),
            )
        for name, targets in rules.named.items():
            full = f"{name}_{version}"
            texts = {f"{a} . {protocol} . {port}": "" for a, protocol, port in targets if family(a) == version}
            yield full, NftSet(f"set {full} {{ type {ADDRESS[version]} . inet_proto . inet_service; }}", texts)


def _chain_rules(content: Chain, incoming: bool, families: Iterable[int]) -> Iterator[str]:
    for allowed in content:
        for whom in _peers(allowed, "saddr" if incoming else "daddr", families):
            for which in _ports(allowed, families):
                yield " ".join(filter(None, (whom, which, "return")))
    yield "drop"


def _peers(allowed: Allowed, side: str, families: Iterable[int]) -> Iterator[str]:
    if allowed.pods is None and allowed.blocks is None:
        yield ""
    for name in allowed.pods or ():
        for version in families:
            yield f"{WORD[version]} {side} @{name}_{version}"
    for block in allowed.blocks or ():
        word = WORD[family(block.cidr)]
        yield " ".join((f"{word} {side} {block.cidr}", *(f"{word} {side} != {one}" for one in block.excepted)))


def _ports(allowed: Allowed, families: Iterable[int]) -> Iterator[str]:
    if allowed.ports is None and allowed.named is None:
        yield ""
    for ports in allowed.ports or ():
        yield _of_protocol(ports)
    for name in allowed.named or ():
        for version in families:
            yield f"{WORD[version]} daddr . meta l4proto . th dport @{name}_{version}"


def _of_protocol(ports: Ports) -> str:
    if not ports.ranges:
        return f"meta l4proto {ports.protocol}"
    texts = (str(first) if first == last else f"{first}-{last}" for first, last in ports.ranges)
    return f"{ports.protocol} dport {{ {', '.join(texts)} }}"


def whole(table: NftPolicyTable) -> str:
    """The script that makes the table, whatever was there under its name, in one transaction."""
    where = f"{table.family} {table.name}"
    lines = [f"add table {where}", f"delete table {where}", f"table {where} {{"]
    lines += [f" {one.declaration}" for one in table.sets.values()]
    lines += [f" chain {name} {{ {'; '.join(rules)}; }}" for name, rules in table.chains.items()]
    lines += [table.fixed, "}"]
    for name, one in table.sets.items():
        lines += _elements("add", where, name, one.elements)
    return "\n".join(lines) + "\n"


def difference(old: NftPolicyTable, new: NftPolicyTable) -> str:
    """The script that turns one into the other, "" when they are the same. Both must be of the same family and name.

    What is new comes first and what is not used any more goes last, so that nothing refers to what is not there.
    """
    where = f"{new.family} {new.name}"
    lines = [f"add {_declared(one.declaration, where)}" for name, one in new.sets.items() if name not in old.sets]
    chains = [name for name in new.chains if name not in old.chains]
    lines += [f"add chain {where} {name}" for name in chains]
    lines += [f"add rule {where} {name} {rule}" for name in chains for rule in new.chains[name]]
    for name, one in new.sets.items():
        before: Elements = old.sets[name].elements if name in old.sets else {}
        gone = {key: data for key, data in before.items() if one.elements.get(key) != data}
        fresh = {key: data for key, data in one.elements.items() if before.get(key) != data}
        lines += _elements("delete", where, name, gone) + _elements("add", where, name, fresh)
    unused = [name for name in old.chains if name not in new.chains]
    lines += [f"flush chain {where} {name}" for name in unused] + [f"delete chain {where} {name}" for name in unused]
    lines += [f"delete set {where} {name}" for name in old.sets if name not in new.sets]
    return "\n".join(lines) + "\n" if lines else ""


def remove(family: str, name: str) -> str:
    return f"add table {family} {name}\ndelete table {family} {name}\n"


def _declared(declaration: str, where: str) -> str:
    """``set x {…}`` as a command's words: ``set inet table x {…}``."""
    sort, rest = declaration.split(" ", 1)
    return f"{sort} {where} {rest}"


def _elements(verb: str, where: str, name: str, elements: Elements) -> list[str]:
    if not elements:
        return []
    texts = (f"{key} : {data}" if data else key for key, data in sorted(elements.items()))
    return [f"{verb} element {where} {name} {{ {', '.join(texts)} }}"]
