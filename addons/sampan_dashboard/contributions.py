"""Panels and pages of other plugins. They give texts, which the dashboard escapes; each call is made as the user, and a
third-party plugin that fails or is late costs its own panel alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import falcon

from sampan.contracts.components import Contributed, Hooks
from sampan.contracts.kinds import Object
from sampan.errors import NotFound, SampanError
from sampan_client import Client
from sampan_dashboard.web import Pages, account_of

PANELS, PAGES = "contribute_dashboard_panels", "contribute_dashboard_pages"
MOST_FACTS, MOST_ROWS = 100, 1000

T = TypeVar("T")


class Panel(Protocol):
    """A part of the page of an object."""

    title: str
    kinds: Collection[str]  # group resources: pods, deployments.apps

    def facts(self, client: Client, obj: Object) -> Sequence[tuple[str, str]]: ...


class Page(Protocol):
    """A page with a table."""

    name: str
    title: str
    columns: Sequence[str]

    def rows(self, client: Client) -> Sequence[Sequence[str]]: ...


class Shown(NamedTuple):
    """What a panel shows, or why it shows nothing."""

    title: str
    facts: list[tuple[str, str]]
    error: str


@dataclass(frozen=True)
class Contributions:
    """What all plugins added; nothing where none can be asked."""

    panels: tuple[tuple[Contributed[Any], Any], ...] = ()
    pages: tuple[tuple[Contributed[Any], Any], ...] = ()
    explainers: tuple[Any, ...] = ()  # of sampan_explain

    @classmethod
    def ask(cls, hooks: Hooks | None) -> Contributions:
        from sampan_explain.contributed import explainers

        return cls(_each(hooks, PANELS), _each(hooks, PAGES), tuple(explainers(hooks)))

    def shown(self, client: Client, group_resource: str, obj: Object) -> list[Shown]:
        return [
            _panel(contributed, panel, client, obj)
            for contributed, panel in self.panels
            if group_resource in panel.kinds
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
        return Shown(title, [(str(label), str(text)) for label, text in found[:MOST_FACTS]], "")
    except (SampanError, OSError, ValueError, TypeError) as error:
        return Shown(title, [], f"{contributed.plugin}: {error}")


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
        rows = guarded(contributed, PAGES, lambda: list(page.rows(client)))
        texts = [[str(cell) for cell in row][: len(columns)] for row in rows[:MOST_ROWS]]
        self._pages.show(
            req, resp, "contributed.html", title=str(page.title), plugin=contributed.plugin, columns=columns, rows=texts
        )  # fmt: skip
