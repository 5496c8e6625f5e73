import pytest

grpc = pytest.importorskip("grpc")

from sampan.contracts.store import Unavailable  # noqa: E402  # after the check of what the machine has
from sampan.errors import TooLarge  # noqa: E402
from sampan_etcd.failures import Failure, FailureKind, failure, spoken  # noqa: E402


class Call(grpc.RpcError):
    def __init__(self, code, details):
        self.code, self.details = (lambda: code), (lambda: details)


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        ("OUT_OF_RANGE", "etcdserver: mvcc: required revision has been compacted", "COMPACTED"),
        ("OUT_OF_RANGE", "etcdserver: mvcc: required revision is a future revision", "FUTURE"),
        ("NOT_FOUND", "etcdserver: requested lease not found", "NO_LEASE"),
        ("INVALID_ARGUMENT", "etcdserver: request is too large", "TOO_LARGE"),
        ("UNAUTHENTICATED", "etcdserver: invalid auth token", "NOT_KNOWN"),
        ("UNAVAILABLE", "etcdserver: no leader", "NOT_DONE"),
        ("RESOURCE_EXHAUSTED", "etcdserver: mvcc: database space exceeded", "REFUSED"),
        ("UNAVAILABLE", "failed to connect to all addresses; last error: refused", "NOT_DONE"),
        ("RESOURCE_EXHAUSTED", "CLIENT: received message larger than max (5 vs 4)", "TOO_LARGE"),
        ("UNAVAILABLE", "Socket closed", "UNSURE"),
        ("DEADLINE_EXCEEDED", "", "UNSURE"),
        ("PERMISSION_DENIED", "etcdserver: permission denied", "REFUSED"),
    ],
)
def test_what_a_call_s_error_means(code, text, meaning):
    found = failure(Call(grpc.StatusCode[code], text))

    assert found.meaning is FailureKind[meaning]


def test_etcds_words_are_found_behind_those_of_grpc_and_unknown_ones_are_not():
    said = "rpc error: code = OutOfRange desc = etcdserver: mvcc: required revision has been compacted"

    assert spoken(said).meaning is FailureKind.COMPACTED
    assert spoken("anything else") is None


def test_a_caller_of_the_store_gets_the_contracts_errors():
    assert isinstance(Failure(FailureKind.UNSURE, "x").as_error(), Unavailable)
    too_large = Failure(FailureKind.TOO_LARGE, "x").as_error()
    assert isinstance(too_large, TooLarge) and "--max-request-bytes" in str(too_large)


def test_an_error_without_words_is_called_by_its_code():
    assert str(failure(Call(grpc.StatusCode.DEADLINE_EXCEEDED, ""))) == "DEADLINE_EXCEEDED"
