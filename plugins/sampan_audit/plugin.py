"""Where sampan_audit meets the platform."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sampan.contracts.chain import ChainStep
from sampan.contracts.serving import Duty, Metric, ServerContext
from sampan.errors import ConfigError
from sampan.hookspecs import hookimpl
from sampan_machinery import bounds

if TYPE_CHECKING:
    from sampan_audit.log import AuditLog, Sender
    from sampan_audit.policy import Policy


MODES = ("batch", "blocking", "blocking-strict")


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.audit``."""

    enabled: bool = False
    """Whether requests are logged at all, as none are by upstream without a policy; where not, they cost nothing."""
    policy: str = ""
    """File with an audit.k8s.io/v1 Policy; relative to home. Empty: changes are logged by who, what and when."""
    log: str = "logs/audit.log"
    """File that events are appended to, one a line; relative to home. Empty: none."""
    megabytes: float = 100.0
    """Size in MB at which the file is moved aside; 0: never."""
    keep: int = 10
    """How many files that were moved aside are kept; 0: all."""
    days: float = 0.0
    """After how many days a file that was moved aside is removed; 0: never."""
    webhook: str = ""
    """Kubeconfig file of a server that events are sent to; relative to home. Empty: none."""
    mode: str = "batch"
    """When the file is written: batch, after the answers and many events at once; blocking, before the answer;
    blocking-strict, and a request whose arrival cannot be written is refused."""
    backlog: int = 10_000
    """How many events may wait to be written; further ones are dropped and counted in the log."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            megabytes=bounds.number(0),
            keep=bounds.number(0),
            days=bounds.number(0),
            mode=bounds.one_of(*MODES),
            backlog=bounds.number(100, 1_000_000),
        )


_logs: WeakKeyDictionary[object, AuditLog] = WeakKeyDictionary()
_lock = threading.Lock()


@hookimpl
def contribute_chain_steps(context: ServerContext) -> list[ChainStep]:
    settings = _settings(context)
    if not _is_on(settings):
        return []
    from sampan_audit.matching import Matcher
    from sampan_audit.step import Audit

    matcher, audit_log = Matcher(_policy(context, settings)), _log(context, settings)
    for name, text, read in (
        ("apiserver_audit_event", "Audit events written.", lambda: audit_log.written),
        ("sampan_audit_dropped", "Audit events that came faster than they were written.", lambda: audit_log.dropped),
        ("sampan_audit_lost", "Audit events that could not be written to the file.", lambda: audit_log.lost),
    ):
        context.add_metric(Metric(name, text, (), partial(_figure, read), counter=True))
    return [Audit(matcher, audit_log.add, strict=settings.mode == "blocking-strict")]


@hookimpl
def contribute_duties(context: ServerContext) -> list[Duty]:
    settings = _settings(context)
    return [Duty("audit", _log(context, settings).run)] if _is_on(settings) else []


def _figure(read: Callable[[], int]) -> list[tuple[tuple[str, ...], float]]:
    return [((), float(read()))]


def _is_on(settings: Settings) -> bool:
    return settings.enabled and bool(settings.log or settings.webhook)


def _policy(context: ServerContext, settings: Settings) -> Policy:
    from sampan_audit.builtin import POLICY
    from sampan_audit.policy import policy_of, read_policy

    if not settings.policy:
        return policy_of(POLICY)
    path = Path(context.home) / settings.policy
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"plugins.audit.policy: {path} cannot be read: {error.strerror}") from error
    return read_policy(text, f"plugins.audit.policy: {path}")


def _log(context: ServerContext, settings: Settings) -> AuditLog:
    """One for each server: its steps fill it and its duty empties it."""
    from sampan_audit.log import AuditLog
    from sampan_audit.logfile import LogFile

    with _lock:
        found = _logs.get(context.cluster)
        if found is None:
            home = Path(context.home)
            file = (
                LogFile(home / settings.log, megabytes=settings.megabytes, keep=settings.keep, days=settings.days)
                if settings.log
                else None
            )
            sender = _sender(home / settings.webhook) if settings.webhook else None
            found = _logs[context.cluster] = AuditLog(
                file, sender, most=settings.backlog, blocking=settings.mode != "batch"
            )  # fmt: skip
        return found


def _sender(path: Path) -> Callable[[threading.Event], Sender]:
    from sampan_audit.webhook import Webhook
    from sampan_client import kubeconfig
    from sampan_client.http import HttpTransport

    config = kubeconfig.load(str(path))

    def make(stop: threading.Event) -> Sender:
        return Webhook(HttpTransport(config), stop)

    return make


def _settings(context: ServerContext) -> Settings:
    return context.settings if isinstance(context.settings, Settings) else Settings()
