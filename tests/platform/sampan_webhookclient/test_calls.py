"""A call as it goes on the wire."""

from sampan_webhookclient.calls import Call, timeout_query
from sampan_webhookclient.destinations import Trust, of_url


def test_a_request_is_http_1_1_with_its_length():
    request = Call(of_url("https://x.test:8443/a", Trust()), b"{}", 5, "timeout=5s", {"A": "b"}).request()

    assert request.startswith(b"POST /a?timeout=5s HTTP/1.1\r\nHost: x.test:8443\r\n")
    assert b"\r\nContent-Length: 2\r\nA: b\r\n\r\n{}" in request


def test_a_deadline_is_told_in_whole_seconds_rounded_up():
    assert [timeout_query(seconds) for seconds in (0.2, 1.0, 9.5)] == ["timeout=1s", "timeout=1s", "timeout=10s"]
