"""Formulas of flows looked through once, then worked out over many links and worlds at little cost.

A flow is a plain numpy function of columns (links, 1) and numbers (1 or links, draws). Called once with values that
write down what is asked of them, it shows its parts: what hangs on the link alone, on the world alone, or on both.
The first two are worked out once and multiplied up; only the last is worked out world by world, in tiles of few
links that stay in the processor's cache, each part once however many flows share it. What is 0 is left out.

Links are sorted into kinds by which of their columns are 0 or 1, so that a formula hangs on the link's own columns
and on no other link: chunks, threads and other households change no digit. A function that asks for something
unknown here is called with plain arrays instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from eco.livelihoods.livelihood import Yuan
from eco.parameters.draws import Draws, Worlds

# 64 links x 1,000 draws in single precision are 256 KB: few calls, and still near the processor.
TILE_ELEMENTS = 256_000
Kind = Literal["scalar", "column", "shared", "full"]
_UNKNOWN = (TypeError, ValueError, AttributeError, NotImplementedError)


class Value(NDArrayOperatorsMixin):
    """A part of a formula: known (a number, a column of links, a row of worlds), or to be worked out (`full`)."""

    def __init__(self, notes: Notes, kind: Kind, known: Any = None, op: Any = None, args: tuple = ()):
        self.notes, self.kind, self.known, self.op, self.args = notes, kind, known, op, args

    def __array_ufunc__(self, ufunc, method, *inputs, **more):
        """Any numpy function of numbers, written down."""
        if method != "__call__" or ufunc.nout != 1:
            return NotImplemented
        return self.notes.at_once(ufunc, inputs, more) if more else self.notes.apply(ufunc, *inputs)

    def __array_function__(self, func, types, args, kwargs):
        """The few other numpy functions that formulas use."""
        if func is np.where and len(args) == 3 and not kwargs:
            return self.notes.apply(np.where, *args)
        if func is np.clip and len(args) == 3 and not kwargs:
            value, low, high = args
            return self.notes.apply(np.minimum, self.notes.apply(np.maximum, value, low), high)
        if func in (np.all, np.any) and len(args) == 1 and not kwargs:
            return args[0].all() if func is np.all else args[0].any()
        return self.notes.at_once(func, args, kwargs)

    def all(self) -> bool:
        """Whether all of it holds, where that is known."""
        return bool(np.all(self._known()))

    def any(self) -> bool:
        """Whether any of it holds, where that is known."""
        return bool(np.any(self._known()))

    def astype(self, kind) -> Value:
        """The same as another kind of number; 0 and 1 need no other."""
        return self if kind in (np.float32, float) else self._known()

    def _known(self):
        if self.kind == "full":
            raise NotImplementedError("known only world by world")
        return self.known

    def __bool__(self) -> bool:
        if self.kind != "scalar":
            raise NotImplementedError("no single answer")
        return bool(self.known)

    @cached_property
    def zero(self):
        """Where it is 0 in all worlds: bool, (links, 1) or one for all; False where that cannot be told."""
        if self.kind in ("scalar", "column"):
            return np.asarray(self.known == 0)
        if self.kind == "shared":
            return np.asarray(False)
        parts = [arg.zero for arg in self.args if arg is not None]
        if self.op == "product":
            return np.logical_or.reduce(np.broadcast_arrays(*parts))
        if self.op is np.where:
            chosen, *parts = self.args
            if chosen.kind == "column":
                return np.where(chosen.known, *(part.zero for part in parts))
            parts = [part.zero for part in parts]
        if self.op in (np.add, np.subtract, np.minimum, np.maximum, np.where):
            return np.logical_and.reduce(np.broadcast_arrays(*parts))
        return np.asarray(False)


class Notes:
    """What formulas of one kind of link ask, in one year: parts by what they are made of."""

    def __init__(self, columns: Mapping[str, np.ndarray], draws: Draws):
        self._columns, self._draws = columns, draws
        self._parts: dict[tuple, Value] = {}
        self._kept: list[Any] = []  # what keys speak of by id stays alive as long as the keys

    def column(self, name: str) -> Value:
        """A column of the links; where all of them are 0 or all are 1 it is that number."""
        if ("column", name) not in self._parts:
            known = self._columns[name]
            flat = len(known) > 0 and known[0, 0] in (0, 1) and bool(np.all(known == known[0, 0]))
            value = Value(self, "scalar", float(known[0, 0])) if flat else Value(self, "column", known)
            self._parts["column", name] = value
        return self._parts["column", name]

    def number(self, name: str) -> Value:
        """A number: one for all worlds, one a world, or to be drawn for every link."""
        if ("number", name) not in self._parts:
            number = self._draws.worlds.numbers[name]
            if not number.drawn:
                value = Value(self, "scalar", number.mode)
            elif number.varies == "together":
                value = Value(self, "shared", self._draws[name])
            else:
                value = Value(self, "full", op="draw", args=())
                value.known = name
            self._parts["number", name] = value
        return self._parts["number", name]

    def apply(self, op, *inputs) -> Value:
        """A numpy function of parts, worked out at once where it hangs on links or on worlds alone."""
        args = tuple(self._wrapped(one) for one in inputs)
        key = (op, *(id(arg) for arg in args))
        if key not in self._parts:
            self._parts[key] = self._made(op, args)
        return self._parts[key]

    def at_once(self, func, args: tuple, more: dict) -> Value:
        """Any other numpy function of what is known, all of it of links or all of it of worlds."""
        kinds: set[Kind] = set()

        def known(one):
            if isinstance(one, tuple):
                return tuple(known(part) for part in one)
            if not isinstance(one, Value):
                return one
            kinds.add(one.kind)
            return np.array(one.known) if np.ndim(one.known) else one.known

        given, named = known(args), {key: known(arg) for key, arg in more.items()}
        kinds -= {"scalar"}
        if len(kinds) > 1 or "full" in kinds:
            raise NotImplementedError("known only world by world")
        result = func(*given, **named)
        return Value(self, kinds.pop() if kinds else "scalar", _tidy(result))

    def _wrapped(self, one) -> Value:
        if isinstance(one, Value):
            return one
        if np.ndim(one) == 0:
            key = ("scalar", type(one), repr(one))
            if key not in self._parts:
                self._parts[key] = Value(self, "scalar", _tidy(one))
            return self._parts[key]
        raise NotImplementedError("an array from elsewhere")

    def _made(self, op, args: tuple[Value, ...]) -> Value:
        if op is np.multiply:
            return self._product(*args)
        if op is np.negative:
            return self._product(self._wrapped(-1.0), args[0])
        if op is np.where and args[0].kind == "scalar":
            return args[1] if args[0].known else args[2]
        if op in (np.add, np.subtract) and args[1].kind == "scalar" and args[1].known == 0:
            return args[0]
        if op is np.add and args[0].kind == "scalar" and args[0].known == 0:
            return args[1]
        kinds = {arg.kind for arg in args} - {"scalar"}
        if len(kinds) > 1 or "full" in kinds:
            return Value(self, "full", op=op, args=args)
        known = _tidy(op(*(arg.known for arg in args)))
        return Value(self, kinds.pop() if kinds else "scalar", known)

    def _product(self, left: Value, right: Value) -> Value:
        """Factors gathered by what they hang on: of links, of worlds, of both."""
        factors = [part for value in (left, right) for part in _factors(value)]
        if any(part.kind == "scalar" and part.known == 0 for part in factors):
            return self._wrapped(0.0)
        by_kind: dict[str, Value | None] = {}
        for kind in ("scalar", "column", "shared"):
            own = [
                part for part in factors if part.kind == kind and not (kind == "scalar" and part.known == 1)
            ]
            by_kind[kind] = self._multiplied(own)
        of_link = self._multiplied(
            [part for part in (by_kind["scalar"], by_kind["column"]) if part is not None]
        )
        rest = [part for part in factors if part.kind == "full"]
        known = [part for part in (by_kind["shared"], of_link) if part is not None]
        if not rest and len(known) < 2:
            return known[0] if known else self._wrapped(1.0)
        if not rest and of_link is not None and of_link.kind == "scalar":
            known = [part for part in (self._multiplied(known),) if part is not None]
            return known[0]
        parts = (*rest, *known)
        key = ("product", *(id(part) for part in parts))
        if key not in self._parts:
            alone = len(parts) == 1
            self._parts[key] = parts[0] if alone else Value(self, "full", op="product", args=parts)
        return self._parts[key]

    def _multiplied(self, parts: list) -> Value | None:
        """Known factors of one kind (or a number and another kind) as one."""
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            key = ("known product", id(total), id(part))
            if key not in self._parts:
                kind = part.kind if total.kind == "scalar" else total.kind
                self._parts[key] = Value(self, kind, _tidy(total.known * part.known))
            total = self._parts[key]
        return total


def _tidy(known):
    """Single precision for arrays; a number as Python has it, which widens no array it meets."""
    if np.ndim(known) == 0:
        return np.asarray(known).item()
    return known if known.dtype in (np.float32, np.bool_) else known.astype(np.float32)


def _factors(value: Value) -> tuple[Value, ...]:
    return value.args if value.op == "product" else (value,)


@dataclass(frozen=True)
class _ByName:
    """`x["quantity"]` or `n["honey_price"]`, as formulas ask."""

    ask: Callable[[str], Value]

    def __getitem__(self, name: str):
        return self.ask(name)


def looked_through(formulas: Mapping[str, Yuan], columns: Mapping[str, np.ndarray], draws: Draws, year: int):
    """The values that formulas come to, by name; a formula that cannot be looked through is itself."""
    notes = Notes(columns, draws)
    x, n = _ByName(notes.column), _ByName(notes.number)
    seen: dict[str, Value | Yuan] = {}
    for name, formula in formulas.items():
        try:
            seen[name] = notes.apply(np.add, formula(x, n, year), 0)
        except _UNKNOWN:
            seen[name] = formula
    return seen


def kinds_of(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """A number for every link by which of its columns are 0 or 1: int, shape (links,)."""
    table = np.concatenate(list(columns.values()), axis=1)
    flags = np.where(table == 0, 0, np.where(table == 1, 1, 2)).astype(np.uint8)
    return np.unique(flags, axis=0, return_inverse=True)[1].ravel()


@dataclass(frozen=True)
class Program:
    """Formulas of one kind of link in one year, ready to be worked out for any of the links."""

    worlds: Worlds
    year: int
    columns: Mapping[str, np.ndarray]
    results: Mapping[str, Value | Yuan]  # by name of the formula; 0 in all worlds is left out
    steps: tuple[Value, ...]  # parts to work out, each after those it needs
    last_use: Mapping[int, int]  # position of a part (by id) -> step after which nobody asks for it

    @classmethod
    def of(
        cls, formulas: Mapping[str, Yuan], columns: Mapping[str, np.ndarray], draws: Draws
    ) -> tuple[np.ndarray, Program]:
        """The program of formulas, and which links have anything but 0: their positions, in order."""
        seen = looked_through(formulas, columns, draws, draws.year)
        some = np.zeros((len(next(iter(columns.values()))), 1), bool)
        for value in seen.values():
            some |= ~value.zero if isinstance(value, Value) else True
        rows = np.flatnonzero(some)
        if len(rows) < len(some):
            columns = {name: column[rows] for name, column in columns.items()}
            seen = looked_through(formulas, columns, draws, draws.year) if len(rows) else {}
        results = {
            name: value
            for name, value in seen.items()
            if not isinstance(value, Value) or not np.all(value.zero)
        }
        steps = _steps([value for value in results.values() if isinstance(value, Value)])
        last = {id(arg): at for at, step in enumerate(steps) for arg in step.args if arg.kind == "full"}
        last |= {id(value): len(steps) for value in results.values()}
        return rows, cls(draws.worlds, draws.year, columns, results, steps, last)

    def tiles(self, rows: slice) -> Iterator[slice]:
        """Links in tiles small enough for the cache."""
        size = max(TILE_ELEMENTS // self.worlds.draws, 1) if self.steps or self._plain else rows.stop
        for low in range(rows.start, rows.stop, max(size, 1)):
            yield slice(low, min(low + size, rows.stop))

    @property
    def _plain(self) -> bool:
        return any(not isinstance(value, Value) for value in self.results.values())

    def work_out(self, rows: slice, draws: Draws) -> Iterator[tuple[str, np.ndarray | None, np.ndarray]]:
        """Name, column and worlds of every result for some links: yuan = column x worlds.

        The column, float32 (links, 1), is None where worlds are (links, draws) already; else they are (1, draws or 1).
        """
        known = self._full(rows, draws)
        for name, value in self.results.items():
            if not isinstance(value, Value):
                columns = {key: column[rows] for key, column in self.columns.items()}
                yield name, None, np.asarray(value(columns, draws, self.year), np.float32)
            elif id(value) in known:
                worlds = known[id(value)].astype(np.float32, copy=False)
                alike = len(worlds) == 1  # all of one county
                yield name, np.ones((rows.stop - rows.start, 1), np.float32) if alike else None, worlds
            else:
                yield (name, *self._outer(value, rows))

    def _outer(self, value: Value, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        column, worlds = np.ones((rows.stop - rows.start, 1), np.float32), np.ones((1, 1), np.float32)
        for part in _factors(value):
            if part.kind == "column":
                column = part.known[rows].astype(np.float32)
            else:
                worlds = worlds * np.asarray(part.known, np.float32)
        return column, worlds

    def _full(self, rows: slice, draws: Draws) -> dict[int, np.ndarray]:
        known: dict[int, np.ndarray] = {}

        def value_of(part: Value):
            if part.kind == "column":
                return part.known[rows]
            return known[id(part)] if part.kind == "full" else part.known

        for at, step in enumerate(self.steps):
            if step.op == "draw":
                known[id(step)] = draws[step.known]
            elif step.op == "product":
                known[id(step)] = _times(*(value_of(part) for part in step.args))
            else:
                known[id(step)] = step.op(*(value_of(part) for part in step.args))
            for part in step.args:
                if self.last_use.get(id(part)) == at:
                    known.pop(id(part), None)
        return known


def _times(first: np.ndarray, second: np.ndarray, *others: np.ndarray) -> np.ndarray:
    total = first * second
    for other in others:
        fits = total.dtype == np.float32 and np.broadcast_shapes(total.shape, np.shape(other)) == total.shape
        total = np.multiply(total, other, out=total) if fits else total * other
    return total


def _steps(results: list[Value]) -> tuple[Value, ...]:
    """All parts to be worked out world by world, each after those it needs."""
    order: dict[int, Value] = {}

    def visit(value: Value) -> None:
        if value.kind != "full" or id(value) in order:
            return
        for arg in value.args:
            visit(arg)
        order[id(value)] = value

    for value in results:
        if value.op == "product" and not any(part.kind == "full" for part in value.args):
            continue  # a column times a row of worlds: multiplied while it is added up
        visit(value)
    return tuple(order.values())
