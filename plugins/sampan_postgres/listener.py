"""Learns of other servers' commits: its own connection LISTENs. A notification only says that there is something to
read: the feed reads the log from its position. So a lost one costs until the next, or until the look that is taken
every few seconds anyway."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from typing import Any

import psycopg
from psycopg import sql

from sampan.contracts.store import Unavailable
from sampan_postgres.connections import Connection, connect, unavailable
from sampan_postgres.feed import SharedFeed
from sampan_postgres.options import Options

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds; also how a dead connection is found
PATIENCE = 5.0  # seconds without a connection after which watches are told
PAUSE = 0.2


class Listener:
    """One thread."""

    def __init__(self, settings: dict[str, Any], options: Options, feed: SharedFeed, channel: str) -> None:
        self._settings = settings
        self._options = options
        self._feed = feed
        self._channel = channel
        self._closed = False
        self._followed = time.monotonic()  # when others' commits were last known to arrive
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._first = self._listening()  # so that the caller that opened the store misses nothing from here on
        self._thread = threading.Thread(target=self._run, name="postgres-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        os.close(self._wake)

    def _run(self) -> None:
        connection: Connection | None = self._first
        while not self._closed:
            try:
                connection = connection or self._listening()
                self._feed.catch_up()
                self._feed.find()
                self._follow(connection)
            except (psycopg.Error, Unavailable) as error:
                self._complain(error if isinstance(error, Unavailable) else unavailable(error))
            except Exception as error:
                log.exception("the store's listener goes on after an error it did not expect")
                self._complain(Unavailable(f"PostgreSQL: {error}"))
            finally:
                if connection is not None:
                    connection.close()
                    connection = None

    def _complain(self, error: Unavailable) -> None:
        if self._closed:
            return
        log.warning("the store's feed is interrupted: %s", error)
        if time.monotonic() - self._followed > PATIENCE:
            self._feed.lose(error)
        time.sleep(PAUSE)

    def _follow(self, connection: Connection) -> None:
        """Wait for notifications until closed; raises psycopg's errors when the connection is gone."""
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while not self._closed:
            self._followed = time.monotonic()
            if not poll.poll(LOOK_EVERY * 1000):
                connection.execute("SELECT 1")
                self._feed.catch_up()
                continue
            if self._closed:
                return
            news = [int(notice.payload) for notice in connection.notifies(timeout=0)]
            if news and max(news) > self._feed.newest:
                self._feed.catch_up()

    def _listening(self) -> Connection:
        connection = connect(self._settings, self._options)
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        return connection
