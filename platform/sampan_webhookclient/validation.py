"""What is wrong with the address of a webhook, in an object that names one. Pure.

Source: apiserver's pkg/util/webhook/validation.go (rules, order, wording).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import names, problems

_FORM = "; desired format: https://host[/path]"


def validate_address(config: Object, path: str) -> Iterator[Problem]:
    """Of a WebhookClientConfig: either ``url`` or ``service``, as it must be. Its caBundle is not looked at."""
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        yield problems.required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from validate_url(str(url), f"{path}.url")
    else:
        yield from validate_service(service or {}, f"{path}.service")


def validate_url(text: str, path: str) -> Iterator[Problem]:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        yield problems.required(path, f"url must be a valid URL: {error}{_FORM}")
        return
    user, at, host = url.netloc.rpartition("@")
    if url.scheme != "https":
        yield problems.invalid(path, url.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not host:
        yield problems.invalid(path, host, f"host must be specified{_FORM}")
    if at:
        yield problems.invalid(path, user, "user information is not permitted in the URL")
    if url.fragment:
        yield problems.invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield problems.invalid(path, url.query, "query parameters are not permitted in the URL")


def validate_service(service: Object, path: str) -> Iterator[Problem]:
    for name in ("name", "namespace"):
        if not service.get(name):
            yield problems.required(f"{path}.{name}")
    port = service.get("port")
    if port is not None and not 1 <= port <= 65535:
        yield problems.invalid(f"{path}.port", port, f"port is not valid: {names.between(1, 65535)}")
    yield from _steps(str(service.get("path") or "/"), f"{path}.path")


def _steps(text: str, path: str) -> Iterator[Problem]:
    if text == "/":
        return
    if text == "//":
        yield problems.invalid(path, text, "segment[0] may not be empty")
        return
    if not text.startswith("/"):
        yield problems.invalid(path, text, "must start with a '/'")
    for index, step in enumerate(text[1:].removesuffix("/").split("/")):
        if not step:
            yield problems.invalid(path, text, f"segment[{index}] may not be empty")
            continue
        for wrong in names.dns_subdomain(step):
            yield problems.invalid(path, text, f"segment[{index}]: {wrong}")
