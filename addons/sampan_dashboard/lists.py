"""The list of one kind: the server's own columns, live, by namespace, labels, words and order, page by page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import falcon

from sampan.contracts.kinds import Resource
from sampan_dashboard import tables
from sampan_dashboard.accounts import Account
from sampan_dashboard.arranging import DEEPEST, KEPT, Arranged, Memory, arrange
from sampan_dashboard.contributions import Contributions
from sampan_dashboard.navigation import link
from sampan_dashboard.permissions import missing_rule
from sampan_dashboard.reading import kind_of, namespaces, table, table_pages
from sampan_dashboard.web import Pages

SIZES = (100, 250, 500)
MOST = 100_000  # rows that are filtered or ordered


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
            min(int(page), DEEPEST // SIZES[0] - 1) if page.isdecimal() and len(page) < 9 else 0,
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
    is_deep: bool = False  # there are more rows, but no more pages


class ListPage:
    def __init__(self, pages: Pages, added: Contributions) -> None:
        self._pages, self._added, self._memory = pages, added, Memory()

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str) -> None:
        account, found = kind_of(req, kind)
        asked = Asked.of(req)
        req.context.rule = missing_rule("list", found.resource, asked.namespace)
        resource, many = found.resource, found.resource.namespaced and not asked.namespace
        listed = read(account, resource, asked, self._memory, time.monotonic)
        keys = [(row.namespace, row.name) for row in listed.rows]
        filled = self._added.filled(account.client, resource.group_resource, keys, wide=asked.wide)
        if req.get_param("part") == "1":
            resp.media = {
                "html": self._pages.rows(listed.rows, listed.columns, resource, many, filled),
                "more": listed.more,
            }
            return
        rules = account.rules(asked.namespace)
        self._pages.show(
            req, resp, "list.html", resource=resource, asked=asked, listed=listed, sizes=SIZES,
            namespaces=namespaces(account) if resource.namespaced else [], many=many, columns_added=filled,
            orders=orders(listed.columns, asked, resource), may_create=rules.may("create", resource),
            live=self._live(resource, asked, listed) if "watch" in found.verbs else "",
        )  # fmt: skip

    def _live(self, resource: Resource, asked: Asked, listed: Listed) -> str:
        return link(
            "live", "l", resource.group_resource, namespace=asked.namespace, labels=asked.labels, since=listed.revision,
            wide="1" if asked.wide else "", q=asked.words,
        )  # fmt: skip


def read(
    account: Account, resource: Resource, asked: Asked, memory: Memory, clock: Callable[[], float]
) -> Listed:  # fmt: skip
    client = account.client
    if asked.is_whole:
        return windowed(arranged(account, resource, asked, memory, clock), resource, asked)
    found = table(client, resource, asked.namespace, labels=asked.labels, limit=asked.size, token=asked.token)
    shown, metadata = tables.columns(found, wide=asked.wide), found.get("metadata") or {}
    rows, token = tables.rows(found, shown), str(metadata.get("continue") or "")
    left = metadata.get("remainingItemCount")
    total = None if asked.token or (token and left is None) else len(rows) + int(left or 0)
    more = asked.address(resource, **{"continue": token}) if token else ""
    return Listed(shown, rows, str(metadata.get("resourceVersion") or ""), total, more, "", False)


def arranged(
    account: Account, resource: Resource, asked: Asked, memory: Memory, clock: Callable[[], float]
) -> Arranged:  # fmt: skip
    """From memory where the same user has asked for another page a moment ago."""
    wanted = (asked.page + 1) * asked.size
    key = account, resource, asked.namespace, asked.labels, asked.words, asked.sort, asked.wide
    found = memory.get(key, clock(), wanted)
    if found is None:
        pages = table_pages(account.client, resource, asked.namespace, labels=asked.labels)
        found = arrange(pages, asked.words, asked.sort, wide=asked.wide, keep=max(KEPT, wanted), most=MOST)
        memory.put(key, clock(), found)
    return found


def windowed(whole: Arranged, resource: Resource, asked: Asked) -> Listed:
    """The page that is asked for."""
    begin, end = asked.page * asked.size, (asked.page + 1) * asked.size
    more = asked.address(resource, page=asked.page + 1) if min(whole.total, DEEPEST) > end else ""
    before = asked.address(resource, page=asked.page - 1 or "") if asked.page else ""
    is_deep = whole.total > DEEPEST >= end and not more
    return Listed(
        whole.columns, whole.rows[begin:end], whole.revision, whole.total, more, before, whole.cut, is_deep
    )  # fmt: skip


def orders(shown: list[tables.Column], asked: Asked, resource: Resource) -> dict[str, tuple[str, str]]:
    """Column → the address that orders by it, and how it is ordered now as ARIA says it."""
    found = {}
    for name in ("Namespace", "Name", *(column.name for column in shown)):
        now = "ascending" if asked.sort == name else "descending" if asked.sort == f"-{name}" else ""
        found[name] = asked.address(resource, sort=f"-{name}" if now == "ascending" else name), now or "none"
    return found
