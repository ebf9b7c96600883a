"""Long work says that it goes on: in Jupyter and at an interactive prompt by itself, in a script never.

Nothing is shown before a second has passed, and one thing at a time: work inside work is counted by the outer one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from html import escape
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from eco.phrases import WORDS, Phrase

PATIENCE_S = 1.0  # what ends sooner shows nothing
_EVERY_S = 0.25
_SHOWN: ContextVar[bool] = ContextVar("work is shown", default=False)


@dataclass
class Wait:
    """How far a piece of work is: `count(done, of)` of its parts, `at(words)` the part it is at."""

    label: Phrase
    part: Phrase = field(default_factory=lambda: Phrase("", ""))
    done: float = 0
    of: float = 0
    begun: float = field(default_factory=monotonic)

    def count(self, done: float, of: float) -> None:
        """So much is done of so much."""
        self.done, self.of = done, of

    def at(self, part: Phrase) -> None:
        """The name of the part that comes now."""
        self.part = part

    @property
    def words(self) -> str:
        """What is being done, in both languages."""
        return " ".join(filter(None, (self.label.zh, self.part.zh, self.label.en, self.part.en)))

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return monotonic() - self.begun

    @property
    def share(self) -> float | None:
        """The part that is done, 0 to 1; None where nobody counts."""
        return min(self.done / self.of, 1.0) if self.of else None


class _Display(Protocol):
    def draw(self, wait: Wait) -> None:
        """Show how far the work is."""

    def close(self, wait: Wait) -> None:
        """Show that it has ended."""


@contextmanager
def waiting(key: str) -> Iterator[Wait]:
    """Shows the work of a word of the catalogue while the block (or the function it stands before) runs.

    Yields the `Wait` that is told how far the work is; nobody need look at it. Shows nothing in a script, in a
    test, in the first second, or inside other work that is shown.
    """
    wait = Wait(WORDS[key])
    opened = None if _SHOWN.get() else _place()
    if opened is None:
        yield wait
        return
    token, ended = _SHOWN.set(True), Event()
    watcher = Thread(target=copy_context().run, args=(_watch, wait, opened, ended), daemon=True)
    watcher.start()
    try:
        yield wait
    finally:
        ended.set()
        watcher.join()
        _SHOWN.reset(token)


@contextmanager
def quietly() -> Iterator[None]:
    """Inside it nothing is shown: whoever calls says by other means that work goes on."""
    token = _SHOWN.set(True)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def _watch(wait: Wait, opened: Callable[[], _Display], ended: Event) -> None:
    """Draws from a thread of its own, so that work that counts nothing shows its time too."""
    if ended.wait(PATIENCE_S):
        return
    display = opened()
    display.draw(wait)
    while not ended.wait(_EVERY_S):
        display.draw(wait)
    display.close(wait)


def _place() -> Callable[[], _Display] | None:
    """Where a person watches: a notebook, a prompt; None in a script."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None) is not None:
        return _Notebook
    asks = hasattr(sys, "ps1") or bool(sys.flags.interactive)
    return _Terminal if asks and sys.stderr is not None and sys.stderr.isatty() else None


class _Notebook:
    """One line of HTML in the output of the cell, replaced as work goes on."""

    def __init__(self):
        from IPython.display import DisplayHandle

        self._handle = DisplayHandle()
        self._handle.display({"text/plain": "", "text/html": ""}, raw=True)

    def draw(self, wait: Wait) -> None:
        """Show how far the work is."""
        bar = (
            "<progress></progress>"
            if wait.share is None
            else f'<progress value="{wait.share:.3f}"></progress>'
        )
        self._show(wait, f"{bar} {escape(wait.words)} · {wait.seconds:.0f} s")

    def close(self, wait: Wait) -> None:
        """A line of the work and its time stays."""
        self._show(wait, f"✓ {escape(' '.join(wait.label))} · {wait.seconds:.1f} s")

    def _show(self, wait: Wait, html: str) -> None:
        said = f"{' '.join(wait.label)} · {wait.seconds:.0f} s"
        data = {"text/html": f'<div style="color:#666;font-size:90%">{html}</div>', "text/plain": said}
        self._handle.update(data, raw=True)


class _Terminal:
    """A bar on the error stream, gone when the work has ended."""

    def __init__(self):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def draw(self, wait: Wait) -> None:
        """Show how far the work is."""
        self._bar.update(self._task, description=wait.words, completed=wait.done, total=wait.of or None)

    def close(self, wait: Wait) -> None:
        """Nothing stays."""
        self._bar.stop()
