from __future__ import annotations

import pytest

from sampan_ingress.model import Match
from sampan_ingress.paths import BadPath, covers, read_path


@pytest.mark.parametrize(
    ("path", "kind", "found"),
    [
        ("/", "Prefix", (Match.PREFIX, "")), ("", "ImplementationSpecific", (Match.PREFIX, "")),
        ("/a/b", "Prefix", (Match.PREFIX, "/a/b")), ("/a/b/", "Prefix", (Match.PREFIX, "/a/b")),
        ("/a/", "Exact", (Match.EXACT, "/a/")), ("/", "Exact", (Match.EXACT, "/")),
        ("/a%20b/%C3%A4", "Exact", (Match.EXACT, "/a b/ä")), ("/a*", "ImplementationSpecific", (Match.PREFIX, "/a*")),
    ],
)  # fmt: skip
def test_paths_are_compared_as_requests_have_them(path, kind, found):
    assert read_path(path, kind, regex=False) == found


def test_a_regular_expression_is_one_only_where_that_was_asked_for():
    assert read_path("/a(/|$)(.*)", "ImplementationSpecific", regex=True) == (Match.REGEX, "/a(/|$)(.*)")
    assert read_path("/a.b", "Prefix", regex=True) == (Match.PREFIX, "/a.b")


@pytest.mark.parametrize("path", ["a", "/a%0A", "/a%00", "/%ff", "/a//b", "/a/%2e%2e/b", "/a/..", "/./a", "/a%2F/b"])
def test_a_path_that_no_request_has_is_refused(path):
    with pytest.raises(BadPath):
        read_path(path, "ImplementationSpecific", regex=False)


@pytest.mark.parametrize("pattern", ["/a(", "/" + "a" * 501, "/a\n", "/[", "*"])
def test_a_wrong_expression_is_refused(pattern):
    with pytest.raises(BadPath):
        read_path(pattern, "ImplementationSpecific", regex=True)


def test_a_star_stands_for_one_label():
    assert covers("a.example.com", "a.example.com")
    assert covers("*.example.com", "a.example.com")
    assert covers("*.example.com", "*.example.com")
    assert not covers("*.example.com", "a.b.example.com")
    assert not covers("*.example.com", "example.com")
    assert not covers("*.b.com", "*.a.b.com")
