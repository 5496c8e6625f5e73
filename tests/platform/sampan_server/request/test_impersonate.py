"""Who a request acts as, from the lines of its Impersonate-* headers."""

import pytest

from sampan.errors import BadRequest
from sampan_http.heads import Heads
from sampan_server.request.impersonate import Impersonate
from sampan_server.request.request import Request

BASE = {"sampan.loop": None, "QUERY_STRING": ""}


class Allowing:
    """Allows everything and remembers what was asked."""

    def __init__(self):
        self.asked = []

    def require(self, asked, *, may_wait):
        self.asked.append((asked.resource, asked.subresource, asked.name))


def acting(*lines):
    """(user, what had to be allowed) for a head with these lines, read as the worker reads it."""
    head = "\r\n".join(["GET /api/v1/pods HTTP/1.1", "Host: x", *lines, "", ""]).encode()
    request, allowing = Request(Heads(100).parse(head, BASE)), Allowing()
    Impersonate(allowing)(request)
    return request.user, allowing.asked


def test_each_group_has_a_line_of_its_own_and_keeps_its_commas():
    user, asked = acting("Impersonate-User: jane", "Impersonate-Group: CN=ops,DC=x", "Impersonate-Group: devs")

    assert user.groups == ("CN=ops,DC=x", "devs", "system:authenticated")
    assert asked == [("users", "", "jane"), ("groups", "", "CN=ops,DC=x"), ("groups", "", "devs")]


def test_one_group_with_a_comma_is_one_group():
    assert acting("Impersonate-User: jane", "Impersonate-Group: a,system:masters")[0].groups[0] == "a,system:masters"


def test_of_several_users_the_first_counts():
    user, asked = acting("Impersonate-User: jane", "Impersonate-User: root")

    assert user.name == "jane"
    assert asked == [("users", "", "jane")]


def test_extra_values_have_a_line_each():
    user, _ = acting("Impersonate-User: jane", "Impersonate-Extra-Some%2fKey: a,b", "Impersonate-Extra-Some%2fKey: c")

    assert user.extra == {"some/key": ("a,b", "c")}


def test_names_are_utf8_on_the_wire():
    user, _ = acting("Impersonate-User: J\xfcrgen")

    assert user.name == "Jürgen"


def test_an_anonymous_one_is_unauthenticated():
    assert acting("Impersonate-User: system:anonymous")[0].groups == ("system:unauthenticated",)
    named = acting("Impersonate-User: jane", "Impersonate-Group: system:unauthenticated")
    assert named[0].groups == ("system:unauthenticated",)


@pytest.mark.parametrize("line", ["Impersonate-Group: a", "Impersonate-Uid: 1", "Impersonate-Extra-A: b"])
def test_no_user_without_a_name(line):
    with pytest.raises(BadRequest):
        acting(line)
