from __future__ import annotations

import pytest

from sampan_ingress.certificates import from_secret
from sampan_ingress.defaults import BadSetting, default_options, fallbacks_of
from sampan_ingress.model import Endpoint, LocationOptions
from sampan_ingress.settings import Settings


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"body_size": "lots"}, "plugins.ingress.body_size must be a size"),
        ({"trusted_proxies": ("10.0.0.1/8",)}, "plugins.ingress.trusted_proxies: 10.0.0.1/8 "),
        ({"leave_seconds": 6.0}, "plugins.ingress.leave_seconds must be 0 to 5 seconds"),
        ({"read_timeout": 0}, "plugins.ingress.read_timeout must be 1 to 86400 seconds"),
        ({"default_backend": "web"}, "plugins.ingress.default_backend must look like namespace/service:port"),
        ({"default_certificate": "x"}, "plugins.ingress.default_certificate must look like namespace/name"),
    ],
)
def test_wrong_settings_are_said(given, why):
    with pytest.raises(BadSetting, match=why):
        default_options(Settings(**given))


def test_settings_name_a_backend_and_a_certificate(made, default_certificate):
    secret = made.secret("own", *made.pair("own.org"))
    settings = Settings(default_backend="default/web:http", default_certificate="default/own", body_size="2m")

    found = fallbacks_of(settings, default_options(settings), made.seen(secrets=[secret]), default_certificate)

    assert found.backend.endpoints == (Endpoint("10.0.0.1", 8080),)
    assert found.certificate == from_secret(secret)
    assert found.options == LocationOptions(body_size=2 << 20)


def test_what_they_name_may_be_missing(made, default_certificate):
    settings = Settings(default_backend="default/gone:80", default_certificate="default/gone")

    found = fallbacks_of(settings, LocationOptions(), made.seen(), default_certificate)

    assert found.backend.endpoints == ()
    assert found.certificate == default_certificate
