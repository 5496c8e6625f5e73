"""The kubelet's CredentialProviderConfig: which programs give credentials for which images. Pure, but for ``read``.

Source: kubelet.config.k8s.io/v1 CredentialProviderConfig; kubelet's checks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError, SampanError
from sampan_machinery import names, records, yamlin
from sampan_machinery.durations import parse_duration

GROUP, KIND = "kubelet.config.k8s.io", "CredentialProviderConfig"
VERSIONS = tuple(f"{GROUP}/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
V1 = "credentialprovider.kubelet.k8s.io/v1"
PROTOCOLS = (V1, f"{V1}beta1", f"{V1}alpha1")
ENDINGS = (".json", ".yaml", ".yml")
TOKEN, SERVICE_ACCOUNT = "Token", "ServiceAccount"


@dataclass(frozen=True)
class TokenAttributes:
    """The service-account token that a program gets."""

    serviceAccountTokenAudience: str = ""
    requireServiceAccount: bool | None = None
    cacheType: str = ""
    requiredServiceAccountAnnotationKeys: tuple[str, ...] = ()
    optionalServiceAccountAnnotationKeys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provider:
    """One program. ``name``: of the file in the folder of programs."""

    name: str = ""
    matchImages: tuple[str, ...] = ()
    defaultCacheDuration: str | None = None
    apiVersion: str = ""
    args: tuple[str, ...] = ()
    env: tuple[Mapping[str, str], ...] = ()
    tokenAttributes: Mapping[str, Any] | None = None

    @property
    def cache_seconds(self) -> float:
        return parse_duration(self.defaultCacheDuration or "0")

    @property
    def tokens(self) -> TokenAttributes | None:
        return None if self.tokenAttributes is None else _tokens(self.tokenAttributes, "tokenAttributes.")


def read(path: Path) -> tuple[Provider, ...]:
    """Of a file, or of all files of a folder in the order of their names. Raises ConfigError."""
    try:
        files = [path]
        if path.is_dir():
            files = sorted(one for one in path.iterdir() if one.suffix in ENDINGS and one.is_file())
            if not files:
                raise ConfigError(f"{path}: no configuration files (*.json, *.yaml, *.yml) in this folder")
        return parse((str(file), file.read_bytes()) for file in files)
    except OSError as error:
        raise ConfigError(f"{error.filename or path} cannot be read: {error.strerror}") from error


def parse(documents: Iterable[tuple[str, bytes]]) -> tuple[Provider, ...]:
    """``documents``: (where it is from, text). Raises ConfigError that begins with where."""
    found: list[Provider] = []
    for where, text in documents:
        for index, entry in enumerate(_entries(where, text)):
            place = f"{where}: providers[{index}]"
            if not isinstance(entry, Mapping):
                raise ConfigError(f"{place} must be a mapping")
            provider = records.record(Provider, entry, f"{place}.")
            if wrong := _problem(provider, f"{place}."):
                raise ConfigError(wrong)
            if any(one.name == provider.name for one in found):
                raise ConfigError(f"{place}.name: a provider called {provider.name!r} is named twice")
            found.append(provider)
    return tuple(found)


def _entries(where: str, text: bytes) -> list[Any]:
    try:
        document = yamlin.decode(text)
    except SampanError as error:
        raise ConfigError(f"{where}: {error}") from error
    if not isinstance(document, dict) or document.get("kind") != KIND or document.get("apiVersion") not in VERSIONS:
        raise ConfigError(f"{where}: apiVersion must be {VERSIONS[0]} and kind {KIND}")
    unknown = set(document) - {"apiVersion", "kind", "providers"}
    if unknown:
        raise ConfigError(f"{where}: {sorted(unknown)[0]} is not a field; there is providers")
    entries = document.get("providers")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{where}: providers must be a list of at least one provider")
    return entries


def _problem(one: Provider, place: str) -> str:
    if not one.name or "/" in one.name or " " in one.name or one.name in (".", ".."):
        return f"{place}name must be the name of a file, without '/' and spaces, not {one.name!r}"
    if one.apiVersion not in PROTOCOLS:
        return f"{place}apiVersion must be one of {', '.join(PROTOCOLS)}, not {one.apiVersion!r}"
    if not one.matchImages or not all(map(_is_pattern, one.matchImages)):
        return f"{place}matchImages must name at least one image, as *.registry.example or registry.example:5000/team"
    if one.defaultCacheDuration is None or not _is_duration(one.defaultCacheDuration):
        return f"{place}defaultCacheDuration must be a time such as 10m or 0s, not {one.defaultCacheDuration!r}"
    for index, variable in enumerate(one.env):
        if set(variable) != {"name", "value"}:
            return f"{place}env[{index}] must have name and value"
    if one.tokenAttributes is not None:
        if one.apiVersion != V1:
            return f"{place}tokenAttributes wants apiVersion {V1}"
        return _token_problem(_tokens(one.tokenAttributes, f"{place}tokenAttributes."), f"{place}tokenAttributes.")
    return ""


def _is_pattern(text: str) -> bool:
    return bool(text) and text.isprintable() and not any(map(str.isspace, text)) and "://" not in text


def _is_duration(text: str) -> bool:
    try:
        return parse_duration(text) >= 0
    except ValueError:
        return False


def _tokens(given: Mapping[str, Any], place: str) -> TokenAttributes:
    return records.record(TokenAttributes, given, place)


def _token_problem(one: TokenAttributes, place: str) -> str:
    required, optional = one.requiredServiceAccountAnnotationKeys, one.optionalServiceAccountAnnotationKeys
    if not one.serviceAccountTokenAudience:
        return f"{place}serviceAccountTokenAudience must be set"
    if one.requireServiceAccount is None:
        return f"{place}requireServiceAccount must be set"
    if one.cacheType not in (TOKEN, SERVICE_ACCOUNT):
        return f"{place}cacheType must be {SERVICE_ACCOUNT} or {TOKEN}, not {one.cacheType!r}"
    if required and not one.requireServiceAccount:
        return f"{place}requireServiceAccount must be true, as requiredServiceAccountAnnotationKeys is set"
    if len({*required, *optional}) < len(required) + len(optional):
        return f"{place}requiredServiceAccountAnnotationKeys and the optional ones must name each key once"
    for key in (*required, *optional):
        if wrong := names.label_key(key.lower()):
            return f"{place}requiredServiceAccountAnnotationKeys: {key!r}: {wrong[0]}"
    return ""
