"""Starts the supervisor, in the background or in this process."""

from __future__ import annotations

import logging
import os
import socket

from sampan.errors import ConfigError
from sampan_operate.supervisor import cluster, effective
from sampan_operate.supervisor.memory import start_openssl
from sampan_operate.supervisor.processes import Supervisor
from sampan_operate.supervisor.state import live_state, make_home, write_loaded
from sampan_settings import reservations
from sampan_settings.options import hold_reservation, refuse_in_use
from sampan_settings.settings import Settings, Where, load

log = logging.getLogger(__name__)

LEAST_ROOM = 8 << 20  # bytes
#: Imported before the first fork: a module that several processes load by themselves is in memory several times.
PRELOAD = (
    "msgspec",
    "prometheus_client",
    "sampan_client.events",
    "sampan_client.http",
    "sampan_client.informers",
    "sampan_client.queue",
    "sampan_client.working",
)


def ready_to_supervise(settings: Settings, *, config: str = "") -> Supervisor:
    """Do everything that can fail before the first fork: plugins, keys, imports.

    Raises ConfigError or PluginError."""
    check_room(settings)
    if not settings.joined:
        check_free(settings)
    plugins = cluster.load_plugins(settings)
    plugins.require()
    with reservations.turn():
        refuse_in_use(settings)
        held = hold_reservation(settings)
    is_new = not reservations.authority_id(settings.home)
    options, members = cluster.prepare(settings, plugins)
    if is_new and held is not None:  # the home's identity is known only now
        first, held = held, hold_reservation(settings)
        first.close()
    for complaint in cluster.clean_up_unwanted(settings, plugins, options):
        log.warning("not cleaned up: %s", complaint)
    wanted_early = [name for member in members for name in member.component.preload]
    for name in () if settings.joined else (*PRELOAD, *wanted_early):
        __import__(name)
    start_openssl()
    wanted = cluster.processes(settings, plugins, options, members)
    write_loaded(settings.home, plugins.found)
    configured = cluster.Configured(settings, plugins, config, held)
    return Supervisor(settings.home, wanted, reload=configured.reload, facts=configured.facts)


def require_own(settings: Settings) -> None:
    """Raises ConfigError in the home of a node that has joined: it has no authority of its own."""
    if settings.joined:
        raise ConfigError(
            f"{settings.home} is the home of a node of the cluster at {settings.node.server}; name another home with "
            "--home for a cluster of its own"
        )


def settings_of_own(where: Where) -> Settings:
    """The settings for a command that works in a home by itself, beside a running cluster with the same settings or
    none; the home is created. Raises ConfigError."""
    settings = load(**where)
    require_own(settings)
    if state := live_state(settings.home):
        effective.refuse_others(state, settings)
    make_home(settings.home)
    return settings


def check_room(settings: Settings) -> None:
    """Raises ConfigError if the disk is too full for keys and logs."""
    found = os.statvfs(settings.home)
    free = found.f_bavail * found.f_frsize
    if free < LEAST_ROOM or not (found.f_favail or not found.f_files):
        raise ConfigError(
            f"the disk of {settings.home} is full ({free >> 10} KB free); make at least {LEAST_ROOM >> 20} MB free "
            "on it, or move the home to another disk and name it with --home"
        )


def check_free(settings: Settings) -> None:
    """Raises ConfigError if the API server's address cannot be listened on."""
    host, port = settings.api.host, settings.api.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"{host}:{port} cannot be listened on ({error.strerror}); choose another with --port or api.port"
            ) from error
