"""Tables of live objects in a SQLite database in memory: a table is filled when a statement names it. Reads only.

Why not virtual tables: Python's sqlite3 cannot define any, and apsw would be one more compiled dependency for a
command that reads each table whole in any case.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sampan.contracts.resources import Object, Resource
from sampan.errors import Forbidden, SampanError
from sampan_client import Client
from sampan_client.discovery import Discovered, find
from sampan_client.paths import path_of
from sampan_machinery.metadata import get_path, parse_time
from sampan_query.columns import COMMON, SPECIAL, amount, printed

PAGE = 500
STEPS = 100_000  # of SQLite's machine between looks whether the user wants to end
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_MISSING = re.compile(r"no such table: (.+)")
_ALLOWED = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    getattr(sqlite3, "SQLITE_RECURSIVE", 33),
)


class BadQuery(SampanError):
    """The statement cannot be answered; the message is for the user."""


class Database:
    """One for a command. ``namespace``: objects of it alone; "" = of all."""

    def __init__(
        self, client: Client, kinds: Iterable[Discovered], namespace: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._client, self._namespace = client, namespace
        self._kinds = [each for each in kinds if "list" in each.verbs]
        self.filled: dict[str, tuple[Resource, str]] = {}  # by table: the resource, and the revision it was read at
        self._columns: dict[str, list[str]] = {}
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.set_progress_handler(lambda: 0, STEPS)  # so that Python sees the user's interrupt
        self._connection.create_function("amount", 1, amount, deterministic=True)
        self._connection.create_function("label", 2, _label, deterministic=True)
        self._connection.create_function("age", 1, lambda text: _age(text, clock()))

    def close(self) -> None:
        self._connection.close()

    def tables(self) -> list[str]:
        """Names of all tables: plurals, with the group behind where two groups have the same."""
        names: dict[str, str] = {}
        for each in sorted(self._kinds, key=lambda each: bool(each.resource.group)):
            plural = each.resource.plural
            names.setdefault(plural if plural not in names else f'"{plural}.{each.resource.group}"', plural)
        return sorted(names)

    def columns(self, table: str) -> list[str]:
        if table not in self.filled:
            self._fill(table)
        return self._columns[table.lower()]

    def ask(self, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Names of the columns, and the rows. Raises BadQuery, or what reading a table raises."""
        while True:
            try:
                self._connection.set_authorizer(_authorize)
                cursor = self._connection.execute(statement)
                rows = cursor.fetchall()
            except sqlite3.Error as error:
                missing = _MISSING.match(str(error))
                if missing is None:
                    raise BadQuery(self._why(error)) from error
                self._connection.set_authorizer(None)
                table = missing[1].removeprefix("main.")
                if table in self.filled:
                    raise BadQuery(f'write "{table}" in double quotes, for it has a dot') from error
                self._fill(table)
                continue
            except (sqlite3.Warning, ValueError) as error:  # two statements; a NUL in the text
                raise BadQuery(f"one select at a time: {error}") from error
            finally:
                self._connection.set_authorizer(None)
            if cursor.description is None:
                raise BadQuery("nothing to select; try: select name, phase from pods")
            return [each[0] for each in cursor.description], rows

    def refill(self, tables: Iterable[str]) -> None:
        """Read those tables again."""
        for table in tables:
            self._connection.execute(f"DROP TABLE IF EXISTS {_quoted(table)}")
            self._fill(table)

    def _fill(self, table: str) -> None:
        kind = find(self._kinds, table)
        if kind is None:
            raise BadQuery(f"no such table: {table}. There are: {', '.join(self.tables())}")
        resource = kind.resource
        common = {**COMMON, **SPECIAL.get((resource.group, resource.plural), {})}
        self._connection.execute("BEGIN")
        try:
            shown, revision = None, ""
            for page in self._pages(resource):
                if shown is None:
                    shown = printed(page.get("columnDefinitions") or (), common)
                    names = [*common, *(name for _, name in shown)]
                    self._create(table, names)
                    revision = get_path(page, "metadata", "resourceVersion", default="")
                marks = ",".join("?" * len(names))
                self._connection.executemany(
                    f"INSERT INTO {_quoted(table)} VALUES ({marks})",
                    (_row(row, common, shown, resource) for row in page.get("rows") or ()),
                )
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self.filled[table] = (resource, revision)

    def _create(self, table: str, names: list[str]) -> None:
        self._connection.execute(f"CREATE TABLE {_quoted(table)} ({', '.join(map(_quoted, names))})")
        self._columns[table.lower()] = names

    def _pages(self, resource: Resource) -> Iterable[Object]:
        path = path_of(resource, self._namespace if resource.namespaced else "")
        query: dict[str, object] = {"limit": PAGE, "includeObject": "Object"}
        while True:
            try:
                page = msgspec.json.decode(
                    self._client.request("GET", path, query=query, headers={"Accept": _TABLE}).body
                )
            except Forbidden as error:
                hint = "; name a namespace with -n" if resource.namespaced and not self._namespace else ""
                raise BadQuery(f"{error}{hint}") from error
            yield page
            more = get_path(page, "metadata", "continue", default="")
            if not more:
                return
            query = {**query, "continue": more}

    def _why(self, error: sqlite3.Error) -> str:
        said = str(error)
        if "prohibited" in said or "not authorized" in said:
            return "only select is possible: objects are read and never changed"
        if said.startswith("no such column"):
            known = "; ".join(f"{table}: {', '.join(self._columns[table.lower()])}" for table in self.filled)
            return f"{said}. Columns of {known}" if known else said
        return said


def _row(row: Object, common: dict[str, Any], shown: list[tuple[int, str]], resource: Resource) -> list[Any]:
    obj = {"kind": resource.kind, "apiVersion": resource.api_version, **row["object"]}
    cells = row.get("cells") or []
    return [*(get(obj) for get in common.values()), *(_cell(cells[place]) for place, _ in shown)]


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else msgspec.json.encode(value).decode()


def _authorize(action: int, *what: Any) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _label(labels: str | None, name: str) -> Any:
    """One of the labels or annotations; ``->>`` takes the dots of a name for a path."""
    try:
        found = msgspec.json.decode(labels or "{}")
    except msgspec.DecodeError:
        return None
    return _cell(found.get(name)) if isinstance(found, dict) else None


def _age(text: str | None, now: float) -> float | None:
    """Seconds since a time."""
    try:
        return now - parse_time(text) if text else None
    except (SampanError, ValueError):
        return None
