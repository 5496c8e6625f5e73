"""Panels, columns and pages of other plugins. They give texts, which the dashboard escapes; each call is made as the
user, and a third-party plugin that fails or is late costs its own panel alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import falcon

from sampan.contracts.components import Contributed, Hooks
from sampan.contracts.kinds import Object
from sampan.errors import NotFound, SampanError
from sampan_client import Client
from sampan_dashboard.navigation import link
from sampan_dashboard.web import Pages, account_of

PANELS, PAGES = "contribute_dashboard_panels", "contribute_dashboard_pages"
COLUMNS = "contribute_dashboard_columns"
MOST_FACTS, MOST_ROWS = 100, 1000
LONGEST = 4096  # characters of one text

Key = tuple[str, str]  # namespace and name

T = TypeVar("T")
#: Of a plugin's code. It may raise anything; what else comes is a 500 of the page, which the log has.
FAILURES = (SampanError, OSError, ValueError, TypeError, LookupError, AttributeError)


class Panel(Protocol):
    """A part of the page of an object."""

    title: str
    kinds: Collection[str]  # group resources: pods, deployments.apps

    def facts(self, client: Client, obj: Object) -> Sequence[tuple[str, str]]: ...


class Column(Protocol):
    """A column of a list. One with an attribute ``wide`` that is true is shown with "all columns" alone."""

    title: str
    kinds: Collection[str]

    def cells(self, client: Client, rows: Sequence[Key]) -> Mapping[Key, str]: ...


class Page(Protocol):
    """A page with a table. Two more attributes may be there: ``fields``, (name, label) of each field of a form above
    the table, whose values are the second argument of ``rows``; and ``kinds``, the group resources whose objects' pages
    link to it, with the object's ``namespace`` and ``name`` as values of those fields."""

    name: str
    title: str
    columns: Sequence[str]

    def rows(self, client: Client) -> Sequence[Sequence[str]]: ...


class Shown(NamedTuple):
    """What a panel shows, or why it shows nothing."""

    title: str
    facts: list[tuple[str, str]]
    error: str


class Added(NamedTuple):
    """A column with its texts, or why it has none."""

    title: str
    texts: Mapping[Key, str]
    error: str


@dataclass(frozen=True)
class Contributions:
    """What all plugins added; nothing where none can be asked."""

    panels: tuple[tuple[Contributed[Any], Any], ...] = ()
    columns: tuple[tuple[Contributed[Any], Any], ...] = ()
    pages: tuple[tuple[Contributed[Any], Any], ...] = ()
    explainers: tuple[Any, ...] = ()  # of sampan_explain

    @classmethod
    def ask(cls, hooks: Hooks | None) -> Contributions:
        from sampan_explain.contributed import explainers

        panels, columns, pages = (_each(hooks, hook) for hook in (PANELS, COLUMNS, PAGES))
        return cls(panels, columns, pages, tuple(explainers(hooks)))

    def shown(self, client: Client, group_resource: str, obj: Object) -> list[Shown]:
        return [
            _panel(contributed, panel, client, obj)
            for contributed, panel in self.panels
            if group_resource in panel.kinds
        ]

    def added(self, group_resource: str, *, wide: bool) -> list[tuple[Contributed[Any], Any]]:
        """The columns of a list, in order."""
        return [
            (contributed, column)
            for contributed, column in self.columns
            if group_resource in column.kinds and (wide or not getattr(column, "wide", False))
        ]

    def filled(self, client: Client, group_resource: str, rows: Sequence[Key], *, wide: bool) -> list[Added]:
        return [
            _column(contributed, column, client, rows) for contributed, column in self.added(group_resource, wide=wide)
        ]

    def links(self, group_resource: str, namespace: str, name: str) -> list[tuple[str, str]]:
        """(title, address) of each page that is about such objects."""
        return [
            (str(page.title), link("p", str(page.name), namespace=namespace, name=name))
            for _, page in self.pages
            if group_resource in getattr(page, "kinds", ())
        ]

    def entries(self) -> list[tuple[str, str]]:
        """(name, title) of each page, for the menu."""
        return [(str(page.name), str(page.title)) for _, page in self.pages]


def _each(hooks: Hooks | None, hook: str) -> tuple[tuple[Contributed[Any], Any], ...]:
    asked = hooks.ask(hook) if hooks is not None else ()
    return tuple((contributed, each) for contributed in asked for each in contributed.answer)


def _panel(contributed: Contributed[Any], panel: Any, client: Client, obj: Object) -> Shown:
    title = str(panel.title)
    try:
        found = guarded(contributed, PANELS, lambda: list(panel.facts(client, obj)))
        return Shown(title, [(str(label), str(text)[:LONGEST]) for label, text in found[:MOST_FACTS]], "")
    except FAILURES as error:
        return Shown(title, [], f"{contributed.plugin}: {error}")


def _column(contributed: Contributed[Any], column: Any, client: Client, rows: Sequence[Key]) -> Added:
    title = str(column.title)
    try:
        found = guarded(contributed, COLUMNS, lambda: dict(column.cells(client, rows)))
        return Added(title, {key: str(found[key])[:LONGEST] for key in rows if key in found}, "")
    except FAILURES as error:
        return Added(title, {}, f"{contributed.plugin}: {error}")


def guarded(contributed: Contributed[Any], hook: str, function: Callable[[], T]) -> T:
    """Under the deadline of third-party code; sampan's own plugins are called directly."""
    if contributed.isolation is None:
        return function()
    found: T = contributed.isolation.call(hook, function)
    return found


class ContributedPage:
    def __init__(self, pages: Pages, contributions: Contributions) -> None:
        self._pages, self._contributions = pages, contributions

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        found = next((each for each in self._contributions.pages if each[1].name == name), None)
        if found is None:
            raise NotFound(f"no plugin has a page {name!r}")
        contributed, page = found
        client = account_of(req).client
        columns = [str(each) for each in page.columns]
        fields = [(str(name), str(label)) for name, label in getattr(page, "fields", ())]
        asked = {name: req.get_param(name) or "" for name, _ in fields}
        rows, problem = _rows(contributed, page, client, asked if fields else None)
        texts = [[str(cell)[:LONGEST] for cell in row][: len(columns)] for row in rows[:MOST_ROWS]]
        self._pages.show(
            req, resp, "contributed.html", title=str(page.title), plugin=contributed.plugin, columns=columns,
            rows=texts, fields=fields, asked=asked, problem=problem,
        )  # fmt: skip


def _rows(
    contributed: Contributed[Any], page: Any, client: Client, asked: Mapping[str, str] | None
) -> tuple[list[Any], str]:  # fmt: skip
    """What the page has, and why it has nothing. A form is answered with words, so that it can be corrected."""
    if asked is None:
        return guarded(contributed, PAGES, lambda: list(page.rows(client))), ""
    try:
        return guarded(contributed, PAGES, lambda: list(page.rows(client, asked))), ""
    except FAILURES as error:
        return [], str(error)
