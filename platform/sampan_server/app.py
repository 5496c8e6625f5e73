"""The application: everything put together, and the only place that knows routes.

``new_app(plugins, store=…)`` asks the plugins once, loads the cache, creates the bootstrap objects and returns an App
whose ``wsgi`` any WSGI server can run. Nothing goes through a hook afterwards.
"""

from __future__ import annotations

import logging
import mimetypes
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import falcon

from sampan.contracts.options import ClusterOptions
from sampan.contracts.serving import Answer, Route, ServerContext
from sampan.contracts.store import Store
from sampan.errors import BadRequest, Expired, PluginError
from sampan_server.cache.cache import Cache
from sampan_server.cache.collection import Listener
from sampan_server.cache.events import Event
from sampan_server.duties import Duties
from sampan_server.extension.delegations import Delegations
from sampan_server.extension.kind_sources import KindSources
from sampan_server.extension.offer import Offer, Orders
from sampan_server.extension.transforming import transformed
from sampan_server.front import Front
from sampan_server.metrics import Metrics
from sampan_server.plugins.plugins import Plugins
from sampan_server.publish import health
from sampan_server.publish.discovery import Discovery
from sampan_server.publish.openapi import OpenApi
from sampan_server.publish.paths import Paths
from sampan_server.read.get import Get
from sampan_server.read.list import List
from sampan_server.read.past import Past
from sampan_server.registry import Registry, Served
from sampan_server.request import chain, statuses
from sampan_server.request.authenticate import Authenticate
from sampan_server.request.authorize import Authorize
from sampan_server.request.impersonate import Impersonate
from sampan_server.request.request import Request
from sampan_server.subresources.subresources import Subresources
from sampan_server.watch.converting import ConvertingHub
from sampan_server.watch.hub import Hub
from sampan_server.watch.streams import Streams
from sampan_server.watch.watch import Watch
from sampan_server.write import bootstrap
from sampan_server.write.admission import Admitters
from sampan_server.write.cluster import InsideCluster
from sampan_server.write.create import Create
from sampan_server.write.delete import Delete, DeleteCollection
from sampan_server.write.deletes import Deleter
from sampan_server.write.managed_fields import ManagedFields
from sampan_server.write.patch import Patch
from sampan_server.write.update import Update
from sampan_server.write.writes import Writer
from sampan_server.write.writing import Writing

log = logging.getLogger(__name__)

__all__ = ["App", "Orders", "give", "new_app"]

HEALTH = 1.0  # seconds in which a healthy store answers


class App:
    """One API server in one process."""

    def __init__(
        self, front: Front, wsgi: falcon.App[Any, Any], cluster: InsideCluster, cache: Cache, registry: Registry
    ) -> None:
        self.front = front
        self.wsgi = wsgi
        self.cluster = cluster
        self.cache = cache
        self.registry = registry
        self.failed_bootstrap: list[str] = []
        self._closing: list[Callable[[], None]] = []

    def at_close(self, action: Callable[[], None]) -> None:
        self._closing.append(action)

    def close(self) -> None:
        """End all watches, stop following the store. The store itself belongs to the caller. Harmless when repeated."""
        actions, self._closing = self._closing, []
        for action in actions:
            action()


def new_app(
    plugins: Plugins,
    *,
    store: Store,
    home: str = "",
    options: ClusterOptions | None = None,
    orders: Orders | None = None,
    server_url: str = "https://127.0.0.1:6443",
    clock: Callable[[], float] = time.time,
) -> App:
    """An API server over ``store`` with what ``plugins`` bring. Raises PluginError where going on would not be safe."""
    plugins.require()
    options, orders = options or ClusterOptions(), orders or Orders()
    cache, registry, metrics = Cache(store, clock=clock, history=options.history), Registry(), Metrics()
    past = Past(cache, registry)
    writer = Writer(cache, registry, ManagedFields(clock, registry), clock)
    deleter = Deleter(writer, clock)
    cluster = InsideCluster(cache, registry, writer, deleter)
    writer.reader = cluster

    def context(name: str) -> ServerContext:
        settings = plugins.settings_of(name)
        return ServerContext(
            home, settings, cluster, server_url=server_url, options=options, group_versions=registry.group_versions,
            resources_of=registry.resources_of, add_metric=metrics.add, past=past,
        )  # fmt: skip

    offer = Offer(plugins, context, orders)
    if not offer.kinds:
        log.warning("no plugin contributes a kind: discovery is empty")
    cache.store = transformed(plugins, context, store, offer.kinds)
    registry.add(offer.kinds, cache)
    routes = _routes(offer.routes)
    authenticate = Authenticate(offer.authenticators, [route.path for route in routes if route.public])
    writer.mutating = Admitters([admitter for admitter in offer.admitters if admitter.mutates])
    writer.checking = Admitters([admitter for admitter in offer.admitters if not admitter.mutates])
    writer.follow_rules()
    writer.compile_admission()

    hub, converting, streams = Hub(cache, clock), ConvertingHub(cache, clock), Streams(cache, clock)
    _connect(cache, hub, converting, streams)
    writing, get = Writing(cache, writer), Get(cache)
    listing, update, patch = List(cache), Update(writing), Patch(writing)
    subresources = Subresources(writing, get, update, patch)
    subresources.cluster = cluster
    authorize = Authorize(
        offer.authorizers,
        lambda request: subresources.verb(request, request.served),
        authenticate.is_public,
    )
    cluster.authorization = authorize
    ready: dict[str, health.Check] = {
        "store-writes": lambda: str(getattr(store, "trouble", "")),
        "watch-cache": lambda: cache.alive,
        "bootstrap": lambda: app.failed_bootstrap == [],
    }
    healthy = health.Health({"ping": lambda: True}, {"store": lambda: cache.newest.wait(HEALTH) >= 0, **ready})
    delegated = plugins.ask("contribute_delegations", context)
    delegations = Delegations(registry, [each for _, answer in delegated for each in answer])
    discovery = Discovery(registry, server_url.removeprefix("https://"), delegations)
    fixed = ("/metrics", "/openapi/v2", "/openapi/v3", "/version", *healthy.paths(), *(route.path for route in routes))
    front = Front(
        registry,
        verbs={
            "get": get,
            "list": listing,
            "watch": Watch(cache, hub, converting, streams, clock),
            "create": Create(writing),
            "update": update,
            "patch": patch,
            "delete": Delete(writing, deleter),
            "deletecollection": DeleteCollection(writing, deleter, listing),
        },
        subresources=subresources,
        pages={
            "": Paths(discovery, fixed),
            "api": discovery,
            "apis": discovery,
            "livez": healthy,
            "readyz": healthy,
            "healthz": healthy,
            "version": health.version,
            "metrics": metrics,
            "openapi": OpenApi(registry, delegations),
        },
        routes=routes,
        metrics=metrics,
        delegations=delegations,
        guard=offer.guard,
    )
    metrics.watch_plugins(plugins.failure_log)
    own: list[tuple[str, chain.Step]] = [
        ("authenticate", authenticate), ("impersonate", Impersonate(authorize)), ("authorize", authorize),
    ]  # fmt: skip
    front.set_chain((front.find, *chain.ordered(own, offer.chain_steps, writing.pool)))
    app = App(front, _falcon(front), cluster, cache, registry)
    _measure(metrics, cache, (hub, converting), streams)
    cache.start()
    sources = KindSources(registry, cache, offer.kind_sources)
    sources.after = [
        offer.guard.follow,
        lambda gone, fresh: writer.compile_admission(),
        metrics.follow,
        lambda gone, fresh: _end_gone(gone, (hub, converting), streams),
    ]
    sources.start()
    duties = Duties()
    app.at_close(duties.end)
    app.at_close(sources.close)
    app.at_close(lambda: _stop(cache, (hub, converting), streams))
    app.at_close(writing.pool.close)
    offered = plugins.ask("contribute_bootstrap_objects", context)
    app.failed_bootstrap = bootstrap.create_missing(
        ((plugin, obj) for plugin, found in offered for obj in found), cluster, registry, cache
    )
    delegations.start()
    app.at_close(delegations.close)
    asked = plugins.ask("contribute_duties", context)
    duties.begin((plugin, duty) for plugin, found in asked for duty in found)
    threading.Thread(target=plugins.tell, args=("on_ready",), kwargs={"url": server_url}, daemon=True).start()
    app.at_close(lambda: plugins.tell("on_stop"))
    return app


class WsgiApp(falcon.App[Any, Any]):
    """Falcon's application, and what sampan_http asks of one: to inspect heads, and the form of refusals and errors."""

    def __init__(self, front: Front) -> None:
        super().__init__()
        self.inspect_head = front.inspect
        self.refuse = statuses.refusal
        self.answer_error = statuses.own_error


def _falcon(front: Front) -> falcon.App[Any, Any]:
    """Falcon carries requests and answers; one sink takes every path."""
    mimetypes.init([])  # without the machine's table of thousands, which Falcon would read to serve files
    app = WsgiApp(front)

    def sink(req: falcon.Request, resp: falcon.Response, **_: str) -> None:
        try:
            request = Request(req.env)
        except BadRequest as error:
            give(resp, statuses.answer_error(error))
            return
        give(resp, front.answer(request), ours=request.loop is not None)

    def refuse(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: Any) -> None:
        give(resp, statuses.answer_error(BadRequest(error.title or "the request cannot be understood")))

    app.add_sink(sink, prefix="/")
    app.add_error_handler(falcon.HTTPError, refuse)
    return app


def give(resp: falcon.Response, answer: Answer, *, ours: bool = False) -> None:
    """An Answer as Falcon's response. ``ours``: our own HTTP server asks; an application may not tell any other what to
    do with the connection (PEP 3333), and wsgiref ends such an answer with a 500."""
    resp.status = answer.status
    if answer.status not in (204, 304):
        resp.content_type = answer.content_type
    for name, value in answer.headers:
        if name == "Connection" and not ours:
            continue
        if name in ("Warning", "Vary"):
            resp.append_header(name, value)
        else:
            resp.set_header(name, value)
    if isinstance(answer.body, bytes):
        resp.data = answer.body
    else:
        resp.stream = answer.body


def _routes(found: Iterable[tuple[str, Route]]) -> list[Route]:
    taken: dict[str, Route] = {}
    for plugin, route in found:
        if route.path in taken:
            raise PluginError(plugin, f"the path {route.path} is taken already")
        taken[route.path] = route
    return list(taken.values())


def _connect(cache: Cache, hub: Hub, converting: ConvertingHub, streams: Streams) -> None:
    """Let the watches hear of every collection's events."""

    def listener(prefix: str) -> Listener:
        def tell(event: Event) -> None:
            hub.listen(prefix, event)
            if converting.used:
                converting.listen(prefix, event)
            streams.listen(prefix, event)

        return tell

    cache.listener = listener

    def lost() -> None:
        error = Expired("too old resource version: the server has lost its place in the history")
        for each in (hub, converting):
            each.end_all_soon(error)
        streams.end_all(error)

    cache.after_reload.append(lost)


def _end_gone(gone: Sequence[Served], hubs: Sequence[Hub], streams: Streams) -> None:
    """End the watches of what is replaced or removed, in order and without an error, as those of a deleted CRD."""
    if gone:
        for hub in hubs:
            hub.end_gone_soon()
        streams.end_gone()


def _stop(cache: Cache, hubs: Sequence[Hub], streams: Streams) -> None:
    streams.end_all(None)
    for hub in hubs:
        hub.end_all_soon(None)
    cache.stop()


def _measure(metrics: Metrics, cache: Cache, hubs: Sequence[Hub], streams: Streams) -> None:
    metrics.gauge(
        "apiserver_longrunning_requests", "Watches open now.", lambda: sum(map(len, hubs)) + len(streams)
    )  # fmt: skip
    metrics.gauge(
        "apiserver_storage_objects", "Objects in the watch cache.",
        lambda: sum(len(collection.records) for collection in cache.collections.values()),
    )  # fmt: skip
    metrics.gauge("sampan_watch_cache_revision", "Newest revision applied.", lambda: cache.revision)
