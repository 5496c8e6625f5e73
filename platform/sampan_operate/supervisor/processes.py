"""The supervisor: forks the cluster's processes from one parent, restarts those that end, and stops all in order.

Because it forks after the imports, every process starts in milliseconds and shares the code's memory. So the parent has
exactly one thread and no connections. It sleeps until a child ends or a signal arrives.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  # each process would load it by itself, for its first connection
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sampan.errors import ConfigError, PluginError
from sampan_operate.supervisor import parent_death
from sampan_operate.supervisor.memory import limit_arenas, settle
from sampan_operate.supervisor.state import ProcessState, born, write_state

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
STEADY = 20.0  # seconds of running after which a process counts as healthy again
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
REFUSED = 4  # exit code of a process that has logged why it does not start; gunicorn's for the API server
STOP_TIMEOUT = 20.0  # seconds that a process has to stop before it is killed


@dataclass
class Process:
    """One child process; it runs ``main`` and ends with it."""

    name: str
    main: Callable[[], None]
    order: int = 0  # lower starts first and stops last
    components: list[str] = field(default_factory=list)
    fingerprint: str = ""  # of its settings: if it differs after SIGHUP, the process is restarted
    stop_seconds: float = 0.0  # how much longer than STOP_TIMEOUT it may take to end

    def is_as(self, other: Process) -> bool:
        return (self.components, self.fingerprint) == (other.components, other.fingerprint)


class Supervisor:
    """Runs processes until SIGTERM or SIGINT. ``reload`` is called on SIGHUP and returns the new processes; ``facts``
    are written to the state file."""

    def __init__(
        self, home: Path, processes: list[Process], *, reload: Callable[[], list[Process]] | None = None,
        facts: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:  # fmt: skip
        self._home = home
        self._processes = {process.name: process for process in processes}
        self._states = {p.name: ProcessState(p.name, components=p.components) for p in processes}
        self._reload = reload
        self._facts = facts
        self._due: dict[str, float] = {}  # monotonic time of the next start
        self._pause: dict[str, float] = {}
        self._wake_r, self._wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._stopping = False
        self._reloading = False
        self._reloads = 0  # number of handled SIGHUPs
        self._complaint = ""  # why the last SIGHUP changed nothing

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; then no child is left."""
        previous = signal.set_wakeup_fd(self._wake_w, warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        limit_arenas()
        settle()
        try:
            for process in sorted(self._processes.values(), key=lambda process: process.order):
                self._start(process)
            while not self._stopping:
                self._sleep()
                self._reap()
                if self._reloading:
                    self._apply_reload()
                self._start_due()
            self._save()  # that this is the end: a node agent ends its pods then, and not where it is only replaced
            self._stop_all(sorted(self._processes.values(), key=lambda process: -process.order))
        finally:
            signal.set_wakeup_fd(previous)
            self._save()

    def _on_signal(self, number: int, frame: object) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stopping = True
        elif number == signal.SIGHUP:
            self._reloading = True

    def _sleep(self) -> None:
        timeout = max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None
        select.select([self._wake_r], [], [], timeout)
        try:
            while os.read(self._wake_r, 512):
                pass
        except BlockingIOError:
            pass

    def _start(self, process: Process) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # block signals until the child has its own handlers: the parent's handlers would run in the child
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(process, before, parent)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        state = self._states[process.name]
        state.pid, state.born, state.started, state.status = pid, born(pid), time.time(), "running"
        log.info("started %s (pid %d)", process.name, pid)
        self._save()

    def _become(self, process: Process, mask: Iterable[int], parent: int) -> None:
        """Runs in the child after the fork; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(self._wake_r)
            os.close(self._wake_w)
            parent_death.request_signal(parent, signal.SIGTERM)
            _name_process(process.name)
            process.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except (ConfigError, PluginError) as error:
            log.error("%s does not start: %s", process.name, error)
            code = REFUSED
        except BaseException:
            log.exception("%s failed", process.name)
        finally:
            logging.shutdown()
            os._exit(code)

    def _reap(self) -> None:
        for state in self._states.values():
            if state.pid and (status := _ended(state.pid)) is not None:
                lived = time.time() - state.started
                state.pid, state.exit, state.status = 0, _in_words(status), "waiting"
                if state.name not in self._processes:
                    state.status = "stopped"
                    continue
                pause = (
                    FIRST_PAUSE
                    if lived > STEADY
                    else min(self._pause.get(state.name, FIRST_PAUSE / 2) * 2, LONGEST_PAUSE)
                )
                if os.WIFEXITED(status) and os.WEXITSTATUS(status) == REFUSED:
                    state.status, pause = "refused", LONGEST_PAUSE  # an early retry would fail too
                self._pause[state.name] = pause
                self._due[state.name] = time.monotonic() + pause
                log.warning("%s %s; restarting it in %.1f s", state.name, state.exit, pause)
                self._save()

    def _start_due(self) -> None:
        now = time.monotonic()
        for name in [name for name, due in self._due.items() if due <= now]:
            del self._due[name]
            self._states[name].restarts += 1
            self._start(self._processes[name])

    def _apply_reload(self) -> None:
        self._reloading = False
        if self._reload is None:
            return
        try:
            wanted = {process.name: process for process in self._reload()}
        except Exception as error:
            log.exception("the configuration cannot be applied; everything stays as it is")
            self._reloads, self._complaint = self._reloads + 1, str(error)
            self._save()
            return
        gone = [
            process
            for name, process in self._processes.items()
            if name not in wanted or not wanted[name].is_as(process)
        ]
        self._stop_all(gone)
        for process in gone:
            del self._processes[process.name], self._states[process.name]
            self._due.pop(process.name, None)
        for name, process in wanted.items():
            if name not in self._processes:
                self._processes[name] = process
                self._states[name] = ProcessState(name, components=process.components)
                self._start(process)
        self._reloads, self._complaint = self._reloads + 1, ""
        self._save()

    def _stop_all(self, processes: list[Process]) -> None:
        """Send TERM to the processes of one order after the other, and KILL to those that do not end in time."""
        for order in sorted({process.order for process in processes}, reverse=True):
            of_order = [process for process in processes if process.order == order]
            group = [self._states[process.name] for process in of_order]
            for state in group:
                if state.pid:
                    os.kill(state.pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_TIMEOUT + max(process.stop_seconds for process in of_order)
            while any(state.pid for state in group):
                for state in group:
                    if state.pid and (status := _ended(state.pid)) is not None:
                        state.pid, state.exit, state.status = 0, _in_words(status), "stopped"
                    elif state.pid and time.monotonic() > deadline:
                        log.warning("%s does not stop; killing it", state.name)
                        os.kill(state.pid, signal.SIGKILL)
                        os.waitpid(state.pid, 0)
                        state.pid, state.exit, state.status = 0, "killed", "stopped"
                time.sleep(0.01)

    def _save(self) -> None:
        facts = {
            "reloads": self._reloads, "complaint": self._complaint, "stopping": self._stopping,
            "stop_seconds": sum(process.stop_seconds for process in self._processes.values()), **self._facts(),
        }  # fmt: skip
        try:
            write_state(self._home, os.getpid(), list(self._states.values()), **facts)
        except OSError as error:  # for example a full disk; the processes must go on
            log.error("the state file for `sampan status` cannot be written: %s", error)


def _ended(pid: int) -> int | None:
    """The wait status of a child that has ended, else None."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if found else None


def _in_words(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with code {os.WEXITSTATUS(status)}"


def _name_process(name: str) -> None:
    """Set the name that ps and top show; no effect on other systems than Linux."""
    try:
        Path("/proc/self/comm").write_text(f"sampan-{name}"[:15])
    except OSError:
        log.debug("cannot name the process")
