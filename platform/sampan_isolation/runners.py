"""Threads that run one function at a time, with a deadline for the caller.

A function that misses its deadline is abandoned: an asynchronous exception is raised in its thread, which runs nothing
else afterwards. Python raises it between two bytecode instructions, so a loop ends at once, and a call into C when it
returns.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

IDLE = 10.0  # seconds without work until a thread ends
_FIRST, _LONGEST = 0.05, 5.0  # seconds between two attempts to end a thread


class Overdue(BaseException):
    """Raised inside a function that has missed its deadline. Not an Exception, so that it is rarely caught by
    mistake."""


class Late(Exception):
    """The function has missed its deadline."""


class _Task:
    __slots__ = ("abandoned", "done", "error", "finished", "function", "lock", "result", "started")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()
        self.lock = threading.Lock()
        self.started = self.finished = self.abandoned = False

    def run(self) -> None:
        with self.lock:
            if self.abandoned:  # its thread came to it too late: no caller waits for the answer
                return
            self.started = True
        try:
            self.result = self.function()
        except BaseException as error:
            self.error = error
        with self.lock:
            self.finished = True
        self.done.release()

    def wait(self, seconds: float) -> bool:
        """Whether it has finished; if not, it is abandoned from now on."""
        if self.done.acquire(timeout=seconds):
            return True
        with self.lock:
            self.abandoned = not self.finished
        return not self.abandoned


class _Runner(threading.Thread):
    def __init__(self, runners: Runners, name: str, *, once: bool) -> None:
        super().__init__(name=f"plugin {name}", daemon=True)
        self.inbox: SimpleQueue[_Task] = SimpleQueue()
        self._runners = runners
        self._once = once
        self.late: _Task | None = None  # the abandoned task

    def run(self) -> None:
        try:
            while (task := self._next()) is not None:
                task.run()
                if task.abandoned or self._once:
                    return
                del task  # it may hold large objects
                self._runners.idle(self)
        except Overdue:
            return  # raised between two functions

    def _next(self) -> _Task | None:
        try:
            return self.inbox.get(timeout=IDLE)
        except Empty:
            if self._runners.leave(self):
                return None
            return self.inbox.get()  # a caller has just taken this thread


class Runners:
    """All such threads of one process, started on demand."""

    def __init__(self) -> None:
        self._idle: list[_Runner] = []
        self._lock = threading.Lock()
        self._late: list[_Runner] = []
        self._ending = False

    def call(self, function: Callable[[], Any], seconds: float, name: str, *, once: bool = False) -> Any:
        """Returns or raises what the function does; raises Late at the deadline. ``once``: use a thread that ends
        afterwards, so that a process about to fork has no more threads than before."""
        task = _Task(function)
        runner = self._take(name, once=once)
        runner.inbox.put(task)
        if not task.wait(seconds):
            self._end(runner, task)
            raise Late
        if once:
            runner.join()
        if task.error is not None:
            raise task.error
        return task.result

    @property
    def abandoned_at_most(self) -> int:
        """As ``abandoned``, but without a lock; may count threads that have just ended."""
        return len(self._late)

    def abandoned(self) -> int:
        """Number of abandoned threads that have not ended yet."""
        with self._lock:
            self._late = [runner for runner in self._late if runner.is_alive()]
            return len(self._late)

    def idle(self, runner: _Runner) -> None:
        with self._lock:
            self._idle.append(runner)

    def leave(self, runner: _Runner) -> bool:
        with self._lock:
            if runner in self._idle:
                self._idle.remove(runner)
                return True
            return False

    def _take(self, name: str, *, once: bool) -> _Runner:
        if not once:
            with self._lock:
                if self._idle:
                    runner = self._idle.pop()
                    runner.name = f"plugin {name}"
                    return runner
        runner = _Runner(self, name, once=once)
        runner.start()
        return runner

    def _end(self, runner: _Runner, task: _Task) -> None:
        runner.late = task
        with self._lock:
            self._late.append(runner)
            start, self._ending = not self._ending, True
        _interrupt_task(runner)
        if start:
            threading.Thread(target=self._end_all, name="ending late plugins", daemon=True).start()

    def _end_all(self) -> None:
        """Raise the exception repeatedly: the function may catch everything, or be in C."""
        pause = _FIRST
        while True:
            time.sleep(pause)
            with self._lock:
                self._late = [runner for runner in self._late if runner.is_alive()]
                if not self._late:
                    self._ending = False
                    return
                late = list(self._late)
            for runner in late:
                _interrupt_task(runner)
            pause = min(pause * 2, _LONGEST)


def _interrupt_task(runner: _Runner) -> None:
    """Do nothing if the function has not begun or has ended: the exception would be raised in the interpreter's code
    that starts or ends threads, where it is not caught."""
    assert runner.late is not None
    with runner.late.lock:
        if runner.late.started and not runner.late.finished:
            interrupt(runner)


def interrupt(thread: threading.Thread) -> None:
    """Raise Overdue in another thread, as soon as that executes Python code."""
    if thread.ident is not None and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Overdue))
