"""`sampan secrets rotate`: another key, and every Secret stored again by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sampan.contracts.commands import Place
from sampan.contracts.kinds import Resource
from sampan.errors import ConfigError, NotFound, StatusError
from sampan_client import Client
from sampan_client.discovery import discover
from sampan_encryption.configuration import Sections
from sampan_encryption.configured import read
from sampan_encryption.settings import Settings
from sampan_machinery.resources import SECRETS
from sampan_pki.key_file import NAME, Keys, new_key, parse, write


@click.group()
def secrets() -> None:
    """Keys that encrypt Secrets at rest."""


@secrets.command()
@click.option("--prepare", is_flag=True, help="Only add the next key, to be copied to the other API servers first.")
@click.option("--rewrite-only", is_flag=True, help="Keep the key; store again what is not encrypted by it.")
@click.pass_obj
def rotate(place: Place, prepare: bool, rewrite_only: bool) -> None:
    """Make another key current and store every Secret again by it; former keys stay for what is older. With an
    EncryptionConfiguration the keys are those of that file, and all resources that it names are stored again.

    Runs where the API server's home is. With API servers on several machines: rotate --prepare, copy the key file
    (pki/encryption.keys) to each home, rotate here, copy the file again.
    """
    settings = place.settings or Settings()
    path = Path(place.home) / "pki" / NAME
    sections = None
    try:
        if settings.configuration:
            file = Path(place.home) / settings.configuration
            sections = read(file)
            if prepare:
                raise ConfigError(f"keys are those of {file}: add the next one there, after the first of its provider")
            click.echo(f"what {file} names is stored by its first providers and keys")
        elif not settings.provider and not rewrite_only:
            name = next_key(path, prepare=prepare)
            click.echo(f"{path}: {name} {'is added' if prepare else 'is current'}")
        if prepare:
            return
        client = Client.from_kubeconfig(place.kubeconfig, user_agent="sampan-secrets")
    except (ConfigError, OSError) as error:
        raise click.ClickException(str(error)) from error
    try:
        count = rewrite(client, covered(client, sections) if sections is not None else (SECRETS,))
    except (StatusError, ConnectionError) as error:
        again = "the key is changed; `sampan secrets rotate --rewrite-only` goes on"
        raise click.ClickException(f"not everything could be stored again: {error}; {again}") from error
    finally:
        client.close()
    click.echo(f"{count} {'Secrets' if sections is None else 'objects'} are stored by the current key")


def next_key(path: Path, *, prepare: bool) -> str:
    """Adds the next key, or makes it current; returns its name. Raises ConfigError, OSError."""
    try:
        keys = parse(path.read_text(), str(path))
    except FileNotFoundError:
        keys = Keys((new_key("current"),))
        if prepare:
            raise ConfigError(f"{path} does not exist; rotate makes it") from None
        write(path, keys, replace=False)
        return keys.all[0].name
    changed = keys.with_next() if prepare else keys.rotated()
    write(path, changed)
    return next(key.name for key in changed.all if key.state == ("next" if prepare else "current"))


def covered(client: Client, sections: Sections) -> list[Resource]:
    """The resources of the cluster that a configuration names, and Secrets in any case."""
    found = [
        each.resource
        for each in discover(client)
        if {"list", "patch"} <= each.verbs and sections.of(each.resource.plural, each.resource.group)
    ]
    return [SECRETS, *(each for each in found if (each.plural, each.group) != (SECRETS.plural, SECRETS.group))]


def rewrite(client: Client, resources: Sequence[Resource] = (SECRETS,)) -> int:
    """An update that changes nothing, of every object: the API server stores again what is not by the current key."""
    count = 0
    for resource in resources:
        for obj in client.list(resource, metadata_only=True).items:
            meta = obj["metadata"]
            try:
                client.patch(resource, meta["name"], {}, meta.get("namespace", ""))
            except NotFound:
                continue
            count += 1
    return count
