"""Settings of the add-on: the section ``plugins.logging`` of sampan.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from sampan_machinery import bounds


@dataclass(frozen=True)
class Settings:
    """The section ``plugins.logging``."""

    urls: tuple[str, ...] = ("http://127.0.0.1:9200",)
    """Addresses of Elasticsearch; several are used in turn."""
    user: str = ""
    """User for Elasticsearch; empty: the Secret's ``username``, or none."""
    password_file: str = ""
    """File that holds the user's password; empty: the Secret's ``password``."""
    api_key_file: str = ""
    """File that holds an API key, which is used instead of user and password; empty: the Secret's ``apiKey``."""
    ca_file: str = ""
    """File with the CA certificates (PEM) that sign Elasticsearch's; empty: the Secret's ``ca.crt``, or the system."""
    verify: bool = True
    """Whether Elasticsearch's certificate is checked."""
    secret: str = ""
    """Secret with the credentials, ``kube-system/sampan-logging`` say: username, password, apiKey, ca.crt."""
    prefix: str = "sampan-logs"
    """Lines go to the index ``PREFIX-YYYY.MM.DD`` of their day (UTC)."""
    data_stream: bool = False
    """Write to the data stream ``PREFIX`` instead of an index a day."""
    install_template: bool = True
    """Install the index template ``PREFIX``; without it dots in the names of labels are written as ``_``."""
    shards: int = 1
    """Primary shards of an index, in the template."""
    replicas: int = 1
    """Replicas of each shard, in the template."""
    retention_days: int = 0
    """Delete daily indices older than so many days; 0: never."""
    cluster: str = ""
    """Name of this cluster, written to each line as ``orchestrator.cluster.name``; empty: left out."""
    namespaces: tuple[str, ...] = ()
    """Only these namespaces' lines; empty: all."""
    exclude_namespaces: tuple[str, ...] = ()
    """None of these namespaces' lines."""
    labels: str = ""
    """Only lines of pods that this label selector selects; empty: all."""
    line_bytes: int = 262144
    """A longer line is sent in parts of so many bytes."""
    most_streams: int = 200
    """Connections to the API server for following logs; with more containers than that they take turns."""
    spool_bytes: int = 1073741824
    """Size of the spool on disk; when it is full, no more is read until Elasticsearch takes lines again."""
    sync_seconds: float = 0.2
    """How long lines are gathered before they are written to the spool and fsynced together."""
    batch_lines: int = 1000
    """Most lines in one request to Elasticsearch."""
    batch_bytes: int = 4194304
    """Most bytes in one request to Elasticsearch."""
    flush_seconds: float = 0.5
    """How long lines in the spool wait for others to be sent with."""
    timeout_seconds: float = 30.0
    """How long one request to Elasticsearch may take."""
    rejected_bytes: int = 67108864
    """Size on disk of ``rejected.jsonl``, where lines are kept that Elasticsearch refuses for good."""

    def __post_init__(self) -> None:
        bounds.require(
            self,
            urls=bounds.each(bounds.url("http", "https"), least=1),
            prefix=bounds.matching(r"[a-z0-9][a-z0-9._-]*", "sampan-logs, in lower case"),
            shards=bounds.number(1),
            replicas=bounds.number(0),
            retention_days=bounds.number(0),
            line_bytes=bounds.number(1),
            most_streams=bounds.number(1),
            spool_bytes=bounds.number(1),
            sync_seconds=bounds.number(0),
            batch_lines=bounds.number(1),
            batch_bytes=bounds.number(1),
            flush_seconds=bounds.number(0),
            timeout_seconds=bounds.number(0.1),
            rejected_bytes=bounds.number(0),
        )
