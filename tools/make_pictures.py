"""Draws docs/pictures/: the three planks with what is in them, the processes, and `make up` as README quotes it.

Run it after a plugin or an add-on has come or gone, or README's transcript has changed; a style test compares.
"""

from __future__ import annotations

import configparser
import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
SANS = 'font-family="ui-sans-serif, system-ui, DejaVu Sans, sans-serif"'
MONO = 'font-family="ui-monospace, DejaVu Sans Mono, monospace"'
WIDTH = 920
CLIENTS = ("kubectl", "helm", "client libraries", "operators", "Prometheus", "nginx in front")
CORE = (
    "API server: Falcon, gunicorn", "watch cache", "reconciler's shell", "client", "hooks and contracts", "supervisor",
    "the sampan command",
)  # fmt: skip


def entry_points(group: str) -> list[str]:
    """The names that setup.cfg gives to a group of plugins."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    lines = parser["options.entry_points"][group].split("\n")
    return [line.partition("=")[0].strip() for line in lines if "=" in line]


def text(x: float, y: float, words: str, size: float, colour: str, rest: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" {rest}>{escape(words)}</text>'


def chips(names: list[str] | tuple[str, ...], x: float, y: float, width: float, ink: str) -> tuple[list[str], float]:
    """Rounded labels in rows; the drawing and the y below the last row."""
    drawn, left, top = [], x, y
    for name in names:
        wide = len(name) * 7.7 + 20
        if left + wide > x + width:
            left, top = x, top + 30
        drawn.append(
            f'<rect x="{left:.0f}" y="{top:.0f}" width="{wide:.0f}" height="23" rx="11" '
            'fill="#fff" fill-opacity=".88"/>'
        )
        drawn.append(text(left + wide / 2, top + 16, name, 13, ink, 'text-anchor="middle"'))
        left += wide + 7
    return drawn, top + 23


def plank(y: float, inset: float, colour: str, ink: str, name: str, words: str, names: list[str]) -> tuple[str, float]:
    """One plank of the boat; the drawing and the y of its lower edge."""
    labels, below = chips(names, inset + 46, y + 48, WIDTH - 2 * inset - 92, ink)
    tall = below + 20 - y
    hull = (
        f'<path d="M{inset} {y} H{WIDTH - inset} q-10 {tall * 0.75:.0f} -34 {tall:.0f} '
        f'H{inset + 34} q-24 -{tall * 0.25:.0f} -34 -{tall:.0f}z" fill="{colour}"/>'
    )
    title = text(inset + 46, y + 32, name, 20, "#fff", f'font-weight="700" {MONO}')
    about = text(inset + 60 + len(name) * 12.3, y + 31, words, 14.5, "#fff")
    return "\n".join([hull, title, about, *labels]), y + tall


def planks() -> str:
    drawn = [text(40, 42, "unchanged clients of Kubernetes v1.36", 15, "#555")]
    x = 40.0
    for name in CLIENTS:
        wide = len(name) * 8 + 26
        drawn.append(
            f'<rect x="{x:.0f}" y="54" width="{wide}" height="30" rx="6" fill="none" stroke="#8a8578"/>'
            + text(x + wide / 2, 74, name, 14, "#3b3a36", 'text-anchor="middle"')
        )
        x += wide + 10
    drawn.append('<path d="M460 90v20" stroke="#8a8578" stroke-width="2"/><path d="m454 108 6 9 6-9z" fill="#8a8578"/>')
    drawn.append(text(474, 108, "HTTPS, the Kubernetes API", 13, "#555"))
    y = 124.0
    for inset, colour, ink, name, words, names in (
        (20, "#b5652b", "#7d4217", "addons/", "what a cluster offers: API clients, here or on any Kubernetes",
         [*entry_points("sampan.addons"), "… and yours"]),
        (44, "#2f6f73", "#1d4a4d", "plugins/", "what the cluster is: a vertical slice each, loaded through pluggy",
         [*entry_points("sampan.plugins"), "… and yours"]),
        (68, "#34405e", "#232c44", "platform/", "a minimal core: it knows that there are kinds, and none by name",
         list(CORE)),
    ):  # fmt: skip
        one, y = plank(y, inset, colour, ink, name, words, names)
        drawn.append(one)
        y += 10
    return picture(y + 14, "#f7f5f0", "The three planks: add-ons over plugins over the platform", drawn)


def box(x: float, y: float, width: float, height: float, title: str, lines: list[str], colour: str) -> str:
    """A titled box with one line of text for each entry."""
    drawn = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="#fff" stroke="{colour}"/>',
        text(x + 12, y + 22, title, 14, colour, f'font-weight="700" {MONO}'),
    ]
    drawn += [text(x + 12, y + 43 + 18 * place, line, 12.5, "#3b3a36") for place, line in enumerate(lines)]
    return "\n".join(drawn)


def process(x: float, y: float, width: float, height: float, title: str, colour: str) -> str:
    """The ground of a process, with its name."""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="12" fill="{colour}"/>'
        + text(x + 16, y + 24, title, 15, "#fff", 'font-weight="700"')
    )  # fmt: skip


def arrow(points: str, head: str, words: str, x: float, y: float, rest: str = "") -> str:
    """A line through ``points`` (a path) with an arrow head (a path) and its label."""
    line = f'<path d="{points}" fill="none" stroke="#8a8578" stroke-width="2"/><path d="{head}" fill="#8a8578"/>'
    return line + (text(x, y, words, 12, "#555", rest) if words else "")


def architecture() -> str:
    """The processes of a cluster, the threads in them, and what passes between them."""
    server, control, node, addon = "#34405e", "#2f6f73", "#5b6f3a", "#b5652b"
    drawn = [
        text(460, 26, "kubectl, helm, client libraries, nginx in front", 14, "#3b3a36", 'text-anchor="middle"'),
        arrow("M460 34v26", "m454 58 6 9 6-9z", "HTTPS, the Kubernetes API", 474, 54),
        process(20, 70, 880, 218, "process apiserver (one gunicorn worker; several share a store)", server),
        box(40, 106, 212, 126, "event loop, 1 thread", [
            "HTTP, TLS, the request chain", "GET and LIST from the cache", "writes, up to the commit",
            "fan-out of watch events", "never blocks",
        ], server),
        box(312, 106, 166, 126, "pool, on demand", [
            "log, exec, proxy", "third-party code", "large bodies", "512 and 4 threads", "may block",
        ], server),
        box(514, 106, 166, 126, "watch cache", [
            "1 thread: applies", "commits in the order of", "revisions, notes events", "for watchers, resumes",
            "what waits for them",
        ], server),
        box(716, 106, 166, 126, "store", [
            "SQLite: 1 writer, with", "one disk flush for up", "to 256 commits;", "or etcd, PostgreSQL", "or memory",
        ], server),
        arrow("M252 150h52", "m302 144 9 6-9 6z", "offload", 258, 143, 'fill-opacity=".9"').replace("#555", "#fff"),
        arrow("M716 150h-28", "m690 144-9 6 9 6z", "feed", 684, 139).replace("#555", "#fff"),
        arrow("M110 232v40h689v-30", "m793 243 6-9 6 9z", "submit a commit", 380, 267).replace("#555", "#fff"),
        arrow("M597 232v20h-411v-10", "m180 243 6-9 6 9z", "wake", 380, 247).replace("#555", "#fff"),
        arrow("M150 340v-42", "m144 300 6-9 6 9z", "", 0, 0),
        text(164, 318, "watches and writes, each component with its own certificate and role", 12, "#555"),
        '<path d="M460 340v-12h-310m310 0h310v12" fill="none" stroke="#8a8578" stroke-width="2"/>',
        process(20, 340, 280, 216, "process control", control),
        box(36, 374, 248, 72, "reconcilers", ["1 thread follows all watches", "4 workers decide and write"], control),
        box(36, 454, 248, 90, "scheduler", ["1 thread decides, under one lock", "16 threads write bindings",
                                            "leader by a Lease"], control),
        process(320, 340, 280, 216, "process node", node),
        box(336, 374, 248, 104, "node agent", ["1 thread a pod while it has work", "1 for the runtime's events",
                                               "16 at most for probes", "kubelet's API: 1 a connection"], node),
        box(336, 488, 248, 56, "service proxy", ["1 thread programs nftables"], node),
        process(620, 340, 280, 216, "a process for each add-on", addon),
        box(636, 374, 248, 104, "logging", ["1 thread reads all logs", "1 writes the spool (fsync)",
                                            "1 sends to Elasticsearch"], addon),
        box(636, 488, 248, 56, "dns · ingress · metrics", ["API clients too"], addon),
        arrow("M460 556v20", "m454 572 6 9 6-9z", "", 0, 0),
        text(460, 600, "runtime: Docker, or host processes", 13, "#3b3a36", 'text-anchor="middle"'),
        arrow("M760 556v20", "m754 572 6 9 6-9z", "", 0, 0),
        text(760, 600, "Elasticsearch", 13, "#3b3a36", 'text-anchor="middle"'),
    ]  # fmt: skip
    return picture(618, "#f7f5f0", "The processes of a cluster, their threads, and what passes between them", drawn)


def transcript() -> str:
    """README's `make up`, as a terminal."""
    lines = re.search(r"```\n(\$ make up\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert lines, "README no longer quotes `make up`"
    drawn = [f'<circle cx="{22 + 18 * i}" cy="20" r="6" fill="#5b6270"/>' for i in range(3)]
    y = 56.0
    for line in lines[1].rstrip().split("\n"):
        colour = "#9fd3a8" if line.startswith("$") else "#e6e3da"
        drawn.append(text(24, y, line, 14.5, colour, f'xml:space="preserve" {MONO}'))
        y += 22
    return picture(y + 4, "#232c44", "A terminal: make up starts a cluster in a second", drawn)


def picture(height: float, ground: str, label: str, drawn: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" {SANS} role="img"'
    ground = f'<rect width="{WIDTH}" height="{height:.0f}" rx="14" fill="{ground}"/>'
    return "\n".join([f'{head} aria-label="{label}">', ground, *drawn, "</svg>", ""])


def draw() -> dict[str, str]:
    """File name → SVG."""
    return {"planks.svg": planks(), "architecture.svg": architecture(), "up.svg": transcript()}


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, svg in draw().items():
        (PICTURES / name).write_text(svg)
