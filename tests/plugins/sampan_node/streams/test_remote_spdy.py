"""exec and attach over plain SPDY/3.1."""

import json

import pytest

EXEC = "/exec/default/web/main?command=a&command=%d"
V4 = ("v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io")


def test_exec_carries_its_streams_and_ends_with_a_status(spdy, runtime):
    client = spdy(EXEC % 7 + "&stdin=1&stdout=1&stderr=1", *V4)
    assert client.status == 101 and b"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n" in client.head
    streams = {kind: client.open(streamtype=kind) for kind in ("error", "stdin", "stdout", "stderr")}

    client.data(streams["stdin"], b"hello")
    client.data(streams["stdin"], b"", over=True)
    said, ended = client.collect()

    assert (said[streams["stdout"]], said[streams["stderr"]]) == (b"HELLO", b"x")
    assert json.loads(said[streams["error"]])["details"]["causes"] == [{"reason": "ExitCode", "message": "7"}]
    assert ended == [streams["stdout"], streams["stderr"], streams["error"]]
    assert runtime.asked == [(["a", "7"], True, False)]


def test_attach_and_the_end_of_a_command_that_succeeds(spdy, runtime):
    runtime.attach = lambda container, *, stdin, tty: runtime.exec(container, ["a"], stdin=stdin, tty=tty)
    client = spdy("/attach/default/web/main?stdin=1&stdout=1", *V4)
    streams = {kind: client.open(streamtype=kind) for kind in ("error", "stdin", "stdout")}

    client.data(streams["stdin"], b"", over=True)
    said, _ = client.collect()

    assert json.loads(said[streams["error"]])["status"] == "Success"


def test_a_terminal_has_sizes_and_no_stderr(spdy, runtime):
    client = spdy(EXEC % 0 + "&stdin=1&stdout=1&stderr=1&tty=1", *V4)
    streams = {kind: client.open(streamtype=kind) for kind in ("error", "stdin", "stdout", "resize")}

    client.data(streams["resize"], b'{"Width":80,"Height":24}\n{"Width":81,"Height":25}\n')
    client.data(streams["stdin"], b"", over=True)
    client.collect()

    assert runtime.commands[0].sizes == [(80, 24), (81, 25)]
    assert runtime.asked == [(["a", "0"], True, True)]


@pytest.mark.parametrize(("code", "said"), [(0, b""), (3, b"command terminated with exit code 3")])
@pytest.mark.parametrize("protocol", ["channel.k8s.io", "v2.channel.k8s.io", "v3.channel.k8s.io"])
def test_older_protocols_end_with_a_sentence_or_nothing(spdy, protocol, code, said):
    client = spdy(EXEC % code + "&stdin=1&stdout=1", protocol)
    streams = {kind: client.open(streamtype=kind) for kind in ("error", "stdin", "stdout")}

    client.data(streams["stdin"], b"", over=True)

    assert client.collect()[0][streams["error"]] == said


def test_a_command_that_does_not_start_is_said_on_the_error_stream(spdy, runtime):
    runtime.failure = "no such program"
    client = spdy(EXEC % 0 + "&stdout=1", *V4)
    streams = {kind: client.open(streamtype=kind) for kind in ("error", "stdout")}

    assert json.loads(client.collect()[0][streams["error"]])["message"] == "no such program"


def test_a_stream_that_was_not_asked_for_is_reset(spdy):
    client = spdy(EXEC % 0 + "&stdout=1", *V4)

    stream = client.open(streamtype="stdin")

    assert client.receive() == ("reset", stream)


@pytest.mark.parametrize(("offered", "status"), [((), 400), (("v9.channel.k8s.io",), 403)])
def test_a_client_of_another_protocol_is_refused(spdy, offered, status):
    assert spdy(EXEC % 0 + "&stdout=1", *offered).status == status


@pytest.mark.parametrize("verb", ["exec", "attach"])
def test_no_stream_at_all_is_a_bad_request_however_it_is_asked(spdy, websocket, verb):
    path = f"/{verb}/default/web/main?command=a&tty=1"

    assert spdy(path, *V4).status == 400
    assert websocket(path, "v5.channel.k8s.io").status == 400


def test_only_the_channels_that_were_asked_for_are_sent(websocket):
    client = websocket("/exec/default/web/main?command=a&stdin=1&stderr=1", "v5.channel.k8s.io")

    client.send(b"\0out")
    client.send(b"\xff\0")

    assert client.receive() == (2, b"\2x")
    assert client.receive()[1][:1] == b"\3"


@pytest.mark.parametrize("protocol", ["base64.channel.k8s.io", "v4.base64.channel.k8s.io"])
def test_the_base64_kinds_are_text(websocket, runtime, protocol):
    client = websocket("/exec/default/web/main?command=a&stdin=1&stdout=1", protocol)

    client.send(b"0aGVsbG8=", opcode=1)

    assert client.receive() == (1, b"1SEVMTE8=")
    runtime.commands[0].close_input()


def test_abandoned_clients_leave_nothing(spdy, websocket, runtime, leaves_nothing):
    path = EXEC % 0 + "&stdin=1&stdout=1"

    def act():
        silent, half, started = (spdy(path, *V4) for _ in range(3))
        half.open(streamtype="error")
        streams = {kind: started.open(streamtype=kind) for kind in ("error", "stdin", "stdout")}
        started.data(streams["stdin"], b"hello")
        over = [websocket(path, protocol) for protocol in ("v5.channel.k8s.io", "base64.channel.k8s.io")]
        for client in (silent, half, started, *over):
            client.close()

    leaves_nothing(act)
    assert all(command.write == -1 for command in runtime.commands)
