"""Hooks by which plugins add to the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan_dashboard.contributions import Page, Panel


@hookspec
def contribute_dashboard_panels() -> Sequence[Panel]:
    """Add panels to the pages of objects.

    Called: once, when the dashboard begins under `sampan up`.
    Answer: a sequence of Panel: any object with ``title``, ``kinds`` (``pods``, ``deployments.apps`` …) and
    ``facts(client, obj)``, which gives (label, text) pairs and is called at each view of an object of those kinds, with
    the signed-in user's own client.
    Failure: raise; the plugin's panels are left out and named. A panel that fails or is late shows that instead.
    """


@hookspec
def contribute_dashboard_pages() -> Sequence[Page]:
    """Add pages with a table, which stand in the menu.

    Called: once, when the dashboard begins under `sampan up`.
    Answer: a sequence of Page: any object with ``name`` (in the address), ``title``, ``columns`` and ``rows(client)``,
    called at each view with the signed-in user's own client: rows of texts, as many as there are columns.
    Failure: raise; the plugin's pages are left out and named. A page that fails or is late says so.
    """
