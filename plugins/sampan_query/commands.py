"""`sampan query`: SQL over what the user of the kubeconfig may list. Changes nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from sampan.contracts.commands import Place
from sampan.errors import SampanError
from sampan_client import Client
from sampan_client.discovery import discover
from sampan_query.database import BadQuery, Database
from sampan_query.following import Answer, follow
from sampan_query.forms import shown


@click.command()
@click.argument("statement", required=False, metavar="SQL")
@click.option("-n", "--namespace", default="", help="Objects of this namespace alone; without, of all.")
@click.option("-w", "--watch", is_flag=True, help="The answer again whenever it changes, until interrupted.")
@click.option("--tables", is_flag=True, help="List the tables; with SQL naming one table, its columns.")
@click.option("-o", "--output", type=click.Choice(["table", "csv", "json"]), default="table")
@click.pass_obj
def query(place: Place, statement: str | None, namespace: str, watch: bool, tables: bool, output: str) -> None:
    """Answer SQL (one select, SQLite's dialect) over live objects: a table for each resource that the server lists.

    Every table has name, namespace, uid, created, owner, labels and annotations (JSON), object (the whole one as JSON),
    and the columns that kubectl prints. Functions beside SQLite's own: amount('500m'), age(created) in
    seconds, label(labels, 'app.kubernetes.io/name').

    \b
    sampan query "select node, count(*) from pods group by node"
    sampan query "select name, labels->>'app' as app from pods where age(created) < 3600"
    """
    if not statement and not tables:
        raise click.UsageError("say what to select, or --tables")
    client = _client(place)
    try:
        database = Database(client, discover(client), namespace)
        try:
            _answer(client, database, statement or "", namespace, watch=watch, tables=tables, output=output)
        finally:
            database.close()
    except BadQuery as error:
        raise click.ClickException(str(error)) from error
    except (SampanError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        client.close()


def _answer(
    client: Client, database: Database, statement: str, namespace: str, *, watch: bool, tables: bool, output: str
) -> None:  # fmt: skip
    def tell(answer: Answer) -> None:
        for line in shown(*answer, output):
            click.echo(line)

    if tables:
        names = database.columns(statement) if statement else database.tables()
        tell(([("COLUMN" if statement else "TABLE").lower()], [(name,) for name in names]))
    elif watch:
        stop, begun = threading.Event(), False

        def again(answer: Answer) -> None:
            nonlocal begun
            if begun and output == "table":
                click.echo("")
            begun = True
            tell(answer)

        try:
            follow(client, database, statement, again, stop, namespace)
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
    else:
        tell(database.ask(statement))


def _client(place: Place) -> Client:
    if not Path(place.kubeconfig).exists():
        raise click.ClickException(f"there is no kubeconfig {place.kubeconfig}: is the cluster up?")
    return Client.from_kubeconfig(place.kubeconfig)
