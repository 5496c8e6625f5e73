"""Connections from the API server to a pod's node agent: which agent, and the two kinds of requests to it.

``fetch`` is for answers (logs), ``tunnel`` for upgraded connections (exec, attach, port-forward), which are passed on
byte for byte once the agent has agreed. Must not know how the agent runs pods.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer, Call
from sampan.errors import BadRequest, InternalError, NotFound, ServiceUnavailable, StatusError, from_status
from sampan_forwarding.forwarding import body_of
from sampan_forwarding.splicing import keep_alive, splice
from sampan_machinery.resources import NODES
from sampan_podspec.containers import walk

CONNECT_SECONDS = 10.0
CHUNK = 65536


@lru_cache(maxsize=4)
def _tls(pki: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=f"{pki}/ca.crt")
    context.load_cert_chain(f"{pki}/apiserver-kubelet-client.crt", f"{pki}/apiserver-kubelet-client.key")
    context.check_hostname = False  # agents are known by our CA; their addresses change
    return context


def agent_address(call: Call, node_name: str) -> tuple[str, int]:
    """Host and port of the agent of that node; raises a StatusError in words."""
    node = call.cluster.get(NODES, node_name)
    if node is None:
        raise NotFound(f'nodes "{node_name}" not found', kind="nodes", name=node_name)
    status = node.get("status") or {}
    addresses = {a.get("type"): a.get("address") for a in status.get("addresses") or ()}
    host = addresses.get("InternalIP") or addresses.get("Hostname")
    port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port")
    if not host or not port:
        raise ServiceUnavailable(f"node {node_name} has not said where its agent listens")
    return host, int(port)


def chosen_container(pod: Object, wanted: str, kind: str) -> str:
    """The container meant: the one named, or the only one. ``kind`` ends the sentence that asks for a choice."""
    names = [container["name"] for _, container in walk(pod["spec"])]
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in names:
            raise BadRequest(f"container {wanted} is not valid for pod {name}")
        return wanted
    main = [container["name"] for container in pod["spec"]["containers"]]
    if len(main) == 1:
        return str(main[0])
    inits = [container["name"] for container in pod["spec"].get("initContainers") or ()]
    choice = f"[{' '.join(main)}]" + (f" or one of the init containers: [{' '.join(inits)}]" if inits else "")
    raise BadRequest(f"a container name must be specified for pod {name}, choose one of: {choice}")


def scheduled_node(pod: Object) -> str:
    """The pod's node; raises BadRequest when it has none."""
    node = pod["spec"].get("nodeName")
    if not node:
        raise BadRequest(f"pod {pod['metadata']['name']} does not have a host assigned")
    return str(node)


def connect(call: Call, pki: str, node_name: str) -> socket.socket:
    """A TLS connection to the node's agent."""
    host, port = agent_address(call, node_name)
    try:
        raw = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
        secure = _tls(pki).wrap_socket(raw, server_hostname=host)
    except OSError as error:
        raise ServiceUnavailable(
            f"the agent of node {node_name} at {host}:{port} cannot be reached: {error}"
        ) from error
    secure.settimeout(None)
    keep_alive(secure)
    return secure


def fetch(call: Call, pki: str, node_name: str, path: str, query: dict[str, str]) -> Answer:
    """GET from the agent; its body is passed on as it comes."""
    connection = http.client.HTTPConnection("agent")
    connection.sock = connect(call, pki, node_name)
    try:
        connection.request("GET", f"{path}?{urlencode(query)}", headers={"Host": node_name})
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise ServiceUnavailable(f"the agent of node {node_name} ended the conversation: {error}") from error
    if response.status >= 400:
        text = response.read(CHUNK).decode(errors="replace").strip()
        connection.close()
        raise _agent_error(response.status, text)
    kind = response.getheader("Content-Type") or "text/plain"
    return Answer(200, body_of(connection, response), kind)


def _agent_error(status: int, text: str) -> StatusError:
    known = from_status(status, {"message": text})
    return InternalError(text) if isinstance(known, InternalError) else known


def tunnel(call: Call, pki: str, node_name: str, path: str, query: list[tuple[str, str]]) -> Any:
    """Upgrade at the agent as the client asked us to, then pass bytes both ways until either side ends."""
    if not call.headers.get("upgrade"):
        raise BadRequest("unable to upgrade: the request has no Upgrade header")
    agent = connect(call, pki, node_name)
    try:
        head = _ask_upgrade(call, agent, f"{path}?{urlencode(query)}", node_name)
    except BaseException:
        agent.close()
        raise
    client = call.takeover(head)
    try:
        splice(client, agent)
    finally:
        agent.close()
        client.close()
    return None


def _ask_upgrade(call: Call, agent: socket.socket, target: str, host: str) -> bytes:
    passed = ("upgrade", "connection", "origin", "x-stream-protocol-version")
    headers = {
        name: value for name, value in call.headers.items() if name in passed or name.startswith("sec-websocket-")
    }
    lines = [
        f"{call.method} {target} HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    agent.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
    head = b""
    while b"\r\n\r\n" not in head:
        data = agent.recv(CHUNK)
        if not data or len(head) > CHUNK:
            raise ServiceUnavailable(f"the agent of node {host} ended the conversation")
        head += data
    status = int(head.split(b" ", 2)[1])
    if status != 101:
        text = head.partition(b"\r\n\r\n")[2].decode(errors="replace")
        raise _agent_error(status, text or f"the agent answered {status}")
    return head
