"""From a question's bytes to an answer's bytes. Knows DNS (RFC 1035, 2308, 6891), not sockets."""

from __future__ import annotations

import ipaddress
import random
import struct

from dnslib import AAAA, CNAME, EDNS0, PTR, QTYPE, RCODE, RR, SOA, SRV, TXT, A, DNSError, DNSHeader, DNSRecord
from dnslib.label import DNSLabelError

from sampan_dns.zone import Records, Zone

TTL = 5  # seconds: names of the cluster move quickly
PLAIN_SIZE = 512  # bytes of a UDP answer to a client that does not speak EDNS
LARGEST_UDP = 1232
MAX_CHAIN = 8
REVERSE = (".in-addr.arpa", ".ip6.arpa")
HEAD = 12  # bytes of every message
LONGEST_NAME = 253  # octets as dnslib counts: of RFC 1035's 255 the first length and the root's are left out
UNREADABLE = (DNSError, DNSLabelError, ValueError, IndexError, UnicodeError, struct.error)


class OutsideName(Exception):
    """The question is about a name outside the cluster."""


class AliasOutside(Exception):
    """The name is an alias of one outside the cluster: ``question`` has to be asked upstream first."""

    def __init__(self, reply: DNSRecord, target: str, size: int) -> None:
        super().__init__(target)
        self._reply = reply
        self._size = size  # 0: no limit
        query = DNSRecord.question(target, QTYPE.get(reply.q.qtype))
        query.header.id = reply.header.id
        self.question = bytes(query.pack())

    def finished(self, data: bytes) -> bytes:
        """The whole answer, given the upstream's answer; SERVFAIL where that cannot be read."""
        reply = self._reply
        try:
            found = DNSRecord.parse(data)
        except UNREADABLE:
            return self.failed()
        reply.header.rcode = found.header.rcode
        reply.rr += found.rr
        return _fitted(reply, self._size) if self._size else bytes(reply.pack())

    def failed(self) -> bytes:
        return refuse(bytes(self._reply.pack()), RCODE.SERVFAIL)


def answer(question: bytes, zone: Zone, *, udp: bool) -> bytes:
    """The whole answer. Raises OutsideName or AliasOutside; what cannot be read is answered FORMERR.

    ValueError for what must not be answered at all: fragments, and answers (two servers would never stop talking).
    """
    if len(question) < HEAD or question[2] & 0x80:
        raise ValueError("not a question")
    try:
        query = DNSRecord.parse(question)
    except UNREADABLE:
        return refuse(question, RCODE.FORMERR)
    if any(len(each.qname) > LONGEST_NAME for each in query.questions):  # read, but cannot be written again
        return refuse(question, RCODE.FORMERR)
    if query.header.opcode != 0:
        return refuse(question, RCODE.NOTIMP)
    if len(query.questions) != 1:
        return refuse(question, RCODE.FORMERR)
    reply = query.reply(ra=1, aa=1)
    size = _announced_size(query)
    limit = (size or PLAIN_SIZE) if udp else 0
    target = _fill(reply, str(query.q.qname).rstrip(".").lower(), query.q.qtype, zone)
    if size:
        reply.add_ar(EDNS0(udp_len=LARGEST_UDP))
    if target:
        raise AliasOutside(reply, target, limit)
    return _fitted(reply, limit) if limit else bytes(reply.pack())


def refuse(question: bytes, code: int) -> bytes:
    """An answer that says no, for any question with a header."""
    number, flags = int.from_bytes(question[:2], "big"), question[2]
    try:
        asked = DNSRecord.parse(question).questions[:1]
    except UNREADABLE:
        asked = []
    header = DNSHeader(id=number, qr=1, opcode=flags >> 3 & 15, rd=flags & 1, ra=1, rcode=code)
    try:
        return bytes(DNSRecord(header, questions=asked).pack())
    except UNREADABLE:  # a name that can be read need not be one that can be written
        return bytes(DNSRecord(header).pack())


def _fill(reply: DNSRecord, name: str, qtype: int, zone: Zone) -> str:
    """Put the records in; returns the name to ask upstream for, "" where the answer is complete."""
    if name.endswith(REVERSE):
        pointer = zone.pointer(_address_of(name))
        if not pointer:
            raise OutsideName
        if qtype in (QTYPE.PTR, QTYPE.ANY):
            reply.add_answer(RR(reply.q.qname, QTYPE.PTR, rdata=PTR(pointer), ttl=TTL))
        else:
            _add_soa(reply, zone)
        return ""
    if not zone.holds(name):
        raise OutsideName
    found = zone.find(name)
    for _ in range(MAX_CHAIN):
        if found is None or not found.alias:
            break
        reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(found.alias), ttl=TTL))
        if qtype == QTYPE.CNAME:
            return ""
        if not zone.holds(found.alias):
            return found.alias if qtype in QTYPE.forward else ""
        name, found = found.alias, zone.find(found.alias)
    if found is None:
        reply.header.rcode = RCODE.NXDOMAIN
    else:
        _add(reply, name, qtype, found, zone)
    if not reply.rr:
        _add_soa(reply, zone)
    return ""


def _add(reply: DNSRecord, name: str, qtype: int, found: Records, zone: Zone) -> None:
    for address in random.sample(found.addresses, len(found.addresses)):
        v6 = ":" in address
        if qtype in (QTYPE.ANY, QTYPE.AAAA if v6 else QTYPE.A):
            kind, data = (QTYPE.AAAA, AAAA(address)) if v6 else (QTYPE.A, A(address))
            reply.add_answer(RR(name, kind, rdata=data, ttl=TTL))
    if qtype in (QTYPE.SRV, QTYPE.ANY):
        weight = 100 // len(found.services) if found.services else 0
        for service in found.services:
            reply.add_answer(RR(name, QTYPE.SRV, rdata=SRV(0, weight, service.port, service.target), ttl=TTL))
            target = zone.find(service.target)
            for address in target.addresses if target else ():
                if ":" not in address:
                    reply.add_ar(RR(service.target, QTYPE.A, rdata=A(address), ttl=TTL))
    if found.text and qtype in (QTYPE.TXT, QTYPE.ANY):
        reply.add_answer(RR(name, QTYPE.TXT, rdata=TXT(found.text), ttl=TTL))


def _add_soa(reply: DNSRecord, zone: Zone) -> None:
    """Add the SOA record, which says how long a negative answer may be cached."""
    soa = SOA(f"ns.dns.{zone.domain}", f"hostmaster.{zone.domain}", (1, 7200, 1800, 86400, TTL))
    reply.add_auth(RR(zone.domain, QTYPE.SOA, rdata=soa, ttl=TTL))


def _announced_size(query: DNSRecord) -> int:
    """Bytes the client takes by UDP, 0 when it does not speak EDNS."""
    for extra in query.ar:
        if extra.rtype == QTYPE.OPT:
            return max(PLAIN_SIZE, min(int(extra.rclass), LARGEST_UDP))
    return 0


def _fitted(reply: DNSRecord, size: int) -> bytes:
    packed = bytes(reply.pack())
    if len(packed) <= size:
        return packed
    return bytes(reply.truncate().pack())


def _address_of(name: str) -> str:
    """The address that a reverse name asks about, "" when it is none."""
    if name.endswith(".in-addr.arpa"):
        text = ".".join(reversed(name[: -len(".in-addr.arpa")].split(".")))
    else:
        digits = "".join(reversed(name[: -len(".ip6.arpa")].split(".")))
        text = ":".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
