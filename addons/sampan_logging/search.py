"""`sampan logs search`: finds lines in Elasticsearch, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sampan.contracts.commands import Place
from sampan.errors import SampanError
from sampan_client import Client
from sampan_logging import access, queries

if TYPE_CHECKING:
    from sampan_logging.settings import Settings


@click.command()
@click.argument("query", default="")
@click.option("-n", "--namespace", default="", help="Lines of this namespace.")
@click.option("--pod", default="", help="Lines of this pod.")
@click.option("-c", "--container", default="", help="Lines of this container.")
@click.option("-l", "--selector", default="", help="Lines of pods with these labels: KEY=VALUE, KEY!=VALUE, KEY, !KEY.")
@click.option("--since", default="", help="Not older than: 15m, 2h, 1d, or 2026-01-31T12:00:00Z.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many lines.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: a document a line.")
@click.pass_obj
def command(
    place: Place,
    query: str,
    namespace: str,
    pod: str,
    container: str,
    selector: str,
    since: str,
    limit: int,
    output: str,
) -> None:
    """Find lines of containers in Elasticsearch; QUERY in its query string syntax, any line without."""
    question = queries.SearchQuery(query, namespace, pod, container, selector, since)
    try:
        found = list(find(place, question, limit))
    except SampanError as error:
        raise click.ClickException(str(error)) from error
    for document in reversed(found):
        click.echo(msgspec.json.encode(document).decode() if output == "json" else queries.in_words(document))


def find(place: Place, question: queries.SearchQuery, limit: int) -> Iterator[dict[str, Any]]:
    """The newest lines, newest first. Raises ElasticsearchUnavailable, ConfigError or BadRequest in words."""
    settings: Settings = place.settings
    queries.search(question, size=1, flat=settings.install_template)  # what is wrong with it is said before all else
    from sampan_logging.elastic import Elastic

    elastic = Elastic(access.gather(settings, _client(place, settings)))
    after: list[Any] | None = None
    try:
        while limit > 0:
            body = queries.search(question, size=limit, flat=settings.install_template, after=after)
            hits = elastic.search(queries.pattern(settings.prefix, stream=settings.data_stream), body)
            yield from (hit["_source"] for hit in hits)
            limit -= len(hits)
            if len(hits) < body["size"]:
                return
            after = hits[-1]["sort"]
    finally:
        elastic.close()


def _client(place: Place, settings: Settings) -> Client | None:
    """Only a Secret needs the cluster."""
    if not settings.secret or not Path(place.kubeconfig).exists():
        return None
    return Client.from_kubeconfig(place.kubeconfig, user_agent="sampan-logs-search")
