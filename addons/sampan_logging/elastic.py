"""Elasticsearch through its own client: the one module that imports it, and only when it is needed (it takes 40 MB).

An error that concerns the whole server becomes ElasticsearchUnavailable, in words with the way out; one that concerns a
document becomes that document's BulkResult. Must not know the spool or the cluster."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import elasticsearch
import msgspec
from elastic_transport import HttpHeaders, JsonSerializer, TransportError, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import helpers

from sampan.errors import SampanError
from sampan_logging import documents
from sampan_logging.access import Access
from sampan_logging.outcomes import BulkResult, Disposition, outcome

_COMPATIBLE = re.compile(r"application/vnd\.elasticsearch\+(json|x-ndjson); ?compatible-with=\d+")
_MISUNDERSTOOD = "media_type_header_exception"
_OLDEST = 8
CLIENT_MAJOR = int(elasticsearch.__version__[0])


class ElasticsearchUnavailable(SampanError):
    """Elasticsearch as a whole does not take documents now; in words, with the way out."""


class _Json(JsonSerializer):
    """msgspec in place of the standard library, a quarter of its time; our documents are plain JSON."""

    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class Elastic:
    """One client. It speaks the older of the two versions, the server's and the client's."""

    def __init__(self, access: Access) -> None:
        # Every answer of a server without security carries a warning; it is the operator's choice, and no news to him.
        warnings.simplefilter("ignore", elasticsearch.ElasticsearchWarning)
        logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # else a line a request
        self._where = ", ".join(access.urls)
        self._major = CLIENT_MAJOR
        self._known = False
        self.version = ""
        self._client = elasticsearch.Elasticsearch(
            list(access.urls), node_class=self._node_class(), request_timeout=access.timeout, max_retries=0,
            retry_on_timeout=False, serializers={"application/json": _Json()}, **_credentials(access),
        )  # fmt: skip

    def close(self) -> None:
        self._client.close()

    def prepare(self, prefix: str, *, stream: bool, install: bool, shards: int, replicas: int) -> None:
        """See that it is there and install the index template. Raises ElasticsearchUnavailable."""
        self._meet()
        if install:
            body = documents.template(prefix, stream=stream, shards=shards, replicas=replicas)
            meta = body.pop("_meta")
            self._ask(self._client.indices.put_index_template, name=prefix, meta=meta, **body)

    def send(self, actions: Sequence[documents.Action], *, lines: int, size: int) -> list[BulkResult]:
        """Results in the order of the actions; at most so many lines and bytes in one request. Raises
        ElasticsearchUnavailable."""
        self._meet()
        found = self._bulk(actions, lines, size)
        if len(found) > 1 and all(one.fate is Disposition.DOUBTFUL for one in found):
            raise ElasticsearchUnavailable(f"Elasticsearch at {self._where} refuses every request: {found[0].why}")
        return found

    def search(self, index: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The hits. Raises ElasticsearchUnavailable."""
        self._meet()
        answer = self._ask(self._client.search, index=index, ignore_unavailable=True, **body)
        return list(answer["hits"]["hits"])

    def indices(self, pattern: str) -> list[str]:
        self._meet()
        answer = self._ask(self._client.indices.get, index=pattern, filter_path="*.settings.index.uuid")
        return sorted(answer)

    def delete_index(self, name: str) -> None:
        self._ask(self._client.indices.delete, index=name, ignore_unavailable=True)

    def _bulk(self, actions: Sequence[documents.Action], lines: int, size: int) -> list[BulkResult]:
        found: list[BulkResult] = []
        whole: set[int] = set()  # HTTP statuses that concerned whole requests
        answers = helpers.streaming_bulk(
            self._client, actions, chunk_size=lines, max_chunk_bytes=size, raise_on_error=False,
            raise_on_exception=False, max_retries=0,
        )  # fmt: skip
        try:
            for _, answer in answers:
                item = next(iter(answer.values()))
                if (error := item.get("exception")) is not None:
                    self._refuse(error)
                    whole.add(int(item.get("status") or 0))
                    found.append(BulkResult(Disposition.RETRY, _words(error)))
                else:
                    found.append(outcome(item))
        except (elasticsearch.ApiError, TransportError) as error:
            if not found:
                raise self._trouble(error) from error
        # An answer with fewer items than were sent says nothing of the rest.
        found += [BulkResult(Disposition.RETRY, "no answer")] * (len(actions) - len(found))
        if not whole & {400, 413}:
            return found
        if len(actions) > 1:
            half = len(actions) // 2
            return self._bulk(actions[:half], lines, size) + self._bulk(actions[half:], lines, size)
        return [BulkResult(Disposition.REJECTED if 413 in whole else Disposition.DOUBTFUL, found[0].why)]

    def _refuse(self, error: Any) -> None:
        """Raises ElasticsearchUnavailable for answers that say nothing of the documents."""
        misunderstood = _MISUNDERSTOOD in str(error)
        if misunderstood:
            self._steps_down(error)
        if isinstance(error, elasticsearch.ApiError) and (misunderstood or error.status_code in (401, 403, 404)):
            raise self._trouble(error) from error

    def _meet(self) -> None:
        """See that it is there, and what it is."""
        if self._known:
            return
        try:
            self.version = str(self._speak(self._client.info)["version"]["number"])
        except (elasticsearch.UnsupportedProductError, TransportError) as error:
            raise self._trouble(error) from error
        except elasticsearch.ApiError as error:
            if error.status_code not in (403, 405):  # our role may not ask, or none may: it is there all the same
                raise self._trouble(error) from error
        self._known = True

    def _ask(self, call: Any, **arguments: Any) -> Any:
        try:
            return self._speak(call, **arguments)
        except (elasticsearch.ApiError, elasticsearch.UnsupportedProductError, TransportError) as error:
            self._known = False  # what comes back may be another server
            raise self._trouble(error) from error

    def _speak(self, call: Any, **arguments: Any) -> Any:
        """In the newest version that both understand: a server refuses one that is newer than itself."""
        while True:
            try:
                return call(**arguments)
            except elasticsearch.BadRequestError as error:
                if not self._steps_down(error):
                    raise

    def _steps_down(self, error: Exception) -> bool:
        if _MISUNDERSTOOD not in str(error) or self._major <= _OLDEST:
            return False
        self._major -= 1
        return True

    def _trouble(self, error: Exception) -> ElasticsearchUnavailable:
        words = _words(error)
        if isinstance(error, elasticsearch.UnsupportedProductError):
            return ElasticsearchUnavailable(f"the server at {self._where} is not Elasticsearch: {words}")
        if isinstance(error, elasticsearch.ApiError):
            status = error.status_code
            if status == 401:
                way = "set user and password_file, api_key_file or secret under plugins.logging"
                return ElasticsearchUnavailable(
                    f"Elasticsearch at {self._where} does not accept our credentials: {way} ({words})"
                )
            if status == 403:
                way = "its role needs create_doc, auto_configure and view_index_metadata on the indices"
                return ElasticsearchUnavailable(f"Elasticsearch at {self._where} does not let us in: {way} ({words})")
            return ElasticsearchUnavailable(f"Elasticsearch at {self._where} refuses: {words}")
        way = "see that it runs and that plugins.logging.urls is right"
        return ElasticsearchUnavailable(f"Elasticsearch at {self._where} cannot be reached: {way} ({words})")

    def _node_class(self) -> type[Urllib3HttpNode]:
        """A connection that names the version we have come down to: a client of major version 9 can speak 8."""
        elastic = self

        class Node(Urllib3HttpNode):
            def perform_request(
                self, method: str, target: str, body: bytes | None = None, headers: HttpHeaders | None = None,
                request_timeout: DefaultType | float | None = DEFAULT,
            ) -> Any:  # fmt: skip
                sent = HttpHeaders({name: elastic._spoken(value) for name, value in (headers or {}).items()})
                return super().perform_request(method, target, body, sent, request_timeout)

        return Node

    def _spoken(self, value: str) -> str:
        return _COMPATIBLE.sub(rf"application/vnd.elasticsearch+\1; compatible-with={self._major}", value)


def _credentials(access: Access) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if access.api_key:
        found["api_key"] = access.api_key
    elif access.user:
        found["basic_auth"] = (access.user, access.password)
    if any(url.startswith("https:") for url in access.urls):
        if not access.verify:
            found.update(verify_certs=False, ssl_show_warn=False)
        elif access.ca:
            import ssl

            found["ssl_context"] = ssl.create_default_context(cadata=access.ca)
    return found


def _words(error: Exception) -> str:
    return str(error)[:500] or type(error).__name__
