"""Which entries of the spool are on their way to Elasticsearch, and up to where all have arrived.

Pure. Documents that are to be sent again do not hold up those behind them, but the spool is only given free up to the
first that has not arrived. Must not know what a document says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sampan_logging.spool import SpoolPosition


@dataclass
class SentEntry:
    """An entry of which some documents have not arrived."""

    behind: SpoolPosition
    left: int
    oldest: int = 0  # nanoseconds, of its lines
    arrived: int = 0  # of its lines
    refused: int = 0  # of its lines, for good


@dataclass
class Document:
    action: dict[str, Any]
    size: int
    sent: SentEntry
    line: bool = True  # not what tells of a gap
    tries: int = 0
    due: float = 0.0  # when it may be sent again


@dataclass
class Window:
    cursor: SpoolPosition
    arrived: int = 0  # lines before the cursor
    refused: int = 0  # lines before the cursor
    entries: deque[SentEntry] = field(default_factory=deque)
    again: deque[Document] = field(default_factory=deque)  # to be sent again, oldest first

    def add(self, behind: SpoolPosition, documents: int, oldest: int) -> SentEntry:
        sent = SentEntry(behind, documents, oldest)
        self.entries.append(sent)
        return sent

    def settle(self, document: Document, *, refused: bool = False) -> None:
        """It has arrived, or been put aside for good."""
        sent = document.sent
        sent.left -= 1
        sent.refused += document.line and refused
        sent.arrived += document.line and not refused

    def advance(self) -> SpoolPosition:
        """Up to where everything has arrived now."""
        while self.entries and not self.entries[0].left:
            first = self.entries.popleft()
            self.cursor = first.behind
            self.arrived += first.arrived
            self.refused += first.refused
        return self.cursor

    def retry(self, document: Document, now: float, pause: float) -> None:
        document.tries += 1
        document.due = now + pause
        self.again.append(document)

    def due(self, now: float, most: int) -> list[Document]:
        """Documents whose time to be sent again has come; taken out."""
        found: list[Document] = []
        for _ in range(len(self.again)):
            document = self.again.popleft()
            if document.due <= now and len(found) < most:
                found.append(document)
            else:
                self.again.append(document)
        return found

    @property
    def next_due(self) -> float | None:
        return min((document.due for document in self.again), default=None)

    @property
    def oldest(self) -> int:
        """Nanoseconds; 0 when nothing is on its way."""
        return min((sent.oldest for sent in self.entries if sent.left), default=0)
