"""Plans for whole counties, and sites that cover most households, beside the plain whole-number program.

    python tests/benchmarks/plan.py --peers /tmp/planpeers/bin/python [--limit 120] [--only siting] [--runs 3]

A made-up county: 17,000 households with 8 bundles each of hives, grass and guard posts in lots, 300 villages with
the flowers of a yard each, 18 townships with a floor, a nursery, a budget; the same with yards of at least ten hives;
and 100,000 households with 3 bundles. Ours is `eco.plan`, from the options to the plan. The peers get the rows ready
and the same gap and limit; what does not end within a minute after its limit is stopped. Then 60 of 1,000 sites, so
that most persons of 5,000 households live near one. Every choice is checked against the rows here. Last, by how much
ours passes its own time limit where it cannot end before it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, eye_array, hstack, load_npz, save_npz, vstack

TOWNSHIPS, VILLAGES, SPREAD = 18, 300, 300.0
GAP = 1e-3
PATIENCE_S = 60.0  # after its limit
LINE = 4000.0
SITES, HOMES, OPENED, REACH_M, SIDE_M = 1000, 5000, 60, 2500.0, 60_000.0
# Question: households, bundles of each, aim, whether yards hold ten hives at least.
QUESTIONS = {
    "gain": (17_000, 8, "gain", False),
    "gap": (17_000, 8, "gap", False),
    "lifted": (17_000, 8, "lifted", False),
    "gap, yards of ten hives": (17_000, 8, "gap", True),
    "lifted, yards of ten hives": (17_000, 8, "lifted", True),
    "gain, 100,000": (100_000, 3, "gain", False),
}
LIMITS_S = (0.5, 1.0, 2.0, 5.0, 30.0)
HARDEST = ("lifted, yards of ten hives", "gain, 100,000")


def county(households: int, each: int, seed: int = 0):
    """Options made up: what a lot brings differs by household and by luck, and is worth most near the line."""
    from scipy.special import ndtr

    from eco.planning.options import Options

    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(households), each)
    village = rng.integers(0, VILLAGES, households)[home]
    hives = rng.choice([0.0, 2.0, 5.0, 10.0], len(home))
    grass = rng.choice([0.0, 0.0, 2.0, 5.0, 10.0], len(home))
    posts = (rng.random(len(home)) < 0.05).astype(float)
    hives[hives + grass + posts == 0] = 2.0
    luck = rng.lognormal(0, 0.4, (2, len(home)))
    gain = (300 * (hives * luck[0] + grass * luck[1]) + 6000 * posts) * rng.lognormal(0, 0.5, households)[
        home
    ]
    persons = rng.integers(1, 8, households)[home]
    base = rng.normal(3200, 900, households)[home]
    without, with_ = (LINE - base) / SPREAD, (LINE - base - gain / persons) / (SPREAD + 0.3 * gain / persons)
    costs = {"bees_one_off": hives * 1044.37, "juncao_yearly": grass * 500.0, "guard_yearly": posts * 8000.0}
    spread = [SPREAD, SPREAD + 0.3 * gain / persons]
    lacking = [
        wide * (z * ndtr(z) + np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
        for wide, z in zip(spread, (without, with_))
    ]
    town = [f"621102{101 + one % TOWNSHIPS:03d}000" for one in range(VILLAGES)]
    code = [f"{town[one][:9]}{201 + one // TOWNSHIPS:03d}" for one in range(VILLAGES)]
    table = pd.DataFrame(
        {
            "household_id": np.char.add("H", np.char.zfill(home.astype(str), 6)), "persons": persons,
            "village_code": np.array(code)[village], "township_code": np.array(town)[village],
            "hives": hives, "juncao_mu": grass, "guard_posts": posts, "yard": np.where(hives > 0, village, -1),
            "gain_yuan_mean": gain, "gap_yuan": np.maximum(lacking[0] - lacking[1], 0) * persons,
            "lifted_persons": np.maximum(ndtr(without) - ndtr(with_), 0) * persons,
            "cost_one_off_yuan": costs["bees_one_off"],
            "cost_yearly_yuan": costs["juncao_yearly"] + costs["guard_yearly"],
            **{f"cost_{name}_yuan": yuan for name, yuan in costs.items()},
        }
    )  # fmt: skip
    room = households / VILLAGES
    yards = {"yard_id": code, "village_code": code, "hives_there": 0.0, "room_colonies": room}
    meadows = csr_array(eye_array(VILLAGES) / room)
    return Options.of(table, yards=pd.DataFrame(yards), meadows=meadows, seedling_mu=(0.3 * households,))


def asked(households: int, aim: str, lots: bool) -> dict:
    """What eco.plan is asked."""
    from eco.planning import rules

    of = [
        rules.Capacity(of=("forage", "nursery")),
        rules.TownshipFloor(0.02),
        *([rules.MinLot(10)] if lots else []),
    ]
    return {"budget_yuan": 250.0 * households, "rules": of, "value": aim, "usual": False}


def write_rows(folder: Path, name: str) -> None:
    """All rows of a question for the peers, one of every household with them."""
    if name == "siting":
        value, matrix, low, high = siting()
    else:
        from eco.planning.planner import _asked
        from eco.planning.programs import program_of

        households, each, aim, lots = QUESTIONS[name]
        options, how = county(households, each), asked(households, aim, lots)
        total, every = _asked(options, how["budget_yuan"], how["rules"], aim, usual=False)
        program = program_of(options, every, budget_yuan=total, aim=aim)
        home = options.household
        ones = csr_array((np.ones(len(home)), (home, np.arange(len(home)))), (households, len(program.value)))
        value, matrix = program.value, vstack([program.matrix, ones]).tocsr()
        low = np.append(program.low, np.full(households, -np.inf))
        high = np.append(program.high, np.ones(households))
    save_npz(folder / "rows.npz", matrix)
    np.savez(folder / "sides.npz", value=value, low=low, high=high)


def siting():
    """Rows of a maximal cover: a household counts if a site within reach is open, and so many may be."""
    within, persons = sites()
    matrix = vstack(
        [
            hstack([eye_array(HOMES), -csr_array(within.astype(float))]),
            csr_array(np.append(np.zeros(HOMES), np.ones(SITES))[None]),
        ]
    ).tocsr()
    high = np.append(np.zeros(HOMES), OPENED)
    return np.append(persons, np.zeros(SITES)), csr_array(matrix), np.full(HOMES + 1, -np.inf), high


def sites(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Which sites reach which households, bool (households, sites), and the persons of each."""
    rng = np.random.default_rng(seed)
    villages = rng.uniform(0, SIDE_M, (100, 2))
    homes = villages[rng.integers(0, len(villages), HOMES)] + rng.normal(0, 1500, (HOMES, 2))
    at = rng.uniform(0, SIDE_M, (SITES, 2))
    within = np.hypot(*(homes[:, None] - at[None]).transpose(2, 0, 1)) <= REACH_M
    return within, rng.integers(1, 8, HOMES).astype(float)


def ours(name: str, folder: Path, limit: float, gap: float):
    """eco.plan from the options; the siting as a program of its own, its sites as yards."""
    if name == "siting":
        from eco.planning.programs import Program
        from eco.planning.solver import solve

        value, matrix, low, high = siting()
        group = np.append(np.arange(HOMES), np.full(SITES, -1))
        none, rule = np.zeros(len(value)), np.zeros(len(low), int)
        program = Program(value, matrix, low, high, none, none + 1, group, rule)
        began = time.perf_counter()
        answer = solve(program, time_limit=limit, gap=gap)
        return time.perf_counter() - began, answer.taken, answer.bound
    from eco.planning.planner import plan

    households, each, aim, lots = QUESTIONS[name]
    options = county(households, each)
    began = time.perf_counter()
    made = plan(options, **asked(households, aim, lots), time_limit=limit, gap=gap)
    return time.perf_counter() - began, made.answer.taken, made.bound


def read_rows(folder: Path):
    """Value, matrix, low and high as they were written."""
    sides = np.load(folder / "sides.npz")
    return sides["value"], load_npz(folder / "rows.npz"), sides["low"], sides["high"]


def by_scipy(name: str, folder: Path, limit: float, gap: float):
    """The whole program in scipy's milp (HiGHS)."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    value, matrix, low, high = read_rows(folder)
    began = time.perf_counter()
    rows, limits = LinearConstraint(matrix, low, high), {"time_limit": limit, "mip_rel_gap": gap}
    done = milp(
        -value, constraints=rows, integrality=np.ones(len(value)), bounds=Bounds(0, 1), options=limits
    )
    return time.perf_counter() - began, done.x, None if done.mip_dual_bound is None else -done.mip_dual_bound


def relaxed_by_scipy(name: str, folder: Path, limit: float, gap: float):
    """The relaxed program alone, by interior points in scipy's linprog (HiGHS): a bound, and no plan."""
    from scipy.optimize import linprog

    value, matrix, low, high = read_rows(folder)
    began = time.perf_counter()
    above, below = np.flatnonzero(np.isfinite(high)), np.flatnonzero(np.isfinite(low))
    sides, limits = vstack([matrix[above], -matrix[below]]).tocsr(), {"time_limit": limit}
    b_ub = np.append(high[above], -low[below])
    done = linprog(-value, A_ub=sides, b_ub=b_ub, bounds=(0, 1), method="highs-ipm", options=limits)
    return time.perf_counter() - began, None, -done.fun if done.status == 0 else None


def by_linopy(name: str, folder: Path, limit: float, gap: float):
    """The whole program in linopy (HiGHS)."""
    import linopy
    import xarray as xr

    value, matrix, low, high = read_rows(folder)
    began = time.perf_counter()
    model = linopy.Model()
    x = model.add_variables(binary=True, coords=[pd.RangeIndex(len(value), name="bundle")], name="x")
    single = np.diff(matrix.indptr) <= 8  # rows of households, all of one kind
    for row in np.flatnonzero(~single):
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        entry = xr.DataArray(matrix.data[here], dims="bundle", coords={"bundle": matrix.indices[here]})
        told = (x.isel(bundle=matrix.indices[here]) * entry).sum()
        model.add_constraints(told <= high[row] if np.isfinite(high[row]) else told >= low[row])
    ones = matrix[np.flatnonzero(single)].tocoo()
    home = xr.DataArray(ones.row, dims="bundle", coords={"bundle": ones.col}, name="home")
    model.add_constraints(x.isel(bundle=ones.col).groupby(home).sum() <= 1)
    model.add_objective((x * value).sum(), sense="max")
    model.solve(
        "highs", io_api="direct", progress=False, time_limit=limit, mip_rel_gap=gap, output_flag=False
    )
    solved, report = model.solution, getattr(model.solver_model, "getInfo", lambda: None)()
    bound = None if report is None else float(report.mip_dual_bound)
    return time.perf_counter() - began, solved["x"].to_numpy(), bound


def by_spopt(solver: str) -> Callable:
    """PySAL's maximal cover, by PuLP."""

    def way(name: str, folder: Path, limit: float, gap: float):
        import pulp
        from spopt.locate import MCLP

        within, persons = sites()
        began = time.perf_counter()
        far = np.where(within, 0.0, 2.0)
        model = MCLP.from_cost_matrix(far, persons, service_radius=1.0, p_facilities=OPENED)
        chosen = {"cbc": pulp.PULP_CBC_CMD, "highs": pulp.HiGHS}[solver](
            msg=False, timeLimit=limit, gapRel=0.0
        )
        model = model.solve(chosen, results=False)
        opened = np.array([variable.value() > 0.5 for variable in model.fac_vars])
        seconds = time.perf_counter() - began
        return seconds, np.append(within[:, opened].any(axis=1), opened).astype(float), None

    return way


WAYS = {
    "ours": ours,
    "HiGHS, relaxed alone": relaxed_by_scipy,
    "scipy milp": by_scipy,
    "linopy, HiGHS": by_linopy,
    "spopt, CBC": by_spopt("cbc"),
    "spopt, HiGHS": by_spopt("highs"),
}
IN_PEERS = ("linopy, HiGHS", "spopt, CBC", "spopt, HiGHS")


def answer_of(way: str, name: str, folder: Path, limit: float, gap: float) -> None:
    """Ask one way in this process and print what came of it as JSON, the choice checked against the rows."""
    seconds, taken, bound = WAYS[way](name, folder, limit, gap)
    told = {"seconds": seconds, "bound": bound, "reached": None, "kept": "–"}
    if taken is not None:
        value, matrix, low, high = read_rows(folder)
        whole = np.rint(taken)
        done = matrix @ whole
        slack = 1e-6 * np.maximum(abs(matrix) @ whole, 1) / 1000
        kept = (
            np.abs(taken - whole).max() < 1e-4
            and (done <= high + slack).all()
            and (done >= low - slack).all()
        )
        told |= {"reached": float(value @ whole), "kept": "yes" if kept else "no"}
    print(json.dumps(told))


def asked_apart(way: str, name: str, folder: Path, how) -> dict:
    """One way in a process of its own, stopped where it does not stop by itself."""
    python = how.peers if way in IN_PEERS else sys.executable
    if python is None:
        return {"said": "no --peers"}
    command = [python, __file__, "--run", way, name, str(folder), "--limit", str(how.limit)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=how.limit + PATIENCE_S)
    except subprocess.TimeoutExpired:
        return {"said": f"stopped after {how.limit + PATIENCE_S:.0f} s"}
    if done.returncode:
        return {"said": (done.stderr.strip().splitlines() or ["failed"])[-1][:70]}
    return json.loads(done.stdout.splitlines()[-1])


def compare(name: str, ways: tuple[str, ...], how) -> list[tuple]:
    """The rows of the table of one question."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder), name)
        for way in ways:
            told = [
                asked_apart(way, name, Path(folder), how) for _ in range(how.runs if way == "ours" else 1)
            ]
            rows.append(_row(name, way, told))
            print(" ".join(rows[-1]), file=sys.stderr)
    return rows


def _row(name: str, way: str, told: list[dict]) -> tuple:
    if "said" in told[0]:
        return name, way, told[0]["said"], "–", "–", "–", "–"
    last, seconds = told[-1], median(one["seconds"] for one in told)
    reached, bound = last["reached"], last["bound"]
    both = reached is not None and bound is not None and np.isfinite(bound)
    gap = f"{100 * (bound - reached) / bound:.3f}" if both else "–"
    shown = [f"{one:,.1f}" if one is not None and np.isfinite(one) else "–" for one in (reached, bound)]
    return name, way, f"{seconds:.1f}", *shown, gap, last["kept"]


def overshoots() -> list[tuple]:
    """By how much the time limit is passed where the best cannot be proven in time."""
    from eco.planning.planner import plan
    from eco.problems import DataProblem

    rows = []
    for name in HARDEST:
        households, each, aim, lots = QUESTIONS[name]
        options = county(households, each)
        for limit in LIMITS_S:
            began = time.perf_counter()
            try:
                made = plan(options, **asked(households, aim, lots), time_limit=limit, gap=0.0)
                told = made.status, f"{100 * made.gap:.3f}"
            except DataProblem:  # no plan at all was found so soon, and it says so
                told = "none found", "–"
            over = time.perf_counter() - began - limit
            rows.append((name, f"{limit:g}", f"{over:+.2f}", *told))
    return rows


def main() -> None:
    """Compare all ways, or ask one."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--peers", help="python of an environment with linopy and spopt")
    arguments.add_argument("--limit", type=float, default=120.0)
    arguments.add_argument("--only", choices=[*QUESTIONS, "siting", "limits"])
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--run", nargs=3, metavar=("WAY", "QUESTION", "FOLDER"), help=argparse.SUPPRESS)
    how = arguments.parse_args()
    if how.run:
        way, name, folder = how.run
        answer_of(way, name, Path(folder), how.limit, 0.0 if name == "siting" else GAP)
        return
    from measuring import print_table

    plain = ("ours", "HiGHS, relaxed alone", "scipy milp", "linopy, HiGHS")
    questions = dict.fromkeys(QUESTIONS, plain) | {
        "siting": ("ours", "scipy milp", "spopt, CBC", "spopt, HiGHS")
    }
    rows = [
        row
        for name, ways in questions.items()
        if how.only in (None, name)
        for row in compare(name, ways, how)
    ]
    if rows:
        headings = ("question", "way", "seconds", "reached", "bound", "gap %", "rows kept")
        print_table(f"gap asked {100 * GAP:g} % (siting: 0), limit {how.limit:g} s", headings, rows)
    if how.only in (None, "limits"):
        headings = ("question, gap 0", "limit s", "passed by s", "status", "gap %")
        print_table("time limits of ours", headings, overshoots())


if __name__ == "__main__":
    main()
