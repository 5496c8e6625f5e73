"""The WSGI application for servers that import one: ``sampan_server.wsgi:app``.

``app`` is made on first use, after the fork, from the configuration that $SAMPAN_CONFIG or $SAMPAN_HOME names; under
``sampan up`` the supervisor calls ``build_app`` with what it has read already.
"""

from __future__ import annotations

import atexit
import logging
from typing import Any

import falcon

from sampan.contracts.options import ClusterOptions
from sampan.contracts.store import Unusable
from sampan.errors import ConfigError, ServiceUnavailable
from sampan_server.app import App, Orders, give, new_app
from sampan_server.plugins.plugins import Plugins
from sampan_server.request.statuses import answer_error
from sampan_settings.options import cluster_options
from sampan_settings.settings import Settings, load

log = logging.getLogger(__name__)


def build_app(settings: Settings, plugins: Plugins, options: ClusterOptions) -> Any:
    """A WSGI callable over the store that the settings name; everything is closed when the process ends."""
    return build(settings, plugins, options).wsgi


def build(settings: Settings, plugins: Plugins, options: ClusterOptions) -> App:
    """The App itself; raises ConfigError where no plugin knows the store, or it cannot be had by all workers, and
    PluginError where a plugin is not loaded."""
    plugins.require()  # before a store is opened
    try:
        store = plugins.first("provide_store", url=settings.store_url, history=options.history)
    except Unusable as error:
        raise ConfigError(str(error)) from error
    if store is None:
        scheme = settings.store_url.partition(":")[0]
        left_out = "".join(f"; the plugin {found.name} {found.lacks}" for found in plugins.left_out("provide_store"))
        raise ConfigError(
            f"no plugin opens a store of the kind {scheme!r}; is its plugin installed and enabled?{left_out}"
        )
    alone = not getattr(store, "shared", True)
    if alone and settings.api.workers > 1:
        store.close()
        raise ConfigError(f"{_alone(settings)}: set api.workers to 1, or store to one that processes can share")
    orders = Orders(settings.authentication, settings.authorization, settings.admission)
    plugins.failure_log.keep_in(settings.home / "run" / "plugins")
    url = options.server_url or settings.server_url
    try:
        app = new_app(plugins, store=store, home=str(settings.home), options=options, orders=orders, server_url=url)
    except BaseException as error:
        store.close()
        if isinstance(error, Unusable):
            raise ConfigError(str(error)) from error
        raise
    plugins.failure_log.write()  # what failed at boot is read by `sampan up` and `status`, which may be asked at once
    app.at_close(store.close)
    atexit.register(app.close)
    if alone:
        app.wsgi.add_middleware(OneProcess(_alone(settings)))
    return app


def _alone(settings: Settings) -> str:
    return f"the store {settings.store_url} lives in one process, and this API server has several"


class OneProcess:
    """Refuses all requests under a server with several processes: each would have a truth of its own."""

    def __init__(self, why: str) -> None:
        self._why = why

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        if req.env.get("wsgi.multiprocess"):
            give(resp, answer_error(ServiceUnavailable(self._why)))
            resp.complete = True


def __getattr__(name: str) -> Any:
    """``app``, once (PEP 562)."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    settings = load()
    plugins = Plugins(
        disabled=settings.disable, addons=settings.addons, settings=settings.plugins, deadlines=settings.deadlines
    )
    options = cluster_options(settings, plugins)
    globals()["app"] = found = build_app(settings, plugins, options)
    return found
