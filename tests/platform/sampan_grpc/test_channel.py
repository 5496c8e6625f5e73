from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from sampan_grpc.channel import CallError, Channel
from sampan_grpc.wire import decode, encode, table

MESSAGES = table("""
    Text: text=1
    Number: n=1:int
""")


class Server(grpc.GenericRpcHandler):
    """Answers t.S/Length with the length of a text, t.S/Count with that many numbers."""

    def service(self, details):
        self.metadata = dict(details.invocation_metadata)
        if details.method == "/t.S/Length":
            return grpc.unary_unary_rpc_method_handler(self._length)
        if details.method == "/t.S/Count":
            return grpc.unary_stream_rpc_method_handler(self._count)
        return None

    def _length(self, data, context):
        text = decode(MESSAGES, "Text", data)["text"]
        if not text:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "empty")
        return b"\xff" if text == "nonsense" else encode(MESSAGES, "Number", {"n": len(text)})

    def _count(self, data, context):
        for n in range(decode(MESSAGES, "Number", data)["n"]):
            yield encode(MESSAGES, "Number", {"n": n + 1})


@pytest.fixture
def server(tmp_path):
    handler, found = Server(), grpc.server(ThreadPoolExecutor(4))
    found.add_generic_rpc_handlers((handler,))
    found.add_insecure_port(f"unix://{tmp_path}/s")
    found.start()
    yield handler
    found.stop(None).wait()


@pytest.fixture
def channel(server, tmp_path):
    found = Channel(grpc, f"{tmp_path}/s", MESSAGES)
    yield found
    found.close()


def length(channel, text, **more):
    return channel.call("t.S/Length", "Text", "Number", {"text": text}, patience=60, **more)


def test_a_dict_goes_and_a_dict_comes(channel, server):
    assert length(channel, "four", headers={"x-for": "me"}) == {"n": 4}
    assert server.metadata["x-for"] == "me"


def test_a_refusal_has_grpcs_word_and_the_servers(channel):
    with pytest.raises(CallError, match="rpc error: code = InvalidArgument desc = empty") as raised:
        length(channel, "")

    assert (raised.value.code, raised.value.details) == ("INVALID_ARGUMENT", "empty")


def test_an_answer_that_is_no_message_is_an_error(channel):
    with pytest.raises(CallError) as raised:
        length(channel, "nonsense")
    assert raised.value.code == "INTERNAL"


def test_a_method_that_is_not_there_is_told(channel):
    with pytest.raises(CallError) as raised:
        channel.call("t.S/None", "Text", "Number", {}, patience=60)
    assert raised.value.code == "UNIMPLEMENTED"


def test_a_call_on_a_channel_that_was_closed_is_cancelled(channel):
    channel.close()

    for ask in (
        lambda: length(channel, "four"),
        lambda: list(channel.stream("t.S/Count", "Number", "Number", {"n": 1})),
    ):
        with pytest.raises(CallError, match=r"(?i)closed") as raised:
            ask()
        assert raised.value.code == "CANCELLED"


def test_a_stream_ends_with_the_server_or_when_it_is_cancelled(channel):
    cancels = []

    assert [one["n"] for one in channel.stream("t.S/Count", "Number", "Number", {"n": 3}, opened=cancels.append)] == [
        1,
        2,
        3,
    ]
    endless = channel.stream("t.S/Count", "Number", "Number", {"n": 1 << 40}, opened=cancels.append)
    assert next(endless) == {"n": 1}
    cancels[1]()
    with pytest.raises(CallError) as raised:
        list(endless)
    assert raised.value.code == "CANCELLED"
