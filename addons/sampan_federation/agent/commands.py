"""`sampan federation register` on the host, and `agent` in the member."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from sampan.contracts.commands import Place
from sampan.contracts.components import Running
from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError, SampanError, StatusError
from sampan_client import Client, kubeconfig
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config
from sampan_federation.agent.agent import connecting, makers, scopes
from sampan_federation.agent.registering import register
from sampan_federation.agent.reporting import Keep
from sampan_federation.members import joining
from sampan_federation.settings import Settings

AGENT = "sampan-federation-agent"


@click.command(name="register")
@click.argument("name")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="The agent's kubeconfig, to be taken to the member."
)
@click.option("--server", default="", metavar="URL", help="Where the member reaches the host; default: as here.")
@click.option("--cluster-provider", default="", help="Whose cluster it is: a cloud's name.")
@click.option("--cluster-region", default="")
@click.option("--cluster-zones", default="", metavar="ZONE,…")
@click.option("--labels", default="", metavar="KEY=VALUE,…", help="Of the Cluster object, for affinities.")
@click.option("--kubeconfig", "path", default="", metavar="FILE", help="Of the host; default: $KUBECONFIG, or home's.")
@click.option("--context", default="", help="Of the host's kubeconfig.")
@click.pass_obj
def register_cluster(
    place: Place, name: str, output: str, server: str, cluster_provider: str, cluster_region: str, cluster_zones: str,
    labels: str, path: str, context: str,
) -> None:  # fmt: skip
    """Register the cluster NAME in pull mode: its agent connects to the host, which need not reach it."""
    try:
        joining.check_name(name)
        config = kubeconfig.load(path or place.kubeconfig, context=context)
        asked = joining.Joining(
            name=name, server="", provider=cluster_provider, region=cluster_region, zones=tuple(_words(cluster_zones)),
            labels=dict(each.partition("=")[::2] for each in _words(labels)),
        )  # fmt: skip
        with _closing(Client(HttpTransport(config), user_agent=AGENT)) as host:
            token, expires = register(host, asked)
        if config.insecure:
            raise ConfigError("the host's certificate is not checked by this kubeconfig; name one with its authority")
        config.server = server or config.server
        _write(output, config, token)
    except (StatusError, SampanError, ConnectionError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"cluster {name} is registered; run in it, before {expires}:")
    click.echo(f"  sampan federation agent {name} --host-kubeconfig {Path(output).name}")


@click.command(name="agent")
@click.argument("name")
@click.option(
    "--host-kubeconfig", required=True, metavar="FILE",
    help="As `sampan federation register` has made it. Its token is renewed in it, so it has to be writable.",
)  # fmt: skip
@click.option("--cluster-kubeconfig", default="", metavar="FILE", help="Of the member; default: the pod's account.")
@click.option("--cluster-context", default="", help="Of that kubeconfig.")
@click.pass_obj
def run_agent(place: Place, name: str, host_kubeconfig: str, cluster_kubeconfig: str, cluster_context: str) -> None:
    """Run the agent of the cluster NAME, in the foreground: apply what the host wants there, and report back."""
    settings: Any = place.settings or Settings()
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *rest: stop.set())
    try:
        config = kubeconfig.load(host_kubeconfig)
        if not os.access(host_kubeconfig, os.W_OK):
            raise ConfigError(f"{host_kubeconfig} is not writable: the agent renews its token in it")
        host = Client(HttpTransport(config), user_agent=AGENT)
        member = _member(settings, cluster_kubeconfig, cluster_context)
        member().close()  # a file that cannot be used is said now
    except (SampanError, OSError) as error:
        raise click.ClickException(str(error)) from error
    with _closing(host):
        running = Running(client=host, settings=settings, home=place.home, stop=stop, options=ClusterOptions())
        _run(name, running, member, lambda token: _write(host_kubeconfig, config, token))


def _run(name: str, running: Running, member: Callable[[], Client], keep: Keep) -> None:
    from sampan_federation.component import Federation

    federation = Federation(running, connect=connecting(member), makers=makers(name, keep), scopes=scopes(name))
    try:
        click.echo(f"the agent of the cluster {name} follows its host")
        running.stop.wait()
    finally:
        federation.close()


def _member(settings: Settings, path: str, context: str) -> Callable[[], Client]:
    def make() -> Client:
        config = kubeconfig.load(path, context=context) if path else kubeconfig.in_cluster()
        transport = HttpTransport(config, answer_seconds=settings.request_seconds, most_bytes=settings.answer_bytes)
        return Client(transport, user_agent=AGENT)

    return make


def _write(path: str, config: Config, token: str) -> None:
    kubeconfig.write(
        path, server=config.server, ca=config.ca, token=token, cluster="host", user="agent"
    )  # fmt: skip


@contextlib.contextmanager
def _closing(client: Client) -> Iterator[Client]:
    try:
        yield client
    finally:
        client.close()


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
