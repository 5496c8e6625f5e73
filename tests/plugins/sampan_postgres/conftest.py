"""A real PostgreSQL for the whole session; each test has a schema of its own in it."""

from __future__ import annotations

import itertools

import pytest
from postgreses import Postgres

from sampan_postgres.options import Options, read_url

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def options(postgres) -> Options:
    return read_url(f"{postgres.url}&schema=test_{next(_numbers)}")
