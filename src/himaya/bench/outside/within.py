"""Code of a file that is not ours, run under a time limit; every failure names the file and its line."""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
from contextlib import redirect_stdout
from types import FrameType, TracebackType
from typing import Any, Self

from himaya.core.errors import HimayaError, InputError

#: Wall-clock seconds that loading a file, or one step of an attacker, may take.
LIMIT_S = 10.0

#: The alarm rings again at this distance: a bare `except` in the file may swallow the first one.
_AGAIN_S = 0.05
_LONGEST_TEXT = 300


class _TooLongError(BaseException):
    """Raised inside the file's code when its time is up; no `except Exception` of the file catches it."""


class Within:
    """A context for one piece of code of a file: loading it, a step of `work`, a call of `visits`.

    Raises InputError for whatever the code raises (KeyboardInterrupt passes), and when it takes more than `limit_s`
    wall-clock seconds; `line` is named where no line of the file was running. The limit holds in the main
    thread, where signals arrive; code that never returns to Python (one huge multiplication) cannot be stopped. What
    the code prints goes to standard error, so that results on standard output stay whole.
    """

    def __init__(self, file: str, what: str, line: int = 0, limit_s: float = LIMIT_S) -> None:
        """Take the file's name as tracebacks show it, and what the code is in words."""
        self._file, self._what, self._line, self._limit_s = file, what, line, limit_s
        self._hung_at = -1
        self._left = False
        self._armed = False
        self._before: Any = None
        self._timer = (0.0, 0.0)
        self._began = 0.0
        self._printing = redirect_stdout(sys.stderr)

    def __enter__(self) -> Self:
        self._printing.__enter__()
        if threading.current_thread() is threading.main_thread():
            self._armed = True
            self._began = time.monotonic()
            self._before = signal.signal(signal.SIGALRM, self._ring)
            self._timer = signal.setitimer(signal.ITIMER_REAL, self._limit_s, _AGAIN_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = True
        self._disarm()
        self._printing.__exit__(kind, problem, trace)
        if self._hung_at >= 0:
            words = f"{self._what} was still busy after {self._limit_s:g} s: it loops or waits"
            raise InputError(words, file=self._file, line=self._hung_at) from None
        if kind is None or problem is None or issubclass(kind, KeyboardInterrupt):
            return
        raise self._told(kind, problem, trace) from None

    def _ring(self, _: int, frame: FrameType | None) -> None:
        """Interrupt the file's code, and nothing else: an alarm may arrive when it has just ended."""
        line = _line_of_frames(self._file, frame)
        if self._left or (not line and self._hung_at >= 0):
            return
        if self._hung_at < 0:
            self._hung_at = line or self._line
        raise _TooLongError

    def _disarm(self) -> None:
        """Put back the alarm of whoever runs us, with the time that is left of it."""
        if not self._armed:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        seconds, again = self._timer
        if seconds:
            left = max(0.001, seconds - (time.monotonic() - self._began))
            signal.setitimer(signal.ITIMER_REAL, left, again)

    def _told(
        self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None
    ) -> InputError:
        if isinstance(problem, SyntaxError) and problem.filename == self._file:
            words = f"this is no Python: {problem.msg}"
            return InputError(words, file=self._file, line=problem.lineno or 0)
        line = _line_of_trace(self._file, trace) or self._line
        text = traceback.format_exception_only(kind, problem)[-1].strip()
        if isinstance(problem, HimayaError):
            text = str(problem)
        words = f"{self._what} failed: {text[:_LONGEST_TEXT]}"
        return InputError(words, file=self._file, line=line)


class Blame:
    """A context for our own code that works on what a file's code left behind: a hand, an operation, a world.

    Such code may fail anywhere, with anything, when a hand has no client any more. Raises InputError naming the file,
    and its innermost line in the traceback or else `line`, for whatever is raised. KeyboardInterrupt, errors that name
    a file, and errors of ours that are about something else than input pass as they are.
    """

    __slots__ = ("_file", "_line", "_what")

    def __init__(self, file: str, what: str, line: int = 0) -> None:
        """Take the file's name as tracebacks show it, and whose doing it was in words."""
        self._file, self._what, self._line = file, what, line

    def __enter__(self) -> None:
        """Nothing is needed."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # This looks at every class of exception, because foreign code decides which one our own code runs into.
        if kind is None or problem is None or isinstance(problem, KeyboardInterrupt):
            return
        if isinstance(problem, HimayaError) and (
            not isinstance(problem, InputError) or problem.file
        ):
            return
        text = traceback.format_exception_only(kind, problem)[-1].strip()
        if isinstance(problem, InputError):
            text = str(problem)
        line = _line_of_trace(self._file, trace) or self._line
        words = f"{self._what} left something that cannot be used: {text[:_LONGEST_TEXT]}"
        raise InputError(words, file=self._file, line=line) from None


def _line_of_frames(file: str, frame: FrameType | None) -> int:
    """Return the line of the file that is running, the innermost one; 0 when none is."""
    while frame is not None:
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        frame = frame.f_back
    return 0


def _line_of_trace(file: str, trace: TracebackType | None) -> int:
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def line_of_generator(file: str, work: object) -> int:
    """Return the line at which a generator stands in a file, the innermost of `yield from`; 0 when in none."""
    line = 0
    for _ in range(100):
        frame = getattr(work, "gi_frame", None)
        if frame is None:
            break
        if frame.f_code.co_filename == file:
            line = frame.f_lineno
        work = getattr(work, "gi_yieldfrom", None)
    return line
