"""Where sampan_encryption meets the platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sampan.contracts.checks import CheckContext, Finding
from sampan.contracts.commands import Command
from sampan.contracts.options import ClusterOptions
from sampan.contracts.serving import ServerContext
from sampan.contracts.transforming import KeyProvider, ValueTransformer
from sampan.hookspecs import hookimpl
from sampan_encryption.settings import Settings

if TYPE_CHECKING:
    import click

__all__ = ["Settings"]


def _pki(options: ClusterOptions) -> str:
    """Where the cluster's keys are; "" for a server that has no home."""
    return options.pki or (f"{options.home}/pki" if options.home else "")


@hookimpl
def provide_value_transformer(context: ServerContext, providers: Sequence[KeyProvider]) -> ValueTransformer | None:
    from sampan_encryption.choosing import chosen  # the API server alone needs it

    return chosen(_pki(context.options), context.settings or Settings(), providers)


@hookimpl
def contribute_checks(context: CheckContext) -> list[Finding]:
    from sampan_encryption.checks import findings

    return findings(_pki(context.options), context.settings or Settings(), starting=context.starting)


def _rotate() -> click.Command:
    from sampan_encryption.commands import secrets

    return secrets


@hookimpl
def contribute_commands() -> list[Command]:
    return [Command(name="secrets", help="Rotate the keys that encrypt Secrets at rest.", load=_rotate)]
