"""Kubeconfig files and the configuration of a pod: the server's address and the client's credentials.

Source: Kubernetes docs, "Organizing Cluster Access Using kubeconfig Files" (client.authentication exec plugins are
refused with a message), and "Accessing the API from within a Pod".
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from sampan.errors import ConfigError

log = logging.getLogger(__name__)

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_AGE = 60.0  # seconds after which a token file is read again


@dataclass
class Config:
    """One cluster and one user. ``ca``, ``certificate`` and ``key`` are PEM; empty if unused."""

    server: str
    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = b""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    insecure: bool = False
    tls_server_name: str = ""
    namespace: str = "default"
    file: str = ""  # the kubeconfig that it was read from, where a renewed certificate will be found
    context: str = ""
    _read_at: float = float("-inf")
    _seen: tuple[int, int] = (0, 0)  # inode and time of the file when it was read

    def renewed(self) -> bool:
        """Whether the kubeconfig holds another certificate or token than before; they are taken from it then. A look at
        the file costs a microsecond. One that cannot be read at this moment changes nothing."""
        if not self.file or (seen := _stamp(self.file)) in (self._seen, (0, 0)):
            return False
        self._seen = seen
        try:
            fresh = load(self.file, context=self.context)
        except ConfigError as error:
            log.warning("the identity in use is kept: %s", error)
            return False
        before = self.certificate, self.key, self.token
        self.certificate, self.key, self.token = fresh.certificate, fresh.key, fresh.token
        return before != (self.certificate, self.key, self.token)

    def authorization(self) -> str:
        """The Authorization header's value, or "". A token file is read again after a minute, since it is rotated."""
        if self.token_file and time.monotonic() - self._read_at > _TOKEN_AGE:
            with contextlib.suppress(OSError):  # during a rotation the last token is still valid
                self.token = Path(self.token_file).read_text().strip()
                self._read_at = time.monotonic()
        if self.token:
            return f"Bearer {self.token}"
        if self.username:
            return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return ""

    @contextlib.contextmanager
    def certificate_files(self) -> Iterator[tuple[str, str]]:
        """Certificate and key as files readable by this user only; removed at the end of the block."""
        with tempfile.TemporaryDirectory(prefix="sampan-") as folder:
            paths = []
            for name, data in (("crt", self.certificate), ("key", self.key)):
                path = os.path.join(folder, name)
                with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                    file.write(data)
                paths.append(path)
            yield paths[0], paths[1]


def load(path: str | os.PathLike[str], *, context: str = "") -> Config:
    """The named (or current) context of a kubeconfig file. Raises ConfigError with the file and the problem."""
    file = Path(path)
    seen = _stamp(path)  # before it is read: what is replaced meanwhile is looked at again
    try:
        found = _decode(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"the kubeconfig {file} cannot be read: {error.strerror}") from error
    except Exception as error:
        raise ConfigError(f"the kubeconfig {file} cannot be parsed: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"the kubeconfig {file} is not a mapping")
    name = context or found.get("current-context") or ""
    chosen = _named(found, "contexts", "context", name, file)
    cluster = _named(found, "clusters", "cluster", chosen.get("cluster") or "", file)
    user = _named(found, "users", "user", chosen["user"], file) if chosen.get("user") else {}
    if "exec" in user or "auth-provider" in user:
        raise ConfigError(
            f"the kubeconfig {file} gets its credentials from a command, which is not supported: use a token"
        )
    if not cluster.get("server"):
        raise ConfigError(f"the kubeconfig {file} names no server for context {name!r}")
    folder = file.parent
    return Config(
        file=str(file),
        context=context,
        _seen=seen,
        server=cluster["server"],
        ca=_pem(cluster, "certificate-authority", folder, file),
        certificate=_pem(user, "client-certificate", folder, file),
        key=_pem(user, "client-key", folder, file),
        token=user.get("token") or "",
        token_file=str(folder / user["tokenFile"]) if user.get("tokenFile") else "",
        username=user.get("username") or "",
        password=user.get("password") or "",
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        tls_server_name=cluster.get("tls-server-name") or "",
        namespace=chosen.get("namespace") or "default",
    )


def write(
    path: str | os.PathLike[str],
    *,
    server: str,
    ca: bytes = b"",
    certificate: bytes = b"",
    key: bytes = b"",
    ca_file: str = "",
    certificate_file: str = "",
    key_file: str = "",
    token: str = "",
    cluster: str = "sampan",
    user: str = "admin",
    namespace: str = "",
) -> None:
    """Write a kubeconfig with one context, readable by its owner only; replaces the file atomically. Bytes are PEM. The
    contents of named files are copied in, so that the kubeconfig can be used on another machine."""
    import yaml  # only here and for files that are not JSON: keeps the client's import fast

    ca = ca or _content(ca_file)
    certificate, key = certificate or _content(certificate_file), key or _content(key_file)
    place: dict[str, Any] = {"server": server}
    if ca:
        place["certificate-authority-data"] = base64.b64encode(ca).decode()
    who: dict[str, Any] = {}
    if certificate:
        who["client-certificate-data"] = base64.b64encode(certificate).decode()
        who["client-key-data"] = base64.b64encode(key).decode()
    if token:
        who["token"] = token
    where = {"cluster": cluster, "user": user, **({"namespace": namespace} if namespace else {})}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": place}],
        "users": [{"name": user, "user": who}],
        "contexts": [{"name": cluster, "context": where}],
        "current-context": cluster,
    }
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with open(descriptor, "w") as out:
            yaml.safe_dump(document, out, sort_keys=False)
        os.replace(draft, file)
    except OSError:
        os.unlink(draft)
        raise


def _content(path: str) -> bytes:
    return Path(path).read_bytes() if path else b""


def in_cluster(environ: Mapping[str, str] = os.environ, account: Path = _ACCOUNT) -> Config:
    """The configuration of the pod that this process runs in. Raises ConfigError outside a pod."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (account / "token").exists():
        raise ConfigError("this is not a pod with a service account: name a kubeconfig")
    shown = f"[{host}]" if ":" in host else host
    namespace = account / "namespace"
    return Config(
        server=f"https://{shown}:{port}",
        ca=(account / "ca.crt").read_bytes(),
        token_file=str(account / "token"),
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
    )


def _decode(data: bytes) -> Any:
    if data.lstrip().startswith(b"{"):
        return msgspec.json.decode(data)
    import yaml

    return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _stamp(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Inode and time of change; (0, 0) where there is no such file."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def _named(found: dict[str, Any], section: str, part: str, name: str, file: Path) -> dict[str, Any]:
    for entry in found.get(section) or ():
        if isinstance(entry, dict) and entry.get("name") == name:
            return entry.get(part) or {}
    raise ConfigError(f"the kubeconfig {file} has no entry {name!r} under {section}")


def _pem(entry: dict[str, Any], key: str, folder: Path, file: Path) -> bytes:
    data = entry.get(f"{key}-data")
    try:
        if data:
            return base64.b64decode(data, validate=True)
        return (folder / entry[key]).read_bytes() if entry.get(key) else b""
    except (OSError, binascii.Error) as error:
        raise ConfigError(f"the kubeconfig {file} has an unusable {key}: {error}") from error
