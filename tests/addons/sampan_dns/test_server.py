"""The server on real sockets."""

from __future__ import annotations

import random
import socket
import struct
import subprocess

import pytest
from dnslib import EDNS0, QTYPE, RCODE, DNSRecord

from sampan_dns import server as server_module
from sampan_dns import upstream as upstream_module
from sampan_dns.zone import Zone

WEB = "web.d.svc.cluster.local"


def test_a_service_has_its_address_in_any_case_by_udp_and_tcp(dns):
    assert dns.data(WEB) == ["10.96.0.5"]
    assert dns.data("WeB.D.svc.Cluster.LOCAL", tcp=True) == ["10.96.0.5"]
    assert dns.ask(WEB).header.aa


def test_a_headless_service_has_all_ready_addresses_and_hostnames(dns):
    assert dns.data("set.d.svc.cluster.local") == ["10.1.0.1", "10.1.0.2"]
    assert dns.data("set-0.set.d.svc.cluster.local") == ["10.1.0.1"]
    assert dns.data("10-1-0-2.set.d.svc.cluster.local") == ["10.1.0.2"]


def test_several_addresses_come_in_changing_order(dns):
    first = {str(dns.ask("set.d.svc.cluster.local").rr[0].rdata) for _ in range(60)}
    assert first == {"10.1.0.1", "10.1.0.2"}


def test_named_ports_have_srv_records(dns):
    assert dns.data(f"_http._tcp.{WEB}", "SRV") == [f"0 100 80 {WEB}."]
    headless = dns.ask("_http._tcp.set.d.svc.cluster.local", "SRV")
    assert sorted(str(rr.rdata.target) for rr in headless.rr) == [
        "10-1-0-2.set.d.svc.cluster.local.", "set-0.set.d.svc.cluster.local.",
    ]  # fmt: skip
    assert sorted(str(rr.rdata) for rr in headless.ar) == ["10.1.0.1", "10.1.0.2"]


def test_addresses_lead_back_to_names(dns, resolver):
    assert dns.data("5.0.96.10.in-addr.arpa", "PTR") == [f"{WEB}."]
    assert dns.data("1.0.1.10.in-addr.arpa", "PTR") == ["set-0.set.d.svc.cluster.local."]
    dns.ask("9.9.9.9.in-addr.arpa", "PTR")
    assert resolver.asked == ["9.9.9.9.in-addr.arpa."]


def test_pods_have_names_made_of_their_addresses(dns):
    assert dns.data("10-1-2-3.d.pod.cluster.local") == ["10.1.2.3"]
    assert dns.ask("nonsense.d.pod.cluster.local").header.rcode == RCODE.NXDOMAIN


def test_the_version_of_the_scheme_is_told(dns):
    assert dns.data("dns-version.cluster.local", "TXT") == ['"1.1.0"']


def test_no_such_name_and_no_such_record_differ_and_both_carry_the_soa(dns):
    for name, kind, code in (
        ("nowhere.d.svc.cluster.local", "A", RCODE.NXDOMAIN),
        ("empty.d.svc.cluster.local", "A", RCODE.NXDOMAIN),
        (WEB, "AAAA", RCODE.NOERROR),
        ("d.svc.cluster.local", "A", RCODE.NOERROR),
        (f"_tcp.{WEB}", "A", RCODE.NOERROR),
        ("lost.d.svc.cluster.local", "CNAME", RCODE.NOERROR),
    ):
        answer = dns.ask(name, kind)
        assert answer.header.rcode == code, name
        if kind != "CNAME":
            assert not answer.rr
            assert [rr.rtype for rr in answer.auth] == [QTYPE.SOA], name


def test_an_alias_inside_is_followed(dns):
    assert dns.data("alias.d.svc.cluster.local") == ["10.96.0.5", f"{WEB}."]
    assert dns.data("alias.d.svc.cluster.local", "CNAME") == [f"{WEB}."]
    assert dns.ask("loop.d.svc.cluster.local").header.rcode == RCODE.NOERROR
    assert dns.ask("lost.d.svc.cluster.local").header.rcode == RCODE.NXDOMAIN


def test_an_alias_to_the_world_is_resolved_there(dns, resolver):
    for tcp in (False, True):
        answer = dns.ask("out.d.svc.cluster.local", tcp=tcp)
        assert [(QTYPE[rr.rtype], str(rr.rdata)) for rr in answer.rr] == [
            ("CNAME", "www.example.org."), ("A", "192.0.2.1"),
        ]  # fmt: skip
    assert dns.data("out.d.svc.cluster.local", "CNAME") == ["www.example.org."]
    assert set(resolver.asked) == {"www.example.org."}


def test_changes_are_seen_at_once(dns):
    assert dns.data(WEB) == ["10.96.0.5"]
    spec = {"clusterIP": "10.96.0.6", "ports": []}
    dns.zone = Zone("cluster.local", [{"metadata": {"name": "web", "namespace": "d"}, "spec": spec}], [])
    dns.server.flush()
    assert dns.data(WEB) == ["10.96.0.6"]


def test_long_answers_are_cut_and_whole_by_tcp(dns):
    short = DNSRecord.parse(dns.raw(bytes(DNSRecord.question("many.d.svc.cluster.local").pack())))
    assert short.header.tc
    assert not short.rr
    query = DNSRecord.question("many.d.svc.cluster.local")
    query.add_ar(EDNS0(udp_len=65000))
    assert len(dns.raw(bytes(query.pack()))) <= 1232
    assert len(dns.ask("many.d.svc.cluster.local", tcp=True).rr) == 300


def test_edns_is_answered_with_edns(dns):
    query = DNSRecord.question(WEB)
    query.add_ar(EDNS0(udp_len=4096))
    answer = DNSRecord.parse(dns.raw(bytes(query.pack())))
    assert [extra.rtype for extra in answer.ar] == [QTYPE.OPT]


def test_the_world_is_asked_once_for_a_while(dns, resolver):
    assert dns.data("example.org") == ["192.0.2.1"]
    assert dns.data("example.org") == ["192.0.2.1"]
    assert resolver.asked == ["example.org."]
    assert dns.data("tcp.example.org", tcp=True) == ["192.0.2.1"]


class Once:
    """A span that is short the first time it is added, and long afterwards."""

    def __init__(self):
        self.spans = iter((0.05,))

    def __radd__(self, now):
        return now + next(self.spans, 60)


def test_a_silent_resolver_is_passed_over(make_dns, resolver, second, monkeypatch):
    monkeypatch.setattr(upstream_module, "ANSWER_SECONDS", Once())  # the second one may be slow, as the machine
    resolver.reply = lambda query: None
    dns = make_dns(resolver.place, second.place)
    assert dns.data("example.org") == ["192.0.2.1"]
    assert second.asked == ["example.org."]


def test_a_failing_resolver_is_passed_over(make_dns, resolver, second):
    def fail(query):
        answer = query.reply()
        answer.header.rcode = RCODE.SERVFAIL
        return answer

    resolver.reply = fail
    dns = make_dns(resolver.place, second.place)
    assert dns.data("example.org") == ["192.0.2.1"]


def test_when_no_upstream_answers_the_client_is_told(make_dns, resolver, monkeypatch):
    monkeypatch.setattr(upstream_module, "ANSWER_SECONDS", 0.05)
    resolver.reply = lambda query: None
    dns = make_dns(resolver.place)
    for name in ("example.org", "out.d.svc.cluster.local"):
        assert dns.ask(name).header.rcode == RCODE.SERVFAIL
    assert make_dns().ask("example.org").header.rcode == RCODE.SERVFAIL
    assert make_dns().ask("example.org", tcp=True).header.rcode == RCODE.SERVFAIL


def test_an_answer_to_another_question_is_not_believed(make_dns, resolver, monkeypatch):
    monkeypatch.setattr(upstream_module, "ANSWER_SECONDS", 0.05)

    def lie(query):
        answer = DNSRecord.question("evil.example").reply()
        answer.header.id = query.header.id
        return answer

    resolver.reply = lie
    assert make_dns(resolver.place).ask("example.org").header.rcode == RCODE.SERVFAIL


def test_strange_questions_are_refused_in_words_of_dns(dns):
    question = bytes(DNSRecord.question(WEB).pack())
    update = bytes([*question[:2], 5 << 3, 0, *question[4:]])
    assert DNSRecord.parse(dns.raw(update)).header.rcode == RCODE.NOTIMP
    none = question[:4] + b"\0\0" + question[6:12]
    assert DNSRecord.parse(dns.raw(none)).header.rcode == RCODE.FORMERR
    broken = DNSRecord.parse(dns.raw(question[:20]))
    assert broken.header.rcode == RCODE.FORMERR
    assert broken.header.id == int.from_bytes(question[:2], "big")


def test_answers_are_never_answered(dns):
    answer = bytes(DNSRecord.question(WEB).reply().pack())
    try:
        dns.raw(answer, seconds=0.1)
    except TimeoutError:
        return
    raise AssertionError("two servers could talk for ever")


def test_no_packet_ends_the_service(dns, caplog):
    rng = random.Random(7)
    question = bytes(DNSRecord.question(WEB, "SRV").pack())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        for number in range(3000):
            packet = bytearray(question if number % 2 else rng.randbytes(rng.randrange(1, 80)))
            for _ in range(rng.randrange(1, 5)):
                packet[rng.randrange(len(packet))] = rng.randrange(256)
            end.sendto(bytes(packet[: rng.randrange(1, len(packet) + 1)]), dns.place)
            if number % 50 == 0:
                assert dns.data(WEB) == ["10.96.0.5"]
    for junk in (b"\0", b"\xff\xff", b"\0\5hello", b"\0\0", b"\0\x0c" + question[:12]):
        with socket.create_connection(dns.place) as connection:
            connection.sendall(junk)
    assert dns.data(WEB) == ["10.96.0.5"]
    assert dns.data(WEB, tcp=True) == ["10.96.0.5"]
    assert "could not" not in caplog.text


def test_dig_finds_partial_names_through_the_search_path(dns):
    """As a pod does: search path, ndots:5, by UDP and TCP."""
    domains = [f"+domain={end}" for end in ("d.svc.cluster.local",)]
    for extra in ([], ["+tcp"]):
        command = ["dig", "@127.0.0.1", "-p", str(dns.server.port), "+search", "+ndots=5", *domains, "+short", *extra]
        found = subprocess.run([*command, "web"], capture_output=True, text=True, check=True, timeout=120)
        assert found.stdout.split() == ["10.96.0.5"]


def name_of(*labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


LONG = name_of(b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 61, b"svc", b"cluster", b"local")


@pytest.mark.parametrize("kind", [b"\0\1", b"\0\xff", b"\0\x0c"])
def test_a_name_over_255_octets_is_a_format_error_and_no_traceback(kind, dns, caplog):
    head = struct.pack(">HHHHHH", 7, 256, 1, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(60)
        client.sendto(head + LONG + kind + b"\0\1", ("127.0.0.1", dns.server.port))
        answer = client.recv(500)
    assert answer[:2] == head[:2] and answer[3] & 15 == RCODE.FORMERR

    with connected(dns) as client:
        question = head + LONG + kind + b"\0\1"
        client.sendall(len(question).to_bytes(2, "big") + question)
        assert client.recv(500)[2 + 3] & 15 == RCODE.FORMERR
    assert "Traceback" not in caplog.text


def connected(dns):
    client = socket.create_connection(("127.0.0.1", dns.server.port))
    client.settimeout(60)
    return client


def test_idle_connections_do_not_keep_others_from_being_answered(dns):
    idle = [connected(dns) for _ in range(100)]

    for _ in range(3):
        assert dns.data(WEB, tcp=True) == ["10.96.0.5"]

    for client in idle:
        client.close()


def test_a_byte_now_and_then_does_not_keep_a_connection_open(dns, monkeypatch):
    monkeypatch.setattr(server_module, "MESSAGE_SECONDS", 0.05)
    with connected(dns) as client:
        client.sendall(b"\x00\x30\x01")

        assert client.recv(10) == b""
