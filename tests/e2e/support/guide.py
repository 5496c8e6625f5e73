"""Running the commands of a document as its reader would: in order, in one shell, in a copy of this checkout.

A document's fenced ``sh`` blocks are the commands. A block after ``<!-- test: skip, because … -->`` is left out; the
reason must be there. What a reader has and a test has not is given by ``replace``: text of the document → text to run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"(?:<!-- test: skip, because (?P<why>[^>]+) -->\n)?```sh\n(?P<code>.*?)```", re.DOTALL)


def blocks(text: str) -> list[str]:
    """The commands that are to be run, block by block."""
    return [match["code"] for match in BLOCK.finditer(text) if not match["why"]]


def script(text: str, replace: Mapping[str, str] = {}) -> str:
    """All blocks as one shell script that stops at the first command that fails; every replacement must be used."""
    code = "\n".join(blocks(text))
    for old, new in replace.items():
        assert old in code, f"the document no longer says {old!r}"
        code = code.replace(old, new)
    return f"set -eEuo pipefail\ntrap 'echo \"FAILED: $BASH_COMMAND\" >&2' ERR\nset -v\n{code}"


def checkout(folder: Path) -> Path:
    """A copy of what git would give, with a virtual environment that has everything ours has and its own packages."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, names.decode().split("\0")):
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    environment(folder / ".venv")
    return folder


def environment(folder: Path) -> Path:
    """A virtual environment over this one: what is installed into it stays in it. Made in 0.1 s, without network."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "below.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for name, module, call in (
        ("pip", "pip._internal.cli.main", "main"),
        ("sampan", "sampan_operate.cli", "main"),
        ("gunicorn", "gunicorn.app.wsgiapp", "run"),
    ):
        path = folder / "bin" / name
        path.write_text(f"#!{folder}/bin/python\nimport sys\nfrom {module} import {call}\nsys.exit({call}())\n")
        path.chmod(0o755)
    for name in ("ready", "dev"):  # make finds it installed
        (folder / name).touch()
    return folder


def run(code: str, folder: Path, home: Path, tools: Path, *, timeout: float = 1500) -> str:
    """The script's output, input and errors together; an AssertionError that ends with it when a command failed."""
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("SAMPAN_", "KUBE"))},
        "HOME": str(home), "PATH": f"{folder}/.venv/bin:{tools}:{os.environ['PATH']}",
        "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", code], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout
