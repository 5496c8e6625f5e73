"""A real PostgreSQL for tests: a folder of its own, a unix socket and no port, not run by root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 120.0
MISSING = "no PostgreSQL on this machine; tools/install-test-needs installs Debian's"
HOMES = "/usr/lib/postgresql"  # where Debian has the programs, a folder for each version


def program(name: str) -> str:
    found = shutil.which(name)
    if found:
        return found
    homes = sorted(Path(HOMES).glob(f"*/bin/{name}"))
    assert homes, MISSING
    return str(homes[-1])


class Postgres:
    """One server, database ``postgres``, everybody on this machine trusted by its socket's folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sampan-pg-"))  # short: a socket's path has 108 bytes
        self.process: subprocess.Popen[bytes] | None = None
        self._who: dict[str, object] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        subprocess.run(
            [program("initdb"), "--pgdata", str(self.data), "--username", "sampan", "--auth", "trust", "--encoding",
             "UTF8", "--no-locale", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self._who,
        )  # fmt: skip

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://sampan@/postgres?host={self.folder}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", str(self.data), "-c", "listen_addresses=", "-c",
                 f"unix_socket_directories={self.folder}", "-c", "fsync=off", "-c", "max_connections=200"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, **self._who,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while subprocess.run([program("pg_isready"), "-q", "-h", str(self.folder)], check=False).returncode:
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: at once and orderly; SIGQUIT: as in a crash."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(90)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
