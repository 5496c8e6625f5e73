from __future__ import annotations

import falcon
import falcon.testing
import pytest

from sampan.errors import BadRequest
from sampan_dashboard import cookies
from sampan_dashboard.cookies import MOST, NAME, PART


def written(text):
    """The browser's cookies after ``text`` was written, by name."""
    resp = falcon.Response()
    cookies.write(resp, text)
    return {name: morsel.value for name, morsel in resp._cookies.items()}


def read(found):
    header = "; ".join(f"{name}={value}" for name, value in found.items())
    return cookies.read(falcon.Request(falcon.testing.create_environ(headers={"Cookie": header})))


@pytest.mark.parametrize("length", [1, PART, PART + 1, 3 * PART, MOST * PART])
def test_what_is_written_is_read(length):
    text = "".join(chr(97 + at % 26) for at in range(length))

    found = written(text)

    assert read(found) == text
    assert len(found) == -(-length // PART)
    assert all(len(name) + len(value) < 4000 for name, value in found.items())


def test_parts_of_a_longer_cookie_before_are_not_read():
    assert read({**written("b" * 3 * PART), **written("short")}) == "short"


@pytest.mark.parametrize("first", ["9.a", "0.a", "1.a", "x.a", "-1.a", "99999999999999999999.a"])
def test_another_number_of_parts_is_no_cookie(first):
    assert read({NAME: first, f"{NAME}_1": "b"}) == ""


def test_credentials_that_are_too_long_are_refused():
    with pytest.raises(BadRequest, match="too long"):
        written("a" * (MOST * PART + 1))


def test_all_parts_are_forgotten():
    header = "; ".join(f"{name}=x" for name in (NAME, f"{NAME}_1", f"{NAME}_2"))
    resp = falcon.Response()

    cookies.forget(falcon.Request(falcon.testing.create_environ(headers={"Cookie": header})), resp)

    assert sorted(resp._cookies) == [NAME, f"{NAME}_1", f"{NAME}_2"]
    assert all(morsel.value == "" for morsel in resp._cookies.values())
