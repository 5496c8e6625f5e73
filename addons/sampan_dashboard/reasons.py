"""Why an object is as it is, as `sampan why` says it: a page of its own, and a panel where an object is not well.

All is read as the user; what may not be read is named.
"""

from __future__ import annotations

import time
from typing import Any

import falcon

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_dashboard.contributions import Contributions
from sampan_dashboard.health import health
from sampan_dashboard.objects import around, read_for
from sampan_dashboard.reading import Target
from sampan_dashboard.tables import BAD, WARN
from sampan_dashboard.web import Pages

MOST_READ = 1000  # objects of one collection, which bounds the memory


def explained(target: Target, obj: Object, added: Contributions) -> Any:
    """The Explanation."""
    from sampan_explain import gather, reader_of  # not before someone asks: it is memory

    read = reader_of(target.client, most=MOST_READ)
    return gather(obj, read, now=time.time(), explainers=added.explainers)


def panel(target: Target, obj: Object, added: Contributions) -> Any:
    """For the object's page: the Explanation of an object that is not well, None for others, and where it fails."""
    if health(obj).tone not in (BAD, WARN):
        return None
    try:
        found = explained(target, obj, added)
    except SampanError:
        return None
    return found if found.causes else None


class WhyPage:
    def __init__(self, pages: Pages, added: Contributions) -> None:
        self._pages, self._added = pages, added

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str, namespace: str, name: str) -> None:
        target = read_for(req, kind, namespace, name)
        obj = target.get()
        why = explained(target, obj, self._added)
        self._pages.show(req, resp, "why.html", why=why, **around(target, obj, "why"))
