"""The list of one kind: the server's own columns, live, by namespace, labels, words and order, page by page."""

from __future__ import annotations

from typing import Any, NamedTuple

import falcon

from sampan.contracts.kinds import Resource
from sampan_dashboard import tables
from sampan_dashboard.accounts import Account
from sampan_dashboard.contributions import Contributions
from sampan_dashboard.navigation import link
from sampan_dashboard.permissions import missing_rule
from sampan_dashboard.reading import kind_of, namespaces, table, whole_table
from sampan_dashboard.web import Pages

SIZES = (100, 250, 500)
MOST = 50_000  # rows that are filtered or ordered


class Asked(NamedTuple):
    """What the address of a list says."""

    namespace: str
    labels: str
    words: str
    sort: str  # name of a column, "-" before it for descending; "" is the server's order
    token: str  # of the server's next page
    page: int  # of a list that is filtered or ordered here
    size: int
    wide: bool

    @classmethod
    def of(cls, req: falcon.Request) -> Asked:
        def text(name: str) -> str:
            return (req.get_param(name) or "").strip()

        size, page = text("size"), text("page")
        return cls(
            text("namespace"), text("labels"), text("q"), text("sort"), text("continue"),
            min(int(page), MOST) if page.isdecimal() and len(page) < 9 else 0,
            int(size) if size in map(str, SIZES) else SIZES[0], text("wide") == "1",
        )  # fmt: skip

    @property
    def is_whole(self) -> bool:
        return bool(self.words or self.sort)

    def address(self, resource: Resource, **changed: Any) -> str:
        """Of this list with something changed; a page of another list is the first."""
        given = {
            "namespace": self.namespace, "labels": self.labels, "q": self.words, "sort": self.sort,
            "size": self.size if self.size != SIZES[0] else "", "wide": "1" if self.wide else "",
        }  # fmt: skip
        return link("l", resource.group_resource, **{**given, **changed})


class Listed(NamedTuple):
    """What a list page shows."""

    columns: list[tables.Column]
    rows: list[tables.Row]
    revision: str
    total: int | None  # None where the server does not say
    more: str  # address of the next page, "" for none
    before: str  # of the page before, where it is known
    cut: bool  # there were more rows than are ordered here


class ListPage:
    def __init__(self, pages: Pages, added: Contributions) -> None:
        self._pages, self._added = pages, added

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str) -> None:
        account, found = kind_of(req, kind)
        asked = Asked.of(req)
        req.context.rule = missing_rule("list", found.resource, asked.namespace)
        listed = read(account, found.resource, asked)
        rules = account.rules(asked.namespace)
        keys = [(row.namespace, row.name) for row in listed.rows]
        self._pages.show(
            req, resp, "list.html", resource=found.resource, asked=asked, listed=listed, sizes=SIZES,
            namespaces=namespaces(account) if found.resource.namespaced else [],
            many=found.resource.namespaced and not asked.namespace,
            orders=orders(listed.columns, asked, found.resource), may_create=rules.may("create", found.resource),
            columns_added=self._added.filled(account.client, found.resource.group_resource, keys, wide=asked.wide),
            live=self._live(found.resource, asked, listed) if "watch" in found.verbs else "",
        )  # fmt: skip

    def _live(self, resource: Resource, asked: Asked, listed: Listed) -> str:
        return link(
            "live", "l", resource.group_resource, namespace=asked.namespace, labels=asked.labels, since=listed.revision,
            wide="1" if asked.wide else "", q=asked.words,
        )  # fmt: skip


def read(account: Account, resource: Resource, asked: Asked) -> Listed:
    client = account.client
    if asked.is_whole:
        whole, cut = whole_table(client, resource, asked.namespace, labels=asked.labels, most=MOST)
        return arranged(whole, resource, asked, cut)
    found = table(client, resource, asked.namespace, labels=asked.labels, limit=asked.size, token=asked.token)
    shown, metadata = tables.columns(found, wide=asked.wide), found.get("metadata") or {}
    rows, token = tables.rows(found, shown), str(metadata.get("continue") or "")
    left = metadata.get("remainingItemCount")
    total = None if asked.token or (token and left is None) else len(rows) + int(left or 0)
    more = asked.address(resource, **{"continue": token}) if token else ""
    return Listed(shown, rows, str(metadata.get("resourceVersion") or ""), total, more, "", False)


def arranged(whole: Any, resource: Resource, asked: Asked, cut: bool) -> Listed:
    """A page of all rows, filtered and ordered here."""
    shown = tables.columns(whole, wide=asked.wide)
    rows = [row for row in tables.rows(whole, shown) if tables.matches(row, asked.words)]
    descending, name = asked.sort.startswith("-"), asked.sort.removeprefix("-")
    if name:
        rows = tables.ordered(rows, position(shown, name), descending=descending)
    begin = asked.page * asked.size
    page = rows[begin : begin + asked.size]
    more = asked.address(resource, page=asked.page + 1) if len(rows) > begin + asked.size else ""
    before = asked.address(resource, page=asked.page - 1 or "") if asked.page else ""
    revision = str((whole.get("metadata") or {}).get("resourceVersion") or "")
    return Listed(shown, page, revision, len(rows), more, before, cut)


def position(shown: list[tables.Column], name: str) -> int:
    """Of a column among the cells of a row; the name's where there is no such column."""
    if name == "Namespace":
        return -2
    return next((at for at, column in enumerate(shown) if column.name == name), -1)


def orders(shown: list[tables.Column], asked: Asked, resource: Resource) -> dict[str, tuple[str, str]]:
    """Column → the address that orders by it, and how it is ordered now as ARIA says it."""
    found = {}
    for name in ("Namespace", "Name", *(column.name for column in shown)):
        now = "ascending" if asked.sort == name else "descending" if asked.sort == f"-{name}" else ""
        found[name] = asked.address(resource, sort=f"-{name}" if now == "ascending" else name), now or "none"
    return found
