"""Where sampan_encryption meets the platform."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.checks import CheckContext, Finding
from sampan.contracts.commands import Command
from sampan.contracts.options import ClusterOptions
from sampan.contracts.serving import Metric, ServerContext
from sampan.contracts.transforming import KeyProvider, KeyProviderSource, ValueTransformer
from sampan.hookspecs import hookimpl
from sampan_encryption.settings import Settings

if TYPE_CHECKING:
    import click

__all__ = ["Settings"]


def _pki(options: ClusterOptions) -> str:
    """Where the cluster's keys are; "" for a server that has no home."""
    return options.pki or (f"{options.home}/pki" if options.home else "")


@hookimpl
def provide_value_transformer(
    context: ServerContext,
    providers: Sequence[KeyProvider],
    sources: Sequence[KeyProviderSource],
    sensitive: Sequence[str],
) -> ValueTransformer | None:
    from sampan_encryption.choosing import chosen  # the API server alone needs it

    settings = context.settings or Settings()
    found = chosen(_pki(context.options), settings, providers)
    if not settings.configuration:
        return found
    from sampan_encryption.choosing import configured

    made = configured(Path(context.home) / settings.configuration, found, sources, sensitive)
    context.add_metric(
        Metric(
            "apiserver_encryption_config_controller_automatic_reloads", "Times that the file was read again.",
            ("status",),
            lambda: [((status,), float(times)) for status, times in made.reloads.items()], counter=True,
        )
    )  # fmt: skip
    return made


@hookimpl
def contribute_checks(context: CheckContext) -> list[Finding]:
    from sampan_encryption.checks import findings

    options, settings = context.options, context.settings or Settings()
    return findings(_pki(options), settings, starting=context.starting, home=options.home)


def _rotate() -> click.Command:
    from sampan_encryption.commands import secrets

    return secrets


@hookimpl
def contribute_commands() -> list[Command]:
    return [Command(name="secrets", help="Rotate the keys that encrypt Secrets at rest.", load=_rotate)]
