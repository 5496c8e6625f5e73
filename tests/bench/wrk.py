"""The load generator ``wrk`` (Debian package wrk): how many requests a server answers in a second."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from typing import Any

from api import Api

SCRIPT = """
local id = 0
function setup(thread) thread:set("tid", id); id = id + 1 end
local n = 0
%(headers)s
local body = [==[%(body)s]==]
request = function()
  n = n + 1
  local name = "%(prefix)s-" .. tid .. "-" .. n
  local b = body:gsub("NAME", name):gsub("SHARD", tostring(n %% 100))
  local path = ("%(path)s"):gsub("IDX", tostring(n %% 200))
  return wrk.format("%(method)s", path, nil, (#b > 0) and b or nil)
end
"""


def per_second(
    api: Api,
    path: str,
    *,
    seconds: int,
    connections: int,
    method: str = "GET",
    body: Any = None,
    prefix: str = "x",
    content_type: str = "application/json",
) -> float:
    """Requests answered with 2xx a second. IDX in the path counts to 200; NAME and SHARD in the body vary."""
    headers = {**api.headers, "Content-Type": content_type}
    script = SCRIPT % {
        "headers": "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()),
        "body": "" if body is None else json.dumps(body), "path": path, "method": method, "prefix": prefix,
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", file.name, api.url]
        try:
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except FileNotFoundError:
            raise SystemExit("wrk is missing: install Debian's package of that name") from None
    total, rate = _number(r"(\d+) requests in", text), _number(r"Requests/sec:\s+([\d.]+)", text)
    failed = _number(r"Non-2xx or 3xx responses: (\d+)", text)
    return rate * (total - failed) / total if total else 0.0


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0
