"""Calls by the names of a driver's methods; its refusals as what the caller wants raised."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from sampan_grpc.drivers import DriverChannel
from sampan_grpc.wire import decode, encode, table

MESSAGES = table("""
    DoubleRequest: n=1:int
    DoubleResponse: n=1:int
    InfoRequest:
    PluginInfo: name=1
""")


class Refused(Exception):
    pass


class Server(grpc.GenericRpcHandler):
    def service(self, details):
        answers = {"/t.S/Double": self._double, "/t.S/GetInfo": self._info}
        found = answers.get(details.method)
        return grpc.unary_unary_rpc_method_handler(found) if found else None

    def _double(self, data, context):
        return encode(MESSAGES, "DoubleResponse", {"n": decode(MESSAGES, "DoubleRequest", data)["n"] * 2})

    def _info(self, data, context):
        return encode(MESSAGES, "PluginInfo", {"name": "driver.test"})


@pytest.fixture
def path(tmp_path):
    found = grpc.server(ThreadPoolExecutor(2))
    found.add_generic_rpc_handlers((Server(),))
    found.add_insecure_port(f"unix://{tmp_path}/s")
    found.start()
    yield f"{tmp_path}/s"
    found.stop(None).wait()


def channel(path):
    return DriverChannel(grpc, path, MESSAGES, patience=60, failure=lambda error: Refused(f"{error.code}: {error}"))


def test_messages_are_named_after_the_method(path):
    with_driver = channel(path)
    try:
        assert with_driver.call("t.S", "Double", n=4) == {"n": 8}
        assert with_driver.call("t.S", "GetInfo") == {"name": "driver.test"}
    finally:
        with_driver.close()


def test_a_refusal_is_raised_as_the_caller_says(path):
    with_driver = channel(path)
    try:
        with pytest.raises(Refused, match="UNIMPLEMENTED"):
            with_driver.call("t.T", "Double", n=4)
    finally:
        with_driver.close()
