"""Calls to a CSI driver's socket."""

from __future__ import annotations

from sampan_csi.messages import MESSAGES
from sampan_grpc.channel import CallError
from sampan_grpc.drivers import DriverChannel
from sampan_grpc.registration import Missing
from sampan_volumes.contracts import VolumeFailure

PATIENCE = 120.0  # seconds, as kubelet's CSI calls
MISSING = "CSI drivers need the library grpcio: pip install 'sampan[csi]'"


class CallFailure(VolumeFailure):
    """A driver refused, or did not answer; ``code`` is gRPC's word, NOT_FOUND for example."""

    def __init__(self, message: str, code: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.code = code


class Channel(DriverChannel):
    """Its calls raise CallFailure. Raises Missing."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        try:
            import grpc  # with the first of them: it costs 20 MB
        except ImportError as error:
            raise Missing(MISSING) from error
        super().__init__(grpc, path, MESSAGES, patience=patience, failure=_failure)


def _failure(error: CallError) -> CallFailure:
    return CallFailure(str(error), error.code)
