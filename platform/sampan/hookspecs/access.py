"""Hooks that decide who is asking, what they may do, and whether a write is admitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.access import Authenticator, Authorizer
    from sampan.contracts.admission import Admitter
    from sampan.contracts.chain import ChainStep
    from sampan.contracts.serving import ServerContext


@hookspec
def contribute_authenticators(context: ServerContext) -> Sequence[Authenticator]:
    """Offer ways of knowing a caller.

    Called: once in each API server process, before it serves.
    Answer: authenticators; asked in the order of the setting ``authentication``, by default sampan's own first.
    Failure: raise; the server does not start, for a way in that silently fell away is worse.
    """


@hookspec
def contribute_authorizers(context: ServerContext) -> Sequence[Authorizer]:
    """Offer opinions on what a caller may do.

    Called: once in each API server process, before it serves.
    Answer: authorizers; asked in the order of the setting ``authorization``, by default sampan's own first.
    Failure: raise; the server does not start.
    """


@hookspec
def contribute_admitters(context: ServerContext) -> Sequence[Admitter]:
    """Offer rules that change or refuse a write.

    Called: once in each API server process, before it serves.
    Answer: admitters, ordered by the setting ``admission``, by default by priority and name.
    Failure: raise; the server does not start, for a rule that silently fell away is worse.
    """


@hookspec
def contribute_chain_steps(context: ServerContext) -> Sequence[ChainStep]:
    """Offer steps of the request chain: asked about every request and told of its outcome.

    Called: once in each API server process, before it serves.
    Answer: chain steps, each with its place (``after`` or ``before`` another by name); a name that is taken and a place
    that is not there are refused. Without any a request pays nothing.
    Failure: raise; the server does not start, for an audit log or a limit that silently fell away is worse.
    """
