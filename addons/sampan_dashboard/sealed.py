"""Sessions that several replicas share: credentials are sealed in the browser's cookie, no replica asks another.

A replica keeps what it has made of a cookie (a client, watches) in memory, and makes it again from any cookie that the
shared key opens. The alternative, a store of sessions, would be one more thing to run and to protect.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sampan.errors import Unauthorized
from sampan_client.kubeconfig import Config
from sampan_dashboard import connecting
from sampan_dashboard.accounts import Account
from sampan_dashboard.oidc import Flow, RenewedConfig, Tokens
from sampan_dashboard.sealing import Sealer
from sampan_dashboard.sessions import Session, Sessions, Times

PURPOSE = "session"
AGAIN = 60.0  # seconds after which a cookie is written again at the latest, with the time of the last request
LARGEST = 256 * 1024  # bytes of an opened cookie


class Record(msgspec.Struct):
    """What a cookie holds; times in seconds since the epoch."""

    id: str
    csrf: str
    began: float
    seen: float
    credentials: dict[str, Any]  # what differs from the place that all users share


class SealedSessions(Sessions[Account]):
    """Thread-safe. Signing out is known to this replica and to the browser, which forgets the cookie."""

    def __init__(
        self, sealer: Sealer, place: connecting.Place, flow: Flow | None = None, *, times: Times | None = None,
        clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        super().__init__(times or Times(), clock)
        self._sealer, self._place, self._flow, self._wall = sealer, place, flow, wall
        self._ended: dict[str, float] = {}  # id → when its cookie would have ended by itself

    def find(self, cookie: str) -> Session[Account] | None:
        """Raises ConnectionError where the API server cannot be asked who the user is."""
        record = self._opened(cookie)
        if record is None or record.id in self._ended:
            return None
        session = super().find(record.id)
        if session is None:
            return self._restored(record)
        if isinstance(config := session.account.config, RenewedConfig) and "expires" in record.credentials:
            config.take(_tokens(record.credentials))
        return session

    def cookie(self, session: Session[Account]) -> str:
        now = self._wall()
        began = now - (self.clock() - session.began)
        record = Record(session.id, session.csrf, began, now, packed(self._place, session.account.config))
        return self._sealer.seal(PURPOSE, zlib.compress(msgspec.json.encode(record)))

    def renewed(self, session: Session[Account], cookie: str) -> str:
        record = self._opened(cookie)
        if record is None:
            return ""
        is_fresh = self._wall() - record.seen < min(AGAIN, self.times.idle / 4)
        if is_fresh and record.credentials == packed(self._place, session.account.config):
            return ""
        return self.cookie(session)

    def end(self, id: str) -> None:
        now = self._wall()
        self._ended = {each: until for each, until in self._ended.items() if until > now}
        self._ended[id] = now + self.times.session
        super().end(id)

    def _opened(self, cookie: str) -> Record | None:
        """None for what is no cookie of ours, or too old."""
        data = self._sealer.open(PURPOSE, cookie) if cookie else None
        if data is None:
            return None
        record = msgspec.json.decode(zlib.decompressobj().decompress(data, LARGEST), type=Record)
        now = self._wall()
        is_old = now - record.began >= self.times.session or now - record.seen >= self.times.idle
        return None if is_old else record

    def _restored(self, record: Record) -> Session[Account] | None:
        try:
            account = connecting.by_config(unpacked(self._place, self._flow, record.credentials))
        except Unauthorized:
            return None
        now = self.clock()
        began = now - (self._wall() - record.began)
        return self.adopt(Session(record.id, account, record.csrf, began, now))


def packed(place: connecting.Place, config: Config | None) -> dict[str, Any]:
    """What makes the user's config of the place's, as JSON values."""
    if config is None:
        raise ValueError("an account in process has no credentials")
    shared = connecting.values_of(place.config())
    found = {name: value for name, value in connecting.values_of(config).items() if value != shared[name]}
    if isinstance(config, RenewedConfig):
        found |= {"token": config.tokens.id_token, "refresh": config.tokens.refresh, "expires": config.tokens.expires}
    return found


def unpacked(place: connecting.Place, flow: Flow | None, found: Mapping[str, Any]) -> Config:
    if flow is not None and "expires" in found:
        return RenewedConfig(place.config(), flow, _tokens(found))
    return connecting.from_wire({**connecting.values_of(place.config()), **found})


def _tokens(found: Mapping[str, Any]) -> Tokens:
    return Tokens(str(found["token"]), str(found["refresh"]), float(found["expires"]))
