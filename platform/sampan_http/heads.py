"""Request heads, parsed strictly by llhttp (httptools) into a WSGI environ (PEP 3333, RFC 9112).

One parser serves all connections of a loop: a head is parsed only when it is complete, so no state of one connection
reaches the next. Knows nothing of sockets.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from sampan_http.refusals import Refused

Environ = dict[str, Any]

CHUNKED = -1
_ONCE = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST", "HTTP_TRANSFER_ENCODING", "HTTP_AUTHORIZATION"})
_KEPT_NAMES = 1000  # header names remembered; clients send a few dozen different ones
_LAST_SPACES = b" \t"


class Heads:
    """Parses request heads. The attributes describe the last head beyond what the environ holds."""

    __slots__ = (
        "_complete", "_done", "_environ", "_fields", "_most", "_names", "_parser", "_refused", "_target",
        "expects", "keep", "length", "minor",
    )  # fmt: skip

    def __init__(self, most_fields: int) -> None:
        self._most = most_fields
        self._names: dict[bytes, str] = {}
        self._parser: Any = None
        self._refused: Refused | None = None
        self._environ: Environ = {}
        self._target = b""
        self._fields = 0
        self._done = False
        self.length = 0  # of the body; CHUNKED if it is chunked
        self.minor = 1  # of HTTP/1.x
        self.keep = True  # keep-alive: the client may send another request
        self.expects = False  # the client waits for 100 Continue

    def parse(self, head: bytes, base: Environ) -> Environ:
        """A new environ for ``head`` (with its final empty line): a copy of ``base`` and the request's keys, without
        wsgi.input. Raises Refused.
        """
        environ = self._environ = base.copy()
        self._fields = 0
        self._complete = self._done = False
        self._target = b""
        self._refused = None
        parser, self._parser = self._parser or HttpRequestParser(self), None
        try:
            parser.feed_data(head)
        except HttpParserUpgrade:
            self._done = False  # the parser cannot be reused after an upgrade
        except HttpParserError as error:
            raise self._refused or Refused(400, f"malformed request: {error}")
        if self._refused is not None:
            raise self._refused
        if not (self._complete and self._target):
            raise Refused(400, "malformed request")
        self._request_line(head, parser.get_method(), environ)
        self._framing(environ)
        if self._done and self.keep and self.minor:
            self._parser = parser
        return environ

    def on_url(self, url: bytes) -> None:
        self._target = url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = self._names.get(name) or self._key(name)
        self._fields += 1
        text = value.rstrip(_LAST_SPACES).decode("latin-1")
        environ = self._environ
        if key in environ:
            self._repeat(key, text)
        else:
            environ[key] = text

    def on_headers_complete(self) -> None:
        self._complete = True

    def on_message_complete(self) -> None:
        self._done = True

    def _key(self, name: bytes) -> str:
        if b"_" in name:  # its key would equal that of the name with "-", which a front proxy may set
            self._refuse(400, "header names must not contain an underscore")
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = f"HTTP_{key}"
        if len(self._names) < _KEPT_NAMES and self._refused is None and len(name) <= 64:
            self._names[name] = key
        return key

    def _repeat(self, key: str, text: str) -> None:
        """Join a repeated field; its values are kept in ``sampan.repeated`` (X-Remote-Group may hold commas)."""
        if key in _ONCE:
            self._refuse(400, f"header {key.removeprefix('HTTP_').replace('_', '-').title()} must not be repeated")
            return
        repeated = self._environ.setdefault("sampan.repeated", {})
        repeated.setdefault(key, [self._environ[key]]).append(text)
        self._environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + text

    def _refuse(self, code: int, message: str) -> None:
        self._refused = self._refused or Refused(code, message)

    def _request_line(self, head: bytes, method: bytes, environ: Environ) -> None:
        if self._fields > self._most:
            raise Refused(431, f"more than {self._most} header fields")
        end = head.index(b"\r\n") - 8
        version = head[end : end + 8]
        if version not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise Refused(505, "only HTTP/1.1 and HTTP/1.0 are supported")
        if head[:end] != b"%b %b " % (method, self._target):  # the parser accepts more than one space
            raise Refused(400, "malformed request line")
        self.minor = version[7] - 48
        environ["SERVER_PROTOCOL"] = "HTTP/1.1" if self.minor else "HTTP/1.0"
        if method == b"CONNECT":
            raise Refused(405, "CONNECT is not supported")
        environ["REQUEST_METHOD"] = method.decode("latin-1")
        target = self._target.decode("latin-1")
        environ["RAW_URI"] = target
        path, _, environ["QUERY_STRING"] = target.partition("?")
        if path[:1] != "/":
            path = _absolute(path)
        environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1") if "%" in path else path

    def _framing(self, environ: Environ) -> None:
        """Body length and keep-alive of this request (RFC 9112, 6.3 and 9.3)."""
        length = environ.get("CONTENT_LENGTH")
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        self.length = 0
        if coding is not None:
            if length is not None:
                raise Refused(400, "both Content-Length and Transfer-Encoding")
            if coding.lower() != "chunked" or not self.minor:
                raise Refused(501, "the only supported transfer coding is chunked, with HTTP/1.1")
            self.length = CHUNKED
            environ["wsgi.input_terminated"] = True
        elif length is not None:
            if not (length.isascii() and length.isdigit() and len(length) < 19):
                raise Refused(400, "Content-Length is not a number")
            self.length = int(length)
        connection = environ.get("HTTP_CONNECTION")
        if connection is None:
            self.keep = self.minor == 1
        else:
            options = [option.strip() for option in connection.lower().split(",")]
            self.keep = "close" not in options and (self.minor == 1 or "keep-alive" in options)
        if self.minor and "HTTP_HOST" not in environ:
            raise Refused(400, "HTTP/1.1 needs a Host header")
        expect = environ.get("HTTP_EXPECT")
        if expect is not None and expect.lower() != "100-continue":
            raise Refused(417, "the only supported expectation is 100-continue")
        self.expects = expect is not None and self.minor == 1


def _absolute(target: str) -> str:
    """The path of an absolute-form target, or the asterisk of OPTIONS."""
    if target == "*":
        return target
    scheme, found, rest = target.partition("://")
    if not found or scheme.lower() not in ("http", "https"):
        raise Refused(400, "the request target must be a path")
    return "/" + rest.partition("/")[2]
