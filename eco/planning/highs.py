"""HiGHS within a time that is kept: small questions here, large ones in a process of their own that can be stopped.

HiGHS looks at its clock only now and then; on whole counties it ran on for minutes. A process ends when it is told.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

HERE_COLUMNS = 6000  # a relaxed question this small is answered before a process would have started
HERE_WHOLE = 60  # the same of whole choices, which may take any time
_GRACE_S = 0.4  # to read the answer back
_LONGEST_S = 1e6
# Rows are kept as closely as this. At 1e-9 HiGHS 1.16 calls choices optimal that are not: what it rounds on the way
# comes to more than that.
_FEASIBLE = 1e-7
_SLIGHT = 1e-9  # by which a side may be passed
_SAME = 1e-6  # relative: a value told and the value of the choice told


@dataclass(frozen=True)
class Question:
    """Greatest value of `value @ x` with low <= matrix @ x <= high, least <= x <= most; `whole` columns are integers.

    The matrix comes by columns: `start` (columns + 1,), `row` and `entry` (entries,). `offset` is added to the value.
    """

    value: np.ndarray
    start: np.ndarray
    row: np.ndarray
    entry: np.ndarray
    low: np.ndarray
    high: np.ndarray
    least: np.ndarray
    most: np.ndarray
    whole: np.ndarray | None = None
    offset: float = 0.0
    gap: float = 1e-9
    target: float | None = None  # a whole choice of this value is good enough
    guess: np.ndarray | None = None  # a whole choice to begin with


@dataclass(frozen=True)
class Reply:
    """`x` (columns,) or None, its value, a bound on all values, row prices (rows,), and whether it is the end.

    `prices`: value of one more of `high`, or, negative, of one more of `low`. `status`: optimal, infeasible, stopped.
    """

    x: np.ndarray | None
    value: float
    bound: float
    prices: np.ndarray
    status: str


NO_REPLY = Reply(None, -np.inf, np.inf, np.zeros(0), "stopped")


def asked(question: Question, seconds: float) -> Reply:
    """HiGHS's reply within `seconds`, by the wall; a reply that did not come in time is "stopped"."""
    if seconds <= 0:
        return NO_REPLY
    if not len(question.value):
        return _of_nothing(question)
    seconds = min(seconds, _LONGEST_S)
    if len(question.value) <= (HERE_COLUMNS if question.whole is None else HERE_WHOLE):
        return answered(question, seconds)
    return _asked_apart(question, seconds)


def _of_nothing(question: Question) -> Reply:
    """The reply where there is no column: HiGHS calls that neither possible nor impossible."""
    prices = np.zeros(len(question.low))
    if np.all(question.low <= _SLIGHT) and np.all(question.high >= -_SLIGHT):
        return Reply(np.zeros(0), question.offset, question.offset, prices, "optimal")
    return Reply(None, -np.inf, -np.inf, prices, "infeasible")


def answered(question: Question, seconds: float) -> Reply:
    """HiGHS's reply, in this process."""
    end = time.monotonic() + seconds
    reply = _answered(question, seconds)
    if question.guess is None or reply.x is None:
        return reply
    # HiGHS 1.16 sometimes improves a guess while it simplifies, reports that value, and hands the old guess back.
    told = question.offset + float(question.value @ reply.x)
    if abs(told - reply.value) <= _SAME * max(abs(reply.value), 1.0):
        return reply
    known = replace(reply, value=told, status="stopped")
    left = end - time.monotonic()
    again = _answered(replace(question, guess=None), left) if left > 0 else NO_REPLY
    return again if again.x is not None and again.value >= told else known


def _answered(question: Question, seconds: float) -> Reply:
    import highspy

    # Highs itself turns callbacks on, which prints a banner whatever is set; its base does not.
    quiet: Any = highspy.Highs.__mro__[1]
    highs = quiet()
    options = {
        "output_flag": False,
        "time_limit": float(seconds),
        "mip_rel_gap": question.gap,
        "mip_abs_gap": 1e-9,
        "mip_feasibility_tolerance": _FEASIBLE,
        "primal_feasibility_tolerance": _FEASIBLE,
        "threads": 1,
    }
    for name, setting in options.items():
        highs.setOptionValue(name, setting)
    highs.passModel(_model(question))
    if question.target is not None:
        highs.setOptionValue("objective_target", -question.target)
    if question.guess is not None:
        begun = highspy.HighsSolution()
        begun.col_value = question.guess
        highs.setSolution(begun)
    highs.run()
    return _reply(highs, question)


def irreducible(question: Question, seconds: float) -> np.ndarray:
    """Rows of a relaxed question that cannot all be kept, none of which HiGHS could spare; empty where it finds none.

    HiGHS's word only, and where its time was up some may be to spare: whoever asks looks again.
    """
    import highspy

    quiet: Any = highspy.Highs.__mro__[1]
    highs = quiet()
    strategy = highspy.IisStrategy.kIisStrategyFromLp, highspy.IisStrategy.kIisStrategyIrreducible
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("iis_strategy", sum(int(one) for one in strategy))
    highs.setOptionValue("iis_time_limit", float(seconds))
    highs.passModel(_model(question))
    _, found = highs.getIis()
    return np.array(found.row_index_ if found.valid_ else [], int)


def _model(question: Question):
    import highspy

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(question.value), len(question.low)
    model.col_cost_, model.offset_ = -question.value, -question.offset
    model.col_lower_, model.col_upper_ = question.least, question.most
    model.row_lower_, model.row_upper_ = question.low, question.high
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = question.start, question.row
    model.a_matrix_.value_ = question.entry
    if question.whole is not None:
        kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
        model.integrality_ = [kinds[int(whole)] for whole in question.whole]
    return model


def _reply(highs, question: Question) -> Reply:
    import highspy

    status, info = highs.getModelStatus(), highs.getInfo()
    impossible = highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible
    if status in impossible:  # columns lie between 0 and 1: nothing is unbounded
        return Reply(None, -np.inf, -np.inf, np.zeros(len(question.low)), "infeasible")
    optimal = status == highspy.HighsModelStatus.kOptimal
    solution = highs.getSolution()
    prices = -np.array(solution.row_dual) if question.whole is None else np.zeros(len(question.low))
    bound = -(info.objective_function_value if question.whole is None else info.mip_dual_bound)
    if info.primal_solution_status != highspy.kSolutionStatusFeasible:
        return Reply(None, -np.inf, bound if question.whole is not None else np.inf, prices, "stopped")
    x, value = np.array(solution.col_value), -info.objective_function_value
    return Reply(
        x,
        value,
        bound if optimal or question.whole is not None else np.inf,
        prices,
        "optimal" if optimal else "stopped",
    )


def _asked_apart(question: Question, seconds: float) -> Reply:
    end = time.monotonic() + seconds
    command = [sys.executable, "-m", "eco.planning.highs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            told = pickle.dumps((question, max(seconds - _GRACE_S, 0.05)))
            said, _ = child.communicate(told, timeout=max(end - time.monotonic(), 0.05))
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return NO_REPLY
    return pickle.loads(said) if child.returncode == 0 else NO_REPLY


if __name__ == "__main__":
    from eco.planning.highs import answered as answer  # so that what is pickled bears the module's own name

    sys.stdout.buffer.write(pickle.dumps(answer(*pickle.load(sys.stdin.buffer))))
