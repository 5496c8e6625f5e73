"""Checks keys and certificates: parsed, matched and verified once per content of a file.

That needs ``cryptography`` (40 ms to import), so the digests of verified files are stored in ``verified.json`` beside
them, and only a file that has changed since is checked again. Creates and replaces no keys or certificates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sampan.errors import ConfigError

if TYPE_CHECKING:
    from cryptography import x509

NAME = "verified.json"
MADE_FROM_PRIVATE = "remove it to have it made from sa.key"


class Verified:
    """Digests of verified files, by path below the directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = _read(root / NAME)
        self.changed = False

    def knows(self, *paths: Path) -> bool:
        return all(self._known.get(self._name(path)) == _digest(path) for path in paths)

    def add(self, *paths: Path) -> None:
        for path in paths:
            self._known[self._name(path)] = _digest(path)
            self.changed = True

    def text(self) -> bytes:
        return json.dumps(self._known, indent=1, sort_keys=True).encode()

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))


def problem_of_authority(certificate: Path, key: Path) -> tuple[Path, str] | None:
    """(file, problem), or None."""
    return _problem_of_pair(certificate, key, authority=True)


def problem_of_leaf(certificate: Path, key: Path, issuer: Path) -> tuple[Path, str] | None:
    """The same for a certificate that ``issuer`` must have signed."""
    found = _problem_of_pair(certificate, key, authority=False)
    if found is not None:
        return found
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    try:
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(issuer.read_bytes()))
    except (ValueError, TypeError, InvalidSignature):
        return certificate, f"it is not signed by {issuer}"
    return None


def problem_of_private_key(private: Path) -> tuple[Path, str] | None:
    """The same for the half that signs, alone."""
    from sampan_pki import issuing

    try:
        issuing.public_half(private.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        return private, _in_words(error, "private key")
    return None


def problem_of_signing_keys(private: Path, public: Path) -> tuple[Path, str] | None:
    """The same for the keys of service-account tokens."""
    from cryptography.hazmat.primitives import serialization

    from sampan_pki import issuing

    if (problem := problem_of_private_key(private)) is not None:
        return problem
    half = issuing.public_half(private.read_bytes())
    try:
        found = serialization.load_pem_public_key(public.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        return public, _in_words(error, "public key")
    if found != serialization.load_pem_public_key(half):
        return public, f"it is not the public half of {private}"
    return None


def refusal(path: Path, why: str, instead: str) -> ConfigError:
    """The error that stops a start."""
    return ConfigError(f"{path}: {why}. Restore {path.name} from a backup of {path.parent}, or {instead}")


def refusal_of_missing_key(private: Path, public: Path) -> ConfigError:
    """The same of service-account tokens without the half that signs."""
    instead = f"remove {public} too to have both made new: then every service-account token stops working"
    return refusal(private, f"it is missing, though {public.name} is there", instead)


def present(paths: Iterable[Path]) -> list[Path]:
    """The paths that exist. Raises ConfigError for one that cannot be read or is not a file."""
    found = []
    for path in paths:
        try:
            path.read_bytes()
        except FileNotFoundError:
            if not path.is_symlink():
                continue
            raise ConfigError(f"{path} is a dangling link; remove it or restore its target") from None
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be read ({error.strerror}); it must be a file that this user may read"
            ) from error
        found.append(path)
    return found


def problem_of_certificate(certificate: Path, *, authority: bool = True) -> tuple[Path, str] | None:
    """The same of a certificate alone, whose key may be elsewhere."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        constraints = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca if authority else True
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        return certificate, _in_words(error, "certificate")
    return None if constraints else (certificate, "it is not the certificate of an authority")


def _problem_of_pair(certificate: Path, key: Path, *, authority: bool) -> tuple[Path, str] | None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization

    if (problem := problem_of_certificate(certificate, authority=authority)) is not None:
        return problem
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        return key, _in_words(error, "private key")
    if private.public_key() != found.public_key():
        return key, f"it is not the key of {certificate}"
    if authority and not _is_signed_by_another(found):
        try:
            found.verify_directly_issued_by(found)
        except (ValueError, TypeError, InvalidSignature):
            return certificate, "its signature is wrong"
    return None


def _is_signed_by_another(certificate: x509.Certificate) -> bool:
    """Whether another authority signed it, as an operator's intermediate may be: then it names that authority's key."""
    from cryptography import x509

    kinds = {type(each.value) for each in certificate.extensions}
    return certificate.issuer != certificate.subject and x509.AuthorityKeyIdentifier in kinds


def _in_words(error: Exception, what: str) -> str:
    """An error message without the library's text, which changes from version to version."""
    return (
        f"it cannot be read ({error.strerror})" if isinstance(error, OSError) else f"it holds no usable {what} in PEM"
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, str]:
    """The stored digests; {} if the file is missing or damaged, and everything is verified again."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
