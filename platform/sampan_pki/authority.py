"""The certificates of a cluster, and when they are renewed.

``ensure`` is called at every start, also by several processes at once. A certificate that is valid for another 30 days
is kept, at the cost of reading a few files. A new authority reissues all its certificates.

Trust roots (the authorities, the key of service-account tokens) are never replaced because they are damaged or half
missing: every issued certificate and token would stop working, so ``ensure`` raises ConfigError instead. A damaged leaf
certificate is issued again, and that is logged.
"""

from __future__ import annotations

import fcntl
import ipaddress
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sampan.errors import ConfigError
from sampan_pki import reading, soundness
from sampan_pki.soundness import Verified

log = logging.getLogger(__name__)

AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
RENEW_BEFORE = 30 * 86400.0

MASTERS = "system:masters"
NODES = "system:nodes"


@dataclass(frozen=True)
class _Wanted:
    """A certificate to have: ``path`` without the extension, and the contents."""

    path: Path
    user: str
    groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    server: bool = False
    client: bool = True


def ensure(
    directory: str | Path,
    *,
    node_name: str = "",
    node_ips: Sequence[str] = (),
    names: Sequence[str] = (),
    service_ip: str = "",
    domain: str = "cluster.local",
) -> list[str]:
    """Create what is missing, renew what ends within 30 days or has other contents. Returns the paths written.

    ``names``: further names and addresses of the API server. ``service_ip``: the first address of the service range.
    Raises ConfigError if something is damaged that must not be replaced, OSError if the directory cannot be
    written.
    """
    root = Path(directory)
    with _locked(root), _verified(root) as verified:
        made = _authority(root / "ca", "sampan-ca", root / "server.crt", verified)
        made += _authority(root / "front-proxy-ca", "sampan-front-proxy-ca", root / "front-proxy-client.crt", verified)
        signing = _signing_key(root, verified)
        made += [*signing, *(_key_at_rest(root) if signing else ())]
        served = ("127.0.0.1", "::1", "localhost", *_service_names(domain), *node_ips, *names, node_name, service_ip)
        agent = ("127.0.0.1", "::1", "localhost", *node_ips, node_name)
        for authority, wanted in (
            ("ca", _Wanted(root / "server", "kube-apiserver", (), _distinct(served), server=True, client=False)),
            ("ca", _Wanted(root / "apiserver-kubelet-client", "kube-apiserver-kubelet-client", (MASTERS,))),
            ("ca", _Wanted(root / "kubelet", f"system:node:{node_name}", (NODES,), _distinct(agent), server=True)),
            ("front-proxy-ca", _Wanted(root / "front-proxy-client", "front-proxy-client")),
            ("front-proxy-ca", _Wanted(root / "nginx-client", "nginx")),
        ):
            made += _leaf(root / authority, wanted, verified)
    if made:
        log.info("made certificates and keys: %s", ", ".join(Path(path).name for path in made))
    return made


def client_certificate(directory: str | Path, name: str, user: str, groups: Sequence[str] = ()) -> tuple[Path, Path]:
    """(certificate, key) files of a client, created or renewed if needed; ``ensure`` must have run before.

    ``name`` is the file's name under clients/ (admin, scheduler …).
    """
    if not name or "/" in name or name.startswith("."):
        raise ValueError(f"{name!r} cannot name a client's certificate")
    root = Path(directory)
    path = root / "clients" / name
    with _locked(root), _verified(root) as verified:
        _leaf(root / "ca", _Wanted(path, user, tuple(groups)), verified)
    return _ending(path, ".crt"), _ending(path, ".key")


def _service_names(domain: str) -> tuple[str, ...]:
    service = "kubernetes.default.svc"
    return ("kubernetes", "kubernetes.default", service, f"{service}.{domain}")


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _authority(path: Path, name: str, first_leaf: Path, verified: Verified) -> list[str]:
    """Create an authority, or renew it after it has expired, not before: clients that trust the old one are cut off.

    ``first_leaf``: a certificate that it signed at the first start; if that is missing, the first start was
    interrupted.
    """
    files = _ending(path, ".crt"), _ending(path, ".key")
    there = soundness.present(files)
    if len(there) == 2:
        seen = _pair(path)
        if seen is None or not verified.knows(*files):
            _require(soundness.problem_of_authority(*files), path.parent)
            verified.add(*files)
        if seen is not None and seen.not_after <= time.time():
            log.warning("the authority %s has expired and is replaced; clients need the new kubeconfig", files[0])
        else:
            return []
    elif first_leaf.exists():
        missing = next(file for file in files if file not in there)
        _require((missing, f"it is missing, though {first_leaf.name} was signed with it"), path.parent)
    from sampan_pki import issuing

    # The time in the name distinguishes the leaves of this authority from those of its predecessor.
    certificate, key = issuing.new_authority(f"{name}@{time.time():.3f}", days=AUTHORITY_DAYS)
    made = _write_pair(path, certificate, key)
    verified.add(*files)
    return made


def _key_at_rest(root: Path) -> list[str]:
    """A new cluster's key for what is encrypted at rest. Not made beside keys that were copied here: another API server
    of the cluster may have one already, and what this one encrypted by its own, that one could not read."""
    from sampan_pki.key_file import NAME, KeyFile

    return [str(root / NAME)] if KeyFile(root / NAME).create() else []


def _require(problem: tuple[Path, str] | None, root: Path) -> None:
    """Raises ConfigError if there is a problem with a trust root."""
    if problem is not None:
        raise refusal_of(*problem, root)


def refusal_of(path: Path, why: str, root: Path) -> ConfigError:
    """The error that a damaged trust root stops a start with."""
    instead = (
        f"move {root} away to begin with new keys: then every kubeconfig, certificate and token that was given out "
        "stops working"
    )
    return soundness.refusal(path, why, instead)


def _signing_key(root: Path, verified: Verified) -> list[str]:
    private, public = root / "sa.key", root / "sa.pub"
    there = soundness.present((private, public))
    if private not in there and public in there:
        raise soundness.refusal_of_missing_key(private, public)
    if len(there) == 2:
        if not verified.knows(private, public):
            problem = soundness.problem_of_signing_keys(private, public)
            if problem is not None and problem[0] == public:
                raise soundness.refusal(*problem, soundness.MADE_FROM_PRIVATE)
            _require(problem, root)
            verified.add(private, public)
        return []
    from sampan_pki import issuing

    if private not in there:
        _write(private, issuing.new_signing_key())
    try:
        _write(public, issuing.public_half(private.read_bytes()))
    except (ValueError, TypeError):
        _require((private, "it holds no usable private key in PEM"), root)
    verified.add(private, public)
    return [str(private), str(public)]


def _leaf(authority: Path, wanted: _Wanted, verified: Verified) -> list[str]:
    files = _ending(wanted.path, ".crt"), _ending(wanted.path, ".key")
    there = soundness.present(files)
    issued_by = _ending(authority, ".crt")
    serves = _serves(_pair(wanted.path), _pair(authority), wanted)
    if len(there) == 2 and not verified.knows(*files):
        problem = soundness.problem_of_leaf(*files, issued_by)
        if problem is not None:
            log.warning("%s: %s; it is issued again", *problem)
        elif serves:
            verified.add(*files)
        serves = serves and problem is None
    if serves:
        return []
    from sampan_pki import issuing

    issuer = issuing.Authority(issued_by.read_bytes(), _ending(authority, ".key").read_bytes())
    leaf = issuing.Leaf(wanted.user, wanted.groups, wanted.names, server=wanted.server, client=wanted.client)
    made = _write_pair(wanted.path, *issuer.issue(leaf, days=LEAF_DAYS))
    verified.add(*files)
    return made


@contextmanager
def _verified(root: Path) -> Iterator[Verified]:
    """The record of verified files; written afterwards if it has changed."""
    found = Verified(root)
    yield found
    if found.changed:
        _write(root / soundness.NAME, found.text())


def _serves(seen: reading.Seen | None, issuer: reading.Seen | None, wanted: _Wanted) -> bool:
    if seen is None or issuer is None or seen.issuer != issuer.subject:
        return False
    # a leaf cannot outlive its authority: near the authority's end, a leaf is renewed only if that makes it longer
    enough = min(time.time() + RENEW_BEFORE, issuer.not_after - 1)
    said = all(text.encode() in seen.subject for text in (wanted.user, *wanted.groups))
    return seen.not_after > enough and said and all(_entry(name) in seen.der for name in wanted.names)


def _entry(name: str) -> bytes:
    """A subjectAltName entry in DER: iPAddress is tag 0x87, dNSName 0x82."""
    try:
        data, tag = ipaddress.ip_address(name).packed, 0x87
    except ValueError:
        data, tag = name.encode("idna"), 0x82
    return bytes((tag, len(data))) + data if len(data) < 0x80 else data


def _pair(path: Path) -> reading.Seen | None:
    """The certificate, if it exists with its own key; after a crash between the two writes the key does not match."""
    try:
        seen = reading.certificate(_ending(path, ".crt"))
        key = reading.pem(_ending(path, ".key"))
    except (OSError, reading.Unreadable):
        return None
    return seen if seen.public_key in key else None  # PKCS#8 of an EC key holds its public point


def _write_pair(path: Path, certificate: bytes, key: bytes) -> list[str]:
    files = _ending(path, ".key"), _ending(path, ".crt")
    for file, content in zip(files, (key, certificate), strict=True):
        _write(file, content)
    return [str(file) for file in files]


def _ending(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _write(path: Path, content: bytes) -> None:
    """Write atomically; keys are readable only by the owner from the start."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = 0o600 if path.suffix == ".key" else 0o644
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Lock for one process at a time, on the directory itself, so that no lock file remains."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
