"""`sampan join`: this machine becomes a node of another machine's cluster.

Discovery (whom to trust), TLS bootstrap (a certificate for the node by its token, the others by that one), the home,
and then `sampan up`, which starts the node here whenever it is called. Source: kubeadm join, TLS bootstrapping.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from sampan.contracts.commands import Place
from sampan.contracts.components import Component
from sampan.errors import ConfigError, NotFound, SampanError
from sampan_client import Client
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config
from sampan_joining import home as homes
from sampan_joining.certificates import NODE, NODES, Wanted, obtain
from sampan_joining.clusterinfo import ClusterInfo, require_routed, verified
from sampan_joining.home import NodeFacts
from sampan_joining.sessions import failures_in_words
from sampan_machinery.bootstrap_tokens import INFO_NAME, INFO_NAMESPACE, hashes_of, parse
from sampan_machinery.metadata import condition_is
from sampan_machinery.names import dns_subdomain
from sampan_machinery.resources import CONFIG_MAPS
from sampan_machinery.resources import NODES as NODE_OBJECTS

PORT = 6443


@click.command()
@click.argument("server", metavar="HOST[:PORT]")
@click.option("--token", required=True, help="A bootstrap token; `sampan token create` makes one.")
@click.option("--ca-hash", "hashes", multiple=True, required=True, help="sha256:… of the cluster's authority.")
@click.option("--name", default="", help="The node's name; default: this machine's host name.")
@click.option("--ip", default="", help="Address at which others reach this machine; default: the one towards HOST.")
@click.option("--runtime", default="auto", show_default=True, help="Container runtime, as node.runtime says it.")
@click.option(
    "--kubelet-port", type=click.IntRange(0, 65535), default=0, help="Port of the agent's API; 0: a free one."
)
@click.option("--start/--no-start", default=True, help="Start the node; without, `sampan up` or `sampan node` does.")
@click.pass_obj
@failures_in_words
def join(
    place: Place, server: str, token: str, hashes: tuple[str, ...], name: str, ip: str, runtime: str,
    kubelet_port: int, start: bool,
) -> None:  # fmt: skip
    """Make this machine a node of the cluster whose API server is at HOST, and start it."""
    host, port = address_of(server)
    try:
        identity, secret = parse(token)
        wanted = hashes_of(hashes)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    home = Path(place.home)
    homes.require_free(home)
    facts = NodeFacts(node_name(name), ip or address_towards(host, port), runtime, kubelet_port)
    url = url_of(host, port)
    info = discover(url, identity, secret, wanted)
    require_routed(info.network)
    click.echo(f"the cluster at {url} is the one meant: its description is signed with the token")
    certify(home, url, info, f"{identity}.{secret}", facts, place.components())
    homes.write_settings(home, url, facts, info.network)
    click.echo(f"{home} is ready: the node {facts.name} at {facts.ip}")
    if start:
        click.get_current_context().find_root().command.main(
            ["--home", str(home), "up", "--no-hint"], prog_name="sampan", standalone_mode=False
        )


def address_of(text: str) -> tuple[str, int]:
    """(host, port) of HOST, HOST:PORT or [ADDRESS]:PORT. Raises ConfigError."""
    bare = text.removeprefix("https://").rstrip("/")
    host, colon, port = bare.rpartition(":")
    if bare.startswith("["):
        host, _, rest = bare[1:].partition("]")
        colon, port = (":", rest[1:] if rest.startswith(":") else "none") if rest else ("", "")
    elif not colon or ":" in host:  # no port, or an IPv6 address without brackets
        host, colon, port = bare, "", ""
    number = int(port) if port.isascii() and port.isdigit() else (PORT if not colon else 0)
    if not host or any(character in host for character in "/ @") or not 0 < number < 65536:
        raise ConfigError(f"{text!r} is no address of an API server; write HOST or HOST:PORT")
    return host, number


def url_of(host: str, port: int) -> str:
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def node_name(wanted: str) -> str:
    """Raises ConfigError for one that no node can have."""
    found = wanted or socket.gethostname().lower()
    if dns_subdomain(found):
        raise ConfigError(
            f"{found!r} cannot be the name of a node (letters, digits, '-' and '.' only); name it with --name"
        )
    return found


def address_towards(host: str, port: int) -> str:
    """This machine's address as that one would see it; sends nothing. Raises ConfigError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise ConfigError(f"there is no way from here to {host}: {error.strerror or error}") from error


def discover(url: str, identity: str, secret: str, hashes: Sequence[str]) -> ClusterInfo:
    """What the cluster says of itself, read twice: first without knowing whom we speak to, then through its own
    authority. The token's secret is not sent. Raises ConfigError or ConnectionError."""
    from sampan_pki.issuing import key_hashes

    found = verified(_read_info(Config(url, insecure=True)), identity, secret, hashes, key_hashes)
    return verified(_read_info(Config(url, ca=found.authority)), identity, secret, hashes, key_hashes)


def _read_info(config: Config) -> dict[str, Any]:
    client = Client(HttpTransport(config), user_agent="sampan-join")
    try:
        return client.get(CONFIG_MAPS, INFO_NAME, INFO_NAMESPACE)
    except SampanError as error:
        raise ConfigError(
            f"{config.server} does not describe its cluster (kube-public/cluster-info): {error}"
        ) from error
    finally:
        client.close()


def certify(
    home: Path, url: str, info: ClusterInfo, token: str, facts: NodeFacts, components: Iterable[Component]
) -> None:  # fmt: skip
    """All certificates of the node, written to its home. Raises ConfigError, StatusError or ConnectionError."""
    user = f"{NODE}{facts.name}"
    by_token = Client(HttpTransport(Config(url, ca=info.authority, token=token)), user_agent="sampan-join")
    try:
        require_new(by_token, facts.name)
        issued = obtain(by_token, Wanted(user, (NODES,)))
    finally:
        by_token.close()
    homes.write_authority(home, info.authority)
    homes.write_component(home, "node", url, info.authority, user, issued)
    client = Client.from_kubeconfig(str(home / "kubeconfigs" / "node"), user_agent="sampan-join")
    try:
        homes.write_serving(home, obtain(client, Wanted(user, (NODES,), (facts.name, facts.ip))))
        for component in components:
            if component.process == "node" and component.name != "node":
                _certify_component(home, client, url, info, facts, component)
    finally:
        client.close()


def _certify_component(
    home: Path, client: Client, url: str, info: ClusterInfo, facts: NodeFacts, component: Component
) -> None:  # fmt: skip
    wanted = Wanted(component.user.format(node=facts.name), component.groups)
    issued = obtain(client, wanted)
    homes.write_component(home, component.name, url, info.authority, wanted.user, issued)


def require_new(client: Client, name: str) -> None:
    """Raises ConfigError where another machine is a Ready node of that name."""
    try:
        node = client.get(NODE_OBJECTS, name)
    except NotFound:
        return
    if condition_is(node.get("status"), "Ready"):
        raise ConfigError(
            f"a node {name} exists and is Ready; choose another name with --name, or `sampan node remove {name}` first"
        )
