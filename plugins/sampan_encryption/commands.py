"""`sampan secrets rotate`: another key, and every Secret stored again by it."""

from __future__ import annotations

from pathlib import Path

import click

from sampan.contracts.commands import Place
from sampan.errors import ConfigError, NotFound, StatusError
from sampan_client import Client
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
    """Make another key current and store every Secret again by it; former keys stay for what is older.

    Runs where the API server's home is. With API servers on several machines: rotate --prepare, copy the key file
    (pki/encryption.keys) to each home, rotate here, copy the file again.
    """
    settings = place.settings or Settings()
    path = Path(place.home) / "pki" / NAME
    try:
        if not settings.provider and not rewrite_only:
            name = next_key(path, prepare=prepare)
            click.echo(f"{path}: {name} {'is added' if prepare else 'is current'}")
        if prepare:
            return
        client = Client.from_kubeconfig(place.kubeconfig, user_agent="sampan-secrets")
    except (ConfigError, OSError) as error:
        raise click.ClickException(str(error)) from error
    try:
        count = rewrite(client)
    except (StatusError, ConnectionError) as error:
        again = "the key is changed; `sampan secrets rotate --rewrite-only` goes on"
        raise click.ClickException(f"not every Secret could be stored again: {error}; {again}") from error
    finally:
        client.close()
    click.echo(f"{count} Secrets are stored by the current key")


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


def rewrite(client: Client) -> int:
    """An update that changes nothing, of every Secret: the API server stores again what is not by the current key."""
    count = 0
    for secret in client.list(SECRETS, metadata_only=True).items:
        meta = secret["metadata"]
        try:
            client.patch(SECRETS, meta["name"], {}, meta["namespace"])
        except NotFound:
            continue
        count += 1
    return count
