"""Files that a page shows and examples/ holds are the same."""

from __future__ import annotations

import re


def shown(text):
    """The page's code blocks by the path in their first line."""
    found = re.findall(r"^```\w+\n(# (/\S+)\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return {path: code for code, path in found}


def test_the_files_behind_nginx_are_those_of_the_page(root):
    page = shown((root / "docs" / "behind-nginx.md").read_text())
    folder = root / "examples" / "nginx"

    for path, name in (
        ("/etc/sampan/gunicorn.conf.py", "gunicorn.conf.py"),
        ("/etc/nginx/conf.d/sampan.conf", "conf.d/sampan.conf"),
        ("/etc/nginx/sampan-pass.conf", "sampan-pass.conf"),
    ):
        assert (folder / name).read_text() == page[path], name
