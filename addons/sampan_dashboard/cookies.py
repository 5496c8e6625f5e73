"""The session's cookie, in parts: sealed credentials can be longer than what a browser takes as one cookie.

Source: RFC 6265, §6.1 (4,096 bytes for a cookie with its name and attributes).
"""

from __future__ import annotations

import falcon

from sampan.errors import BadRequest

NAME = "sampan_dashboard"
PART = 3500  # characters
MOST = 8  # parts; all of them are sent with each request, whose head has at most 64 KiB


def read(req: falcon.Request) -> str:
    """ "" where there is none. The first of several parts says how many they are."""
    first = _value(req, NAME)
    count, dot, text = first.partition(".")
    if not dot:
        return first
    if not count.isdecimal() or not 1 < int(count[:2]) <= MOST:
        return ""
    return text + "".join(_value(req, _name(number)) for number in range(1, int(count)))


def write(resp: falcon.Response, text: str) -> None:
    """For this browser session, and not readable by scripts. Raises BadRequest for a text that is too long."""
    parts = [text[at : at + PART] for at in range(0, len(text), PART)] or [""]
    if len(parts) > MOST:
        raise BadRequest(f"these credentials are too long for a browser's cookies ({len(text)} characters)")
    if len(parts) > 1:
        parts[0] = f"{len(parts)}.{parts[0]}"
    for number, part in enumerate(parts):
        resp.set_cookie(_name(number), part, path="/", secure=True, http_only=True, same_site="Strict")


def forget(req: falcon.Request, resp: falcon.Response) -> None:
    for number in range(MOST):
        if not number or req.get_cookie_values(_name(number)):
            resp.unset_cookie(_name(number), path="/", same_site="Strict")


def _name(number: int) -> str:
    return f"{NAME}_{number}" if number else NAME


def _value(req: falcon.Request, name: str) -> str:
    return (req.get_cookie_values(name) or [""])[0]
