"""Hooks by which plugins add to the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.reconciling import ReconcilerContext
    from sampan_dashboard.contributions import Column, Page, Panel


@hookspec
def contribute_dashboard_panels(context: ReconcilerContext) -> Sequence[Panel]:
    """Add panels to the pages of objects.

    Called: once, when the dashboard begins. Must be cheap: import what ``facts`` needs within it.
    Answer: a sequence of Panel: any object with ``title``, ``kinds`` (``pods``, ``deployments.apps`` …) and
    ``facts(client, obj)``, which gives (label, text) pairs and is called at each view of an object of those kinds, with
    the signed-in user's own client.
    Failure: raise; the plugin's panels are left out and named. A panel that fails or is late shows that instead.
    """


@hookspec
def contribute_dashboard_columns(context: ReconcilerContext) -> Sequence[Column]:
    """Add columns to lists.

    Called: once, when the dashboard begins. Must be cheap: import what ``cells`` needs within it.
    Answer: a sequence of Column: any object with ``title``, ``kinds`` (``pods``, ``deployments.apps`` …) and
    ``cells(client, rows)``, called once for each page of a list with the (namespace, name) pairs on it and the
    signed-in user's own client: texts by those pairs. With ``wide = True`` it is shown with all columns only.
    Failure: raise; the plugin's columns are left out and named. A column that fails or is late is empty and says so.
    """


@hookspec
def contribute_dashboard_pages(context: ReconcilerContext) -> Sequence[Page]:
    """Add pages with a table, which stand in the menu.

    Called: once, when the dashboard begins. Must be cheap: import what ``rows`` needs within it.
    Answer: a sequence of Page: any object with ``name`` (in the address), ``title``, ``columns`` and ``rows(client)``,
    called at each view with the signed-in user's own client: rows of texts, as many as there are columns. With
    ``fields``, (name, label) pairs, the page has a form and ``rows(client, asked)`` is given its values by name. With
    ``kinds``, the pages of such objects link to it, with fields ``namespace`` and ``name`` filled in.
    Failure: raise; the plugin's pages are left out and named. A page that fails or is late says so.
    """
