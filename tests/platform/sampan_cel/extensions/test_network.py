"""IP addresses and networks."""

import pytest

from sampan_cel import CelError, types


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ip('::1').family()", 6),
        ("ip('127.0.0.1').isLoopback()", True),
        ("ip('10.0.0.1').isGlobalUnicast()", True),
        ("ip('255.255.255.255').isGlobalUnicast()", False),
        ("ip('169.254.1.1').isLinkLocalUnicast()", True),
        ("ip('224.0.0.1').isLinkLocalMulticast()", True),
        ("ip.isCanonical('2001:DB8::1')", False),
        ("isIP('1.2.3')", False),
        ("string(ip('2001:DB8::1'))", "2001:db8::1"),
        ("cidr('10.1.0.0/16').containsIP('10.1.2.3')", True),
        ("cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')", False),
        ("cidr('10.1.2.3/16').masked() == cidr('10.1.0.0/16')", True),
        ("cidr('10.1.2.3/16').ip() == ip('10.1.2.3')", True),
        ("cidr('::/0').prefixLength()", 0),
        ("isCIDR('10.0.0.0/33')", False),
        ("cidr('10.0.0.0/8').containsIP(ip('::1'))", False),
    ],
)
def test_values(run, text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ip('fe80::1%eth0')", "zone"),
        ("ip('::ffff:1.2.3.4')", "IPv4-mapped"),
        ("cidr('10.0.0.0/08')", "parse error"),
    ],
)
def test_errors(run, text, words):
    with pytest.raises(CelError, match=words):
        run(text)


def test_opaque_values_know_their_type(run):
    assert run("type(ip('1.2.3.4')) == net.IP && type(url('/')) == kubernetes.URL") is True
    assert run("type(cidr('10.0.0.0/8'))") == types.Type("net.CIDR")
