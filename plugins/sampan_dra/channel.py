"""Calls to a device driver's socket.

Source: k8s.io/kubelet pkg/apis/dra/v1 (field numbers).
"""

from __future__ import annotations

from sampan.errors import SampanError
from sampan_grpc.channel import CallError
from sampan_grpc.drivers import DriverChannel
from sampan_grpc.registration import MESSAGES as REGISTRATION
from sampan_grpc.registration import Missing
from sampan_grpc.wire import table

PATIENCE = 45.0  # seconds, as kubelet's calls to such drivers
MISSING = "device drivers need the library grpcio: pip install 'sampan[dra]'"
SERVICE = "k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin"
#: A map of messages is on the wire what a list of its entries is.
MESSAGES = REGISTRATION | table("""
    Claim: namespace=1 uid=2 name=3
    NodePrepareResourcesRequest: claims=1:[Claim]
    NodeUnprepareResourcesRequest: claims=1:[Claim]
    PreparedDevice: request_names=1:[str] pool_name=2 device_name=3 cdi_device_ids=4:[str] share_id=5
    Prepared: devices=1:[PreparedDevice] error=2
    PreparedEntry: key=1 value=2:Prepared
    NodePrepareResourcesResponse: claims=1:[PreparedEntry]
    Unprepared: error=1
    UnpreparedEntry: key=1 value=2:Unprepared
    NodeUnprepareResourcesResponse: claims=1:[UnpreparedEntry]
""")


class CallFailure(SampanError):
    """A driver refused, or did not answer."""


class Channel(DriverChannel):
    """Its calls raise CallFailure. Raises Missing."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        try:
            import grpc  # with the first of them: it costs 20 MB
        except ImportError as error:
            raise Missing(MISSING) from error
        super().__init__(grpc, path, MESSAGES, patience=patience, failure=_failure)


def _failure(error: CallError) -> CallFailure:
    return CallFailure(str(error))
