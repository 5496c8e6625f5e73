from __future__ import annotations

from typing import Any


def test_the_root_lists_discovery_health_and_what_else_is_served(api: Any) -> None:
    answer = api.get("/")

    paths = answer.json["paths"]
    assert answer.status_code == 200 and paths == sorted(paths)
    for path in ("/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/metrics", "/openapi/v3", "/version"):
        assert path in paths
    for path in paths:
        assert api.get(path).status_code in (200, 406), path  # 406: a form that must be asked for


def test_other_paths_are_not_the_root(api: Any) -> None:
    assert api.get("//").status_code == 404
    assert api.post("/", {}).status_code == 405
