"""`sampan token`: bootstrap tokens, with which machines join."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import click

from sampan.contracts.commands import Place
from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, ConfigError, NotFound
from sampan_joining.clusterinfo import ClusterInfo, parsed, require_routed
from sampan_joining.durations import seconds
from sampan_joining.sessions import aligned, failures_in_words, opened
from sampan_machinery.addresses import is_loopback
from sampan_machinery.bootstrap_tokens import (
    ALPHABET,
    GROUP,
    INFO_NAME,
    INFO_NAMESPACE,
    NAMESPACE,
    NODES_GROUP,
    PREFIX,
    TYPE,
    USAGES,
    Token,
    parse,
    secret_of,
    token_of,
)
from sampan_machinery.resources import CONFIG_MAPS, SECRETS
from sampan_machinery.tables import human_duration


@click.group()
def token() -> None:
    """Create, list and delete tokens with which machines join the cluster."""


@token.command()
@click.argument("text", metavar="[TOKEN]", default="")
@click.option("--ttl", default="24h", show_default=True, help="How long it can be used, as 2h or 30m; 0: for ever.")
@click.option("--description", default="", help="What it is for, in words.")
@click.option("--usages", default=",".join(USAGES), show_default=True, help="signing, authentication or both.")
@click.option("--groups", default=NODES_GROUP, show_default=True, help="Groups of who uses it, with commas between.")
@click.option("--print-join-command", is_flag=True, help="Print the command that joins a machine, not the token alone.")
@click.pass_obj
@failures_in_words
def create(
    place: Place, text: str, ttl: str, description: str, usages: str, groups: str, print_join_command: bool
) -> None:
    """Create a token and print it. Without TOKEN (abcdef.0123456789abcdef) it is made by chance."""
    made = new_token(text, ttl, description, usages, groups, now=time.time(), pick=secrets.choice)
    with opened(place) as client:
        info = described(client) if print_join_command else None
        if info is not None:
            require_reachable(info)
        try:
            client.create(SECRETS, secret_of(made), NAMESPACE)
        except AlreadyExists as error:
            raise ConfigError(
                f"there is a token {made.id} already; `sampan token delete {made.id}` removes it"
            ) from error
    click.echo(join_command(made, info) if info is not None else made.text)


@token.command(name="list")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: one list.")
@click.pass_obj
@failures_in_words
def list_tokens(place: Place, output: str) -> None:
    """Show the tokens, with the time that each has left."""
    with opened(place) as client:
        found = tokens_in(client.list(SECRETS, NAMESPACE, fields=f"type={TYPE}").items)
    if output == "json":
        click.echo(json.dumps([in_json(each) for each in found]))
        return
    click.echo("\n".join(aligned(rows(found, time.time()))))


@token.command()
@click.argument("which", metavar="ID…", nargs=-1, required=True)
@click.pass_obj
@failures_in_words
def delete(place: Place, which: tuple[str, ...]) -> None:
    """Delete tokens, each by its id or whole. Nodes that joined with it stay."""
    names = [each.partition(".")[0] for each in which]
    with opened(place) as client:
        for name in names:
            try:
                client.delete(SECRETS, f"{PREFIX}{name}", NAMESPACE)
            except NotFound as error:
                raise ConfigError(f"there is no token {name}; `sampan token list` shows them") from error
            click.echo(f"token {name} deleted")


def new_token(
    text: str, ttl: str, description: str, usages: str, groups: str, *, now: float, pick: Callable[[str], str]
) -> Token:  # fmt: skip
    """Raises ConfigError."""
    try:
        if text:
            identity, secret = parse(text)
        else:
            identity, secret = ("".join(pick(ALPHABET) for _ in range(count)) for count in (6, 16))
        length = seconds(ttl)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    uses, names = (tuple(filter(None, words.split(","))) for words in (usages, groups))
    if not uses or set(uses) - set(USAGES):
        raise ConfigError(f"--usages must be {' or '.join(USAGES)}, or both with a comma, not {usages!r}")
    for name in names:
        if not GROUP.fullmatch(name):
            raise ConfigError(f"--groups: {name!r} is no group of tokens; its name begins with system:bootstrappers:")
    return Token(identity, secret, now + length if length else None, uses, names, description)


def tokens_in(found: Iterable[Object]) -> list[Token]:
    """Those in order, by id."""
    return sorted(filter(None, map(token_of, found)), key=lambda each: each.id)


def rows(found: Iterable[Token], now: float) -> Iterator[tuple[str, ...]]:
    yield "TOKEN", "LEFT", "USAGES", "DESCRIPTION", "GROUPS"
    for each in found:
        left = (
            "for ever" if each.expires is None else human_duration(each.expires - now) if each.expires > now else "none"
        )
        yield each.text, left, ",".join(each.usages), each.description or "-", ",".join(each.groups) or "-"


def in_json(each: Token) -> dict[str, Any]:
    return {
        "token": each.text, "expires": each.expires, "usages": list(each.usages), "groups": list(each.groups),
        "description": each.description,
    }  # fmt: skip


def described(client: Any) -> ClusterInfo:
    """What the cluster tells machines that join. Raises ConfigError."""
    try:
        info = client.get(CONFIG_MAPS, INFO_NAME, INFO_NAMESPACE)
    except NotFound as error:
        raise ConfigError(
            "there is no ConfigMap kube-public/cluster-info; the API server makes it at a start"
        ) from error
    return parsed((info.get("data") or {}).get("kubeconfig") or "")


def require_reachable(info: ClusterInfo) -> None:
    """Raises ConfigError where no other machine could join."""
    host = urlsplit(info.server).hostname or ""
    require_routed(info.network)
    if is_loopback(host):
        raise ConfigError(
            f"the API server says that it is reached at {host}, which each machine has for itself; there: "
            "`sampan down`, set api.host: 0.0.0.0 and api.advertise to its address in sampan.yaml, `sampan up`"
        )


def join_command(made: Token, info: ClusterInfo) -> str:
    from sampan_pki.issuing import key_hashes

    where = info.server.removeprefix("https://")
    hashes = " ".join(f"--ca-hash {each}" for each in key_hashes(info.authority))
    return f"sampan join {where} --token {made.text} {hashes}"
