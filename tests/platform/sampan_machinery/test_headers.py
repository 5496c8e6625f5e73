from sampan_machinery.headers import first, is_identity, passed_on, values, without_token


class Told(dict):
    """As the request's own headers: it knows the lines of those that were repeated."""

    tells_lines = True
    repeated: dict = {}

    def lines(self, name):
        return self.repeated.get(name)


def test_each_line_is_one_value_whatever_stands_in_it():
    headers = Told({"group": "cn=a,dc=b,second"})
    headers.repeated = {"group": ["cn=a,dc=b", " second "]}

    assert values(headers, "group") == ["cn=a,dc=b", "second"]
    assert values(Told({"group": "cn=a,dc=b"}), "group") == ["cn=a,dc=b"]
    assert values(Told(), "group") == []


def test_without_lines_lists_are_split_at_commas_but_names_are_not():
    assert values({"group": "a, b"}, "group") == ["a", "b"]
    assert first({"user": "cn=a,dc=b"}, "user") == "cn=a,dc=b"


def test_of_several_names_the_first_counts():
    headers = Told({"user": "jane,root"})
    headers.repeated = {"user": ["jane", "root"]}

    assert first(headers, "user") == "jane"
    assert first(Told(), "user") == ""


def test_names_are_utf8():
    wire = "Jürgen".encode().decode("latin-1")

    assert first({"user": wire}, "user") == "Jürgen"
    assert values(Told({"group": wire}), "group") == ["Jürgen"]
    assert first({"user": "J\xfcrgen"}, "user") == "Jürgen"  # no UTF-8, so it stays as it is


def test_identity_headers_are_known_by_name():
    for name in ("authorization", "x-remote-user", "x-remote-extra-scopes", "impersonate-uid", "impersonate-extra-a"):
        assert is_identity(name)
    assert not is_identity("x-remote")


def test_hop_by_hop_headers_and_those_named_by_connection_are_not_passed_on():
    fields = [("TE", "x"), ("X-Own", "1"), ("Accept", "a"), ("Connection", "X-Own, close"), ("Accept", "b")]

    assert list(passed_on(fields, "X-Own, close")) == [("Accept", "a"), ("Accept", "b")]


def test_a_token_among_subprotocols_is_left_out():
    assert without_token("v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0") == "v4.channel.k8s.io"
