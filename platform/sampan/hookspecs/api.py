"""Hooks that say what the API offers: kinds, objects that must exist, other paths, other servers' groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.kind_sources import KindSource
    from sampan.contracts.kinds import Kind, Object
    from sampan.contracts.serving import AddedSubresource, Delegation, Duty, Route, ServerContext


@hookspec
def contribute_kinds(context: ServerContext) -> Sequence[Kind]:
    """Name the kinds that this plugin brings, each with its whole behaviour.

    Called: once in each API server process, before it serves.
    Answer: a sequence of Kind; two plugins with the same group, version and plural are refused.
    Failure: raise; the plugin is left out and named, the others start.
    """


@hookspec
def contribute_kind_sources(context: ServerContext) -> Sequence[KindSource]:
    """Bring kinds that are added, changed and removed while the server runs.

    Called: once in each API server process, before it serves.
    Answer: a sequence of KindSource; each says its kinds again whenever a kind that it watches has changed.
    Failure: raise; the plugin's sources are left out and named. A source that fails later keeps the kinds it had.
    """


@hookspec
def contribute_subresources(context: ServerContext) -> Sequence[AddedSubresource]:
    """Add subresources to kinds that are another plugin's, or come by a CustomResourceDefinition.

    Called: once in each API server process, before it serves.
    Answer: a sequence of AddedSubresource. A name that the kind has already is left out; of two with one name, the
    first counts. The kind need not be served yet.
    Failure: raise; the plugin's subresources are left out and named.
    """


@hookspec
def contribute_bootstrap_objects(context: ServerContext) -> Sequence[Object]:
    """List objects that must exist before the cluster is ready (namespaces, roles, priority classes …).

    Called: once in each API server process, after the kinds; several servers may do it at once.
    Answer: complete manifests. A missing one is created; an existing one is left alone, or becomes what
    its kind's ``restore`` makes of it (default roles get back the rules they lack).
    Failure: raise; the plugin's bootstrap objects are left out and named.
    """


@hookspec
def contribute_routes(context: ServerContext) -> Sequence[Route]:
    """Serve paths that are not resources.

    Called: once in each API server process, before it serves.
    Answer: a sequence of Route; a path taken twice is refused.
    Failure: raise; the plugin's routes are left out and named.
    """


@hookspec
def contribute_delegations(context: ServerContext) -> Sequence[Delegation]:
    """Hand group versions under /apis on to another server, as they come and go at run time.

    Called: once in each API server process, before it serves.
    Answer: a sequence of Delegation; the first that has a group version, by the plugins' names, answers for it.
    Failure: raise; the plugin's delegations are left out and named.
    """


@hookspec
def contribute_duties(context: ServerContext) -> Sequence[Duty]:
    """Name what a server does beside answering, such as telling the cluster that it is there.

    Called: once in each API server process, after the bootstrap objects.
    Answer: a sequence of Duty; each runs on a thread of its own until the server ends.
    Failure: raise; the plugin's duties are left out and named. One that ends by an exception is logged.
    """
