"""Lines in Elasticsearch as a page of the dashboard: a user finds those of namespaces where he may read logs.

Asked of the cluster as that user; Elasticsearch itself is asked with the add-on's own credentials. Must not know the
dashboard, which takes any object of this shape (hook contribute_dashboard_pages).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sampan.errors import Forbidden
from sampan_client import Client

if TYPE_CHECKING:
    from sampan_logging.settings import Settings

MOST = 200
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class LogSearch:
    name, title = "log-search", "Log search"
    columns = ("time", "namespace", "pod", "container", "line")
    fields = (
        ("namespace", "Namespace"), ("name", "Pod"), ("container", "Container"), ("since", "Since (15m, 2h, 1d)"),
        ("query", "Text"),
    )  # fmt: skip
    kinds = ("pods",)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def rows(self, client: Client, asked: Mapping[str, str]) -> Sequence[Sequence[str]]:
        """The newest first; nothing before anything is asked for. Raises Forbidden, ElasticsearchUnavailable,
        ConfigError or BadRequest in words."""
        if not any(asked.values()):
            return []
        require_logs(client, asked["namespace"])
        return [row(document) for document in self._find(client, asked)]

    def _find(self, client: Client, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        from sampan_logging import access, queries  # here, for the dashboard's memory, as the client is
        from sampan_logging.elastic import Elastic

        settings = self._settings
        question = queries.SearchQuery(
            asked["query"], asked["namespace"], asked["name"], asked["container"], "", asked["since"]
        )
        body = queries.search(question, size=MOST, flat=settings.install_template)
        elastic = Elastic(access.gather(settings, client))
        try:
            hits = elastic.search(queries.pattern(settings.prefix, stream=settings.data_stream), body)
        finally:
            elastic.close()
        return [hit["_source"] for hit in hits]


def require_logs(client: Client, namespace: str) -> None:
    """Raises Forbidden where the client's user may not read the logs of a namespace's pods; "": of all."""
    attributes = {"namespace": namespace, "verb": "get", "resource": "pods", "subresource": "log"}
    body: Any = {"spec": {"resourceAttributes": attributes}}
    answer = msgspec.json.decode(client.request("POST", REVIEWS, body=body).body)
    if not (answer.get("status") or {}).get("allowed"):
        where = f"in namespace {namespace}" if namespace else "in all namespaces: name one"
        raise Forbidden(f"you may not read logs of pods (get pods/log) {where}")


def row(document: Mapping[str, Any]) -> list[str]:
    about = document.get("kubernetes") or {}
    mark = "(gap) " if (document.get("event") or {}).get("kind") == "gap" else ""
    pod, container = ((about.get(each) or {}).get("name") for each in ("pod", "container"))
    texts = (document.get("@timestamp"), about.get("namespace"), pod, container, f"{mark}{document.get('message')}")
    return ["" if text is None else plain(str(text)) for text in texts]


def plain(text: str) -> str:
    """Without control characters, which the documents keep."""
    return "".join(each if each.isprintable() else " " for each in text)
