"""An issuer with a key of its own, and configurations that name it."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

import sampan_pki as pki
from sampan_auth.oidc.configuration import read_configuration

HEAD = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}


def authenticator(url="https://issuer.example", **more):
    """One of ``jwt``."""
    return {
        "issuer": {"url": url, "audiences": ["us"], **more.pop("issuer", {})},
        "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}, **more.pop("mappings", {})},
        **more,
    }


@pytest.fixture
def issuer_of():
    def build(**more):
        (found,) = read_configuration(
            yaml.safe_dump({**HEAD, "jwt": [authenticator(**more)]}).encode(), "auth.yaml", []
        )
        return found

    return build


@pytest.fixture
def text_of():
    return lambda *found, **more: yaml.safe_dump({**HEAD, "jwt": list(found), **more}).encode()


@pytest.fixture
def authenticator_of():
    return authenticator


class LocalIssuer:
    """A real issuer on loopback, over TLS."""

    def __init__(self, folder):
        pki.ensure(folder)
        self.authority = (folder / "ca.crt").read_text()
        self.keys = {}
        self.rotate("first")
        self.asked, self.bearers, self.sources = [], [], {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                issuer.bearers.append(self.headers.get("Authorization"))
                found = issuer.answer(self.path)
                body = found.encode() if isinstance(found, str) else json.dumps(found).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def rotate(self, key_id):
        self.key_id, self.key = key_id, ec.generate_private_key(ec.SECP256R1())
        public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.keys = {"keys": [{**public, "kid": key_id, "use": "sig", "alg": "ES256"}]}

    def answer(self, path):
        if path == "/keys":
            return self.keys
        if path.startswith("/claims"):
            return self.sources.get(path)
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def token(self, **claims):
        now = int(time.time())
        said = {"iss": self.url, "aud": "us", "sub": "jane", "exp": now + 600, **claims}
        return jwt.encode(said, self.key, algorithm="ES256", headers={"kid": self.key_id})

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def local_issuer(tmp_path):
    found = LocalIssuer(tmp_path / "issuer")
    yield found
    found.close()
