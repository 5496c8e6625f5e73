import pytest
from dnslib import QTYPE, RCODE, RR, A, DNSQuestion, DNSRecord

from sampan_dns.answers import AliasOutside, OutsideName, answer, refuse
from sampan_dns.zone import Zone

WEB = "web.shop.svc.cluster.local"


def service(name, **spec):
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


ZONE = Zone(
    "cluster.local",
    [
        service("web", clusterIP="10.96.0.5", ports=[{"name": "http", "port": 80}]),
        service("out", type="ExternalName", externalName="db.example.org"),
        service("in", type="ExternalName", externalName=WEB),
        service("loop", type="ExternalName", externalName="loop.shop.svc.cluster.local"),
        *(service(f"many{n}", clusterIP=f"10.96.1.{n}", ports=[]) for n in range(3)),
    ],
    [],
)


def ask(name, kind="A", *, udp=True, zone=ZONE):
    return DNSRecord.parse(answer(bytes(DNSRecord.question(name, kind).pack()), zone, udp=udp))


def data(reply):
    return [(QTYPE[each.rtype], str(each.rdata)) for each in reply.rr]


def test_a_service_is_answered_with_authority():
    reply = ask(WEB)

    assert data(reply) == [("A", "10.96.0.5")]
    assert (reply.header.aa, reply.header.ra, reply.header.rcode) == (1, 1, RCODE.NOERROR)


def test_names_are_the_same_in_any_case():
    assert data(ask(WEB.upper())) == [("A", "10.96.0.5")]


def test_a_port_is_told_with_the_address_of_its_service():
    reply = ask(f"_http._tcp.{WEB}", "SRV")

    assert data(reply) == [("SRV", f"0 100 80 {WEB}.")]
    assert [str(each.rdata) for each in reply.ar] == ["10.96.0.5"]


def test_an_address_leads_back_to_its_name():
    assert data(ask("5.0.96.10.in-addr.arpa", "PTR")) == [("PTR", f"{WEB}.")]


@pytest.mark.parametrize("name", ["example.org", "9.9.9.9.in-addr.arpa"])
def test_other_names_are_not_answered_here(name):
    with pytest.raises(OutsideName):
        ask(name, "PTR" if name.endswith("arpa") else "A")


def test_a_name_that_is_not_there_and_a_kind_that_is_not_there_are_told_apart():
    absent, other = ask("absent.shop.svc.cluster.local"), ask(WEB, "AAAA")

    assert (absent.header.rcode, other.header.rcode) == (RCODE.NXDOMAIN, RCODE.NOERROR)
    assert [QTYPE[each.rtype] for each in absent.auth + other.auth] == ["SOA", "SOA"]


def test_an_alias_inside_the_cluster_is_followed_and_a_ring_ends():
    assert data(ask("in.shop.svc.cluster.local")) == [("CNAME", f"{WEB}."), ("A", "10.96.0.5")]
    assert len(ask("loop.shop.svc.cluster.local").rr) <= 8


def test_an_alias_of_a_name_outside_is_asked_upstream_and_put_together():
    with pytest.raises(AliasOutside) as told:
        ask("out.shop.svc.cluster.local")
    question = DNSRecord.parse(told.value.question)
    upstream = question.reply()
    upstream.add_answer(RR("db.example.org", QTYPE.A, rdata=A("192.0.2.1"), ttl=60))

    assert str(question.q.qname) == "db.example.org."
    whole = DNSRecord.parse(told.value.finished(bytes(upstream.pack())))
    assert data(whole) == [("CNAME", "db.example.org."), ("A", "192.0.2.1")]
    assert DNSRecord.parse(told.value.finished(b"garbage")).header.rcode == RCODE.SERVFAIL


def test_an_answer_too_large_for_udp_is_cut_and_says_so():
    slices = [
        {
            "metadata": {"name": "x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "big"}},
            "endpoints": [{"addresses": [f"10.1.{n // 250}.{n % 250}"]} for n in range(100)], "ports": [],
        }
    ]  # fmt: skip
    zone = Zone("cluster.local", [service("big", clusterIP="None", ports=[])], slices)

    assert ask("big.shop.svc.cluster.local", zone=zone).header.tc == 1
    assert len(ask("big.shop.svc.cluster.local", zone=zone, udp=False).rr) == 100


@pytest.mark.parametrize(
    "odd", [b"", b"short", bytes(DNSRecord.question(WEB).reply().pack())], ids=["nothing", "fragment", "answer"]
)
def test_fragments_and_answers_are_not_answered(odd):
    with pytest.raises(ValueError, match="not a question"):
        answer(odd, ZONE, udp=True)


def test_what_cannot_be_read_is_a_format_error():
    two = DNSRecord(questions=[DNSQuestion(WEB), DNSQuestion(WEB)])
    broken = bytes(DNSRecord.question(WEB).pack())[:14]

    assert DNSRecord.parse(answer(bytes(two.pack()), ZONE, udp=True)).header.rcode == RCODE.FORMERR
    assert answer(broken, ZONE, udp=True)[3] & 15 == RCODE.FORMERR


def test_a_refusal_keeps_the_question_and_its_number():
    question = DNSRecord.question(WEB)
    refusal = DNSRecord.parse(refuse(bytes(question.pack()), RCODE.SERVFAIL))

    assert (refusal.header.id, refusal.header.rcode) == (question.header.id, RCODE.SERVFAIL)
    assert str(refusal.q.qname) == f"{WEB}."
