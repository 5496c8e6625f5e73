from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampan_machinery import names

SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


@pytest.mark.parametrize(
    ("rule", "fine"),
    [
        (names.dns_subdomain, ["a", "a.b", "a-b.c-1", "1"]),
        (names.dns_label, ["a", "1-a"]),
        (names.dns_label_1035, ["a", "a-1"]),
        (names.wildcard_subdomain, ["*.example.com"]),
        (names.path_segment, ["system:node", "A b"]),
        (names.label_key, ["a", "example.com/A_b.c-d", "A"]),
        (names.label_value, ["", "a", "A_b.c-1", "x" * 63]),
        (names.config_key, ["a", ".x", "A_b-c.d"]),
        (names.env_name, ["a", "A.b-c_d"]),
        (names.relaxed_env_name, ["a", "1 x", "%"]),
        (names.port_name, ["http", "a-1"]),
        (names.percent, ["0%", "100%"]),
        (names.http_header, ["X-A"]),
        (names.c_identifier, ["_a1"]),
    ],
)
def test_good_names_have_no_complaints(rule, fine):
    assert [rule(text) for text in fine] == [()] * len(fine)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (names.dns_subdomain, ["", "A", "-a", "a-", "a..b", "a_b", "a\n", "a" * 254, "é"]),
        (names.dns_label, ["", "a.b", "a" * 64, "-", "a-"]),
        (names.dns_label_1035, ["", "1a", "a-"]),
        (names.wildcard_subdomain, ["example.com", "*", "*."]),
        (names.path_segment, [".", "..", "a/b", "a%b"]),
        (names.label_key, ["", "/a", "a/", "a/b/c", "A.com/x", "-a", "a-", "a" * 64]),
        (names.label_value, ["-a", "a b", "x" * 64, "a\n"]),
        (names.config_key, ["", "..", ".", "..a", "a/b", "a" * 254]),
        (names.env_name, ["", "1a", "a=b"]),
        (names.relaxed_env_name, ["", "a=b", "é", "\n"]),
        (names.port_name, ["", "A", "1", "a--b", "-a", "a-", "a" * 16]),
        (names.percent, ["", "1", "1%%", "-1%", "1%\n"]),
        (names.http_header, ["", "a b"]),
        (names.c_identifier, ["", "1a", "a-b"]),
    ],
)
def test_bad_names_have_complaints(rule, wrong):
    assert all(rule(text) for text in wrong)


def test_complaints_are_worded_as_users_know_them():
    assert names.dns_subdomain("A") == (SUBDOMAIN,)
    assert names.dns_label("a.b") == ("must not contain dots",)
    assert names.dns_label("a" * 64) == ("must be no more than 63 characters",)
    assert names.label_value("a" * 64) == ("must be no more than 63 bytes",)
    assert names.label_key("x/")[0] == "name part must be non-empty"


def test_a_prefix_may_end_with_a_dash():
    assert names.prefix_rule(names.dns_subdomain)("web-") == ()
    assert names.prefix_rule(names.dns_subdomain)("-") != ()


def test_generated_names_fit_a_label_and_follow_from_the_randomness():
    name = names.generate_name("x" * 80, Random(1))

    assert len(name) == 63
    assert names.dns_label(name) == ()
    assert name == names.generate_name("x" * 80, Random(1))
    assert set(name[58:]) <= set(names.ALPHABET)


def test_a_uid_is_a_version_4_uuid():
    assert names.new_uid(Random(1))[14] == "4"


@given(st.text())
def test_rules_never_fail(text):
    for rule in (*names.RULES.values(), names.label_key, names.label_value, names.config_key, names.port_name):
        assert isinstance(rule(text), tuple)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("10.9.8.7", ()),
        ("010.9.8.7", ("must not have leading 0s",)),
        ("::ffff:10.9.8.7", ("must not be an IPv4-mapped IPv6 address",)),
        ("FD00::1", ('must be in canonical form ("fd00::1")',)),
        ("10.9.8.256", ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)),
    ],
)
def test_an_address_as_a_name_is_spelled_in_one_way(text, complaint):
    assert names.ip_address(text) == complaint
