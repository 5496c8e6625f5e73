"""Every error sampan raises on purpose, each one a Kubernetes Status.

    SampanError
    ├── ConfigError            the configuration file or a flag is wrong (never leaves the process)
    ├── PluginError            a plugin cannot be used; carries its name
    └── StatusError            what a client is told; code, reason, details
        ├── BadRequest 400 · Unauthorized 401 · Forbidden 403 · NotFound 404 · MethodNotAllowed 405
        ├── NotAcceptable 406 · AlreadyExists 409 · Conflict 409 · Expired 410 · Gone 410
        ├── TooLarge 413 · UnsupportedMediaType 415 · Invalid 422 · TooManyRequests 429
        └── InternalError 500 · BadGateway 502 · ServiceUnavailable 503 · Timeout 504

Source: Kubernetes API reference, meta/v1 Status. A StatusError is made by the code that knows what is wrong and
rendered once, by the API server; the client turns an answer back into the same class (``from_status``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


class SampanError(Exception):
    """Anything sampan raises on purpose."""


class ConfigError(SampanError):
    """The configuration cannot be used; the message names the key and the way out."""

    prevents_start = True  # of a server: the message is all that the operator needs


class PluginError(SampanError):
    """A plugin cannot be used."""

    prevents_start = True

    def __init__(self, plugin: str, message: str) -> None:
        super().__init__(f"plugin {plugin}: {message}")
        self.plugin = plugin
        self.message = message


@dataclass(frozen=True)
class Cause:
    """One entry of ``Status.details.causes``."""

    reason: str
    message: str
    field: str = ""

    def to_dict(self) -> dict[str, str]:
        found = {"reason": self.reason, "message": self.message}
        if self.field:
            found["field"] = self.field
        return found


class StatusError(SampanError):
    """A refusal or failure with everything a Status needs."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"
    #: No newer state of the cluster changes it: a write that it refuses is not tried again.
    final = False

    def __init__(
        self,
        message: str,
        *,
        group: str = "",
        kind: str = "",
        name: str = "",
        uid: str = "",
        causes: tuple[Cause, ...] = (),
        retry_after: int = 0,
        continue_token: str = "",
        bare: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.group = group
        self.kind = kind
        self.name = name
        self.uid = uid
        self.causes = causes
        self.retry_after = retry_after
        self.continue_token = continue_token
        self.bare = bare  # about a path, not an object: upstream shows its details empty

    def to_status(self) -> dict[str, Any]:
        """The meta/v1 Status object, as a dict."""
        details: dict[str, Any] = {
            key: value
            for key, value in (
                ("name", self.name),
                ("group", self.group),
                ("kind", self.kind),
                ("uid", self.uid),
                ("causes", [cause.to_dict() for cause in self.causes]),
                ("retryAfterSeconds", self.retry_after),
            )
            if value
        }
        metadata = {"continue": self.continue_token} if self.continue_token else {}
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if details or self.bare:
            status["details"] = details
        return status


class BadRequest(StatusError):
    code, reason = 400, "BadRequest"


class Unauthorized(StatusError):
    code, reason = 401, "Unauthorized"


class Forbidden(StatusError):
    code, reason = 403, "Forbidden"


class NotFound(StatusError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(StatusError):
    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(StatusError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(StatusError):
    code, reason = 409, "AlreadyExists"


class Conflict(StatusError):
    code, reason = 409, "Conflict"


class Expired(StatusError):
    """The resourceVersion or continue token asked for is no longer kept."""

    code, reason = 410, "Expired"


class Gone(StatusError):
    code, reason = 410, "Gone"


class TooLarge(StatusError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(StatusError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(StatusError):
    """The object breaks a rule; ``causes`` name each field."""

    code, reason = 422, "Invalid"


class TooManyRequests(StatusError):
    code, reason = 429, "TooManyRequests"


class InternalError(StatusError):
    code, reason = 500, "InternalError"


class BadGateway(StatusError):
    """A server behind this one answered what it may not."""

    code, reason = 502, "BadGateway"


class ServiceUnavailable(StatusError):
    code, reason = 503, "ServiceUnavailable"


class Timeout(StatusError):
    code, reason = 504, "Timeout"


_BY_REASON: dict[str, type[StatusError]] = {
    cls.reason: cls
    for cls in (
        BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, AlreadyExists, Conflict,
        Expired, Gone, TooLarge, UnsupportedMediaType, Invalid, TooManyRequests, InternalError, ServiceUnavailable,
        Timeout, BadGateway,
    )
}  # fmt: skip
_BY_CODE: dict[int, type[StatusError]] = {}
for _cls in reversed(_BY_REASON.values()):
    _BY_CODE[_cls.code] = _cls
_BY_CODE[409], _BY_CODE[410] = Conflict, Expired


def from_status(code: int, status: dict[str, Any]) -> StatusError:
    """The error that an HTTP answer with this code and (perhaps empty) Status body stands for."""
    details = status.get("details") or {}
    cls = _BY_REASON.get(status.get("reason") or "") or _BY_CODE.get(code) or InternalError
    return cls(
        status.get("message") or f"the server answered {code}",
        group=details.get("group", ""),
        kind=details.get("kind", ""),
        name=details.get("name", ""),
        uid=details.get("uid", ""),
        causes=tuple(
            Cause(c.get("reason", ""), c.get("message", ""), c.get("field", "")) for c in details.get("causes") or ()
        ),
        retry_after=details.get("retryAfterSeconds") or 0,
        continue_token=(status.get("metadata") or {}).get("continue", ""),
    )
