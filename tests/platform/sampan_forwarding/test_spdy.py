import struct
import zlib

import pytest

from sampan_forwarding.spdy import DICTIONARY, Data, Frames, Opened, Ping, ProtocolError, Reset


class Client:
    """The other side: what it says, and what it understands."""

    def __init__(self):
        self.deflate, self.inflate = zlib.compressobj(zdict=DICTIONARY), zlib.decompressobj(zdict=DICTIONARY)

    def opens(self, stream, **headers):
        plain = struct.pack("!I", len(headers))
        for word in (one for pair in headers.items() for one in pair):
            plain += struct.pack("!I", len(word)) + word.encode()
        block = self.deflate.compress(plain) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        payload = struct.pack("!IIH", stream, 0, 0) + block
        return struct.pack("!HHI", 0x8003, 1, len(payload)) + payload


def test_the_dictionary_is_the_specification_s():
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


def test_streams_open_with_headers_that_share_a_compression():
    client, frames = Client(), Frames()
    sent = client.opens(1, streamtype="error", port="80") + client.opens(3, streamtype="data", port="80")

    seen = [event for byte in sent for event in frames.receive(bytes([byte]))]  # however it is cut

    assert seen == [
        Opened(1, {"streamtype": "error", "port": "80"}, False), Opened(3, {"streamtype": "data", "port": "80"}, False),
    ]  # fmt: skip


def test_data_pings_and_resets_are_told_apart():
    sent = struct.pack("!II", 3, 1 << 24 | 2) + b"hi" + struct.pack("!HHII", 0x8003, 6, 4, 7)
    sent += struct.pack("!HHIII", 0x8003, 3, 8, 3, 5) + struct.pack("!HHI", 0x8003, 4, 0)  # and settings, passed over

    assert list(Frames().receive(sent)) == [Data(3, b"hi", True), Ping(7), Reset(3)]


def test_an_accepted_stream_has_no_headers():
    frames, client = Frames(), Client()

    for stream in (1, 3):
        told = frames.accept(stream)
        assert struct.unpack_from("!HH", told) == (0x8003, 2)
        assert client.inflate.decompress(told[12:]) == b"\0\0\0\0"


@pytest.mark.parametrize("sent", [b"\x80\x03\x00\x01\x00\x00\x00\x10" + b"x" * 16, b"\x00\x00\x00\x01\x00\xff\xff\xff"])
def test_nonsense_is_refused(sent):
    with pytest.raises(ProtocolError):
        list(Frames().receive(sent))


def test_a_stream_that_is_opened_here_is_seen_with_its_headers_there():
    ours, theirs = Frames(), Frames()

    seen = list(theirs.receive(ours.open(1, {"streamtype": "error"}) + ours.open(3, {"streamtype": "stdin"})))

    assert seen == [Opened(1, {"streamtype": "error"}, False), Opened(3, {"streamtype": "stdin"}, False)]
