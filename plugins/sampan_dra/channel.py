"""Calls to a driver's socket over gRPC. The library is imported with the first call: it costs 20 MB.

Source: k8s.io/kubelet pkg/apis/dra/v1 (field numbers).
"""

from __future__ import annotations

from typing import Any

from sampan.errors import SampanError
from sampan_grpc.channel import CallError
from sampan_grpc.channel import Channel as GrpcChannel
from sampan_grpc.registration import MESSAGES as REGISTRATION
from sampan_grpc.registration import Missing
from sampan_grpc.wire import table

PATIENCE = 45.0  # seconds, as kubelet's calls to such drivers
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


class Channel:
    """To one socket. Thread-safe. Raises Missing."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        try:
            import grpc
        except ImportError as error:
            raise Missing("device drivers need the library grpcio: pip install 'sampan[dra]'") from error
        self._patience, self._channel = patience, GrpcChannel(grpc, path, MESSAGES)

    def call(self, service: str, method: str, **fields: Any) -> dict[str, Any]:
        """Raises CallFailure."""
        special = {
            "GetInfo": ("InfoRequest", "PluginInfo"),
            "NotifyRegistrationStatus": ("RegistrationStatus", "RegistrationStatusResponse"),
        }
        request, answer = special.get(method, (f"{method}Request", f"{method}Response"))
        try:
            return self._channel.call(f"{service}/{method}", request, answer, fields, patience=self._patience)
        except CallError as error:
            raise CallFailure(str(error)) from error

    def close(self) -> None:
        self._channel.close()
