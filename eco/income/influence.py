"""Which guess the answer hangs on: numbers, grades of source and flows by their share of the year's spread.

What all households share is judged by the worlds at hand: the share of a parameter p in the variance of the total T
is Var(E[T | p]) / Var(T), with E[T | p] a smooth curve (cubic in the rank of p) fitted over worlds. What differs by
county, site or household goes with the gain of those who meet it: see `scatter`. Numbers that go with one another
share what they explain; where parts are added up, all curves are fitted at once and each has Cov(curve, T) / Var(T).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from eco.income.accounts import COMMON_PARAMETERS, Block, blocks_of
from eco.income.gains import PAY_GIVEN_UP, Gains
from eco.income.scatter import own_variance
from eco.livelihoods import Flow
from eco.parameters.draws import Worlds
from eco.parameters.numbers import Number
from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.waiting import waiting

_CURVE_DEGREE = 3
_NOISE = 4.0  # a curve through pure noise explains degree / draws, and seldom four times that
FEWEST_DRAWS = 200
_FLOW_DRAWS = 400  # worlds enough to see which flow swings
_LINKS_AT_ONCE = 4096
_DRIVER_COLUMNS = (
    *("livelihood", "parameter", "label_zh", "label_en", "unit", "varies", "share", "share_of_livelihood"),
    *("part", "grade", "kind", "source"),
)
_FLOW_COLUMNS = (
    *("livelihood", "flow", "role", "label_zh", "label_en", "payer", "income_class", "recurrent"),
    *("mean_yuan", "sd_yuan", "share"),
)

_JUDGEMENTS_NAMED = 3
_COUNTED = (
    Phrase("这一个专家判断占", "this judgement carries"),
    Phrase("这两个专家判断占", "these two judgements carry"),
    Phrase("这三个专家判断占", "these three judgements carry"),
)


@waiting("wait_drivers")
def drivers(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """Parameters by livelihood, ranked by share of the spread of the year's total gain.

    Columns: livelihood ("labour" for what all share), parameter, label_zh, label_en, unit, varies, share (of the
    variance of the total over all livelihoods), share_of_livelihood, part (the share with what several numbers
    explain counted once: over parameters they add up to 1 at most; negative where a number softens another), grade,
    kind (of the source; judgement means a guess), source. A number that two livelihoods use has a row in each, with
    the same share and part. Shares are first-order: interactions are left out, and what cannot be told from noise is
    0. Raises DataProblem for fewer than 200 draws.
    """
    _enough(gains, "drivers")
    answer = gains.answer(year)
    totals = {name: worlds.sum(axis=0, dtype=float) for name, worlds in answer.worlds.items()}
    drawn = list(_drawn(gains))
    alone = own_variance(gains, answer.year)
    worlds = Worlds(gains.numbers, gains.draws, gains.seed)
    rows: list[dict] = []
    shares: dict[str, float] = {}
    ranks: dict[str, np.ndarray] = {}
    for livelihood, number in drawn:
        spreads = ("gain_yuan", f"{livelihood}_yuan" if livelihood != "labour" else "gain_yuan")
        if totals[spreads[1]].var() == 0:
            both = [0.0, 0.0]  # a livelihood without a flow this year drives nothing
        elif number.varies != "together":
            own = [alone.get((number.name, name), 0.0) / totals[name].var() for name in spreads]
            both = [min(share, 1.0) if share > _NOISE / gains.draws else 0.0 for share in own]
        else:
            ranks[number.name] = _ranks(worlds, number, answer.year)
            both = [_explained(ranks[number.name], totals[name]) for name in spreads]
        shares[number.name] = max(both[0], shares.get(number.name, 0.0))
        rows.append(_row(livelihood, number, *both))
    parts = _parts(totals["gain_yuan"], _counted_once(shares, gains.numbers), ranks)
    table = pd.DataFrame(rows, columns=_DRIVER_COLUMNS)
    table["part"] = table["parameter"].map(parts).astype(float)
    return table.sort_values(["share", "share_of_livelihood"], ascending=False, ignore_index=True)


def doubts(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """Share of the spread of the year's total gain by grade and kind of source: `doubts_of` its drivers."""
    return doubts_of(drivers(gains, year))


def doubts_of(table: pd.DataFrame) -> pd.DataFrame:
    """Drivers by grade and kind of their source, the heaviest first.

    Columns: grade, kind, parameters (number of drawn ones), seen (of which stand out from noise), share. The last row,
    of kind "rest", is what numbers do only together or too faintly to tell: with it the shares add up to 1, or all
    are 0 where nothing is uncertain.
    """
    each = table.drop_duplicates("parameter")
    each = each.assign(seen=each["part"] != 0)
    groups = each.groupby(["grade", "kind"], as_index=False).agg(
        parameters=("parameter", "size"), seen=("seen", "sum"), share=("part", "sum")
    )
    groups = groups.sort_values("share", ascending=False, kind="stable")
    known = float(groups["share"].sum())
    rest = {"grade": "", "kind": "rest", "parameters": 0, "seen": 0, "share": 1 - known if known else 0.0}
    return pd.DataFrame([*groups.to_dict("records"), rest])


def doubts_in_words(table: pd.DataFrame) -> Phrase:
    """Drivers in one sentence: the (up to three) judgements that carry most of the doubt, and how much."""
    guesses = table[(table["kind"] == "judgement") & (table["part"] > 0)].drop_duplicates("parameter")
    first = guesses.nlargest(_JUDGEMENTS_NAMED, "part")
    if first.empty:
        return Phrase("没有哪个专家判断在不确定性中突出。", "No judgement stands out in the doubt.")
    opening, share = _COUNTED[len(first) - 1], f"{first['part'].sum():.0%}".replace("%", " %")
    return Phrase(
        f"{opening.zh}不确定性的 {share}：{'、'.join(first['label_zh'])}。",
        f"{opening.en.capitalize()} {share} of the doubt: {'; '.join(first['label_en'])}.",
    )


@waiting("wait_drivers")
def drivers_by_flow(gains: Gains, year: int | None = None) -> pd.DataFrame:
    """Flows ranked by their share of the spread of the year's total gain, over 400 worlds at most.

    Columns: livelihood, flow, role, label_zh, label_en, payer, income_class, recurrent, mean_yuan and sd_yuan (of the
    flow's sum over all households), share = Cov(flow, total) / Var(total). Two rows of livelihood "labour" are the
    migrant pay given up; with them means add up to the total's and shares to 1. A negative share softens the spread;
    all are 0 where nothing is uncertain. Raises DataProblem for fewer than 200 draws.
    """
    _enough(gains, "drivers_by_flow")
    answer = gains.answer(year)
    worlds = Worlds(
        gains.numbers, min(gains.draws, _FLOW_DRAWS), gains.seed
    )  # the first worlds of the answer
    total = answer.worlds["gain_yuan"].sum(axis=0, dtype=float)[: worlds.draws]
    sums = _flow_sums(gains, worlds, answer.year)
    rows = [
        (name, flow.name, flow.role, *flow.label, flow.payer, flow.income_class, flow.recurrent, yuan)
        for (name, *_), (flow, yuan) in sums.items()
    ]
    for recurrent in (True, False):
        yuan = answer.classes.get(("wage", recurrent), np.zeros(gains.draws))[: worlds.draws]
        paid = [
            own for flow, own in sums.values() if (flow.income_class, flow.recurrent) == ("wage", recurrent)
        ]
        given_up = yuan - sum(paid, np.zeros(worlds.draws))
        rows.append(("labour", "given_up", "", *PAY_GIVEN_UP, "nobody", "wage", recurrent, given_up))
    spread = total.var()
    table = pd.DataFrame(
        [
            (*who, yuan.mean(), yuan.std(), _covariance(yuan, total) / spread if spread else 0.0)
            for *who, yuan in rows
        ],
        columns=_FLOW_COLUMNS,
    )
    return table.sort_values("share", ascending=False, ignore_index=True, kind="stable")


def _enough(gains: Gains, who: str) -> None:
    if gains.draws < FEWEST_DRAWS:
        expected = Phrase(f"至少 {FEWEST_DRAWS} 次抽样", f"at least {FEWEST_DRAWS} draws")
        todo = Phrase("增加 --draws", "ask for more draws")
        raise DataProblem([Finding("E-EST-03", "error", who, "", "draws", str(gains.draws), expected, todo)])


def _drawn(gains: Gains) -> Iterator[tuple[str, Number]]:
    """Drawn numbers by the livelihood that asks for them."""
    named = [(one.name, name) for one in gains.exposure.livelihoods for name in one.parameters]
    named += [("labour", name) for name in COMMON_PARAMETERS]
    return ((livelihood, gains.numbers[name]) for livelihood, name in named if gains.numbers[name].drawn)


def _counted_once(shares: Mapping[str, float], numbers) -> dict[str, float]:
    """Shares without the chances of events that have one: a chance acts through its event alone."""
    chances = {numbers[name].chance for name, share in shares.items() if share > 0}
    return {name: 0.0 if name in chances else share for name, share in shares.items()}


def _parts(
    total: np.ndarray, shares: Mapping[str, float], ranks: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """The share of each parameter when all curves are fitted at once: at most 1 together.

    A parameter without `ranks` (one that not all share) keeps its share; one whose share is 0 has no curve.
    """
    parts = dict(shares)
    curves = {name: _powers(ranks[name]) for name, share in shares.items() if share > 0 and name in ranks}
    if curves:
        design = np.column_stack(list(curves.values()))
        weights = np.linalg.lstsq(design, total - total.mean(), rcond=None)[0]
        seen = np.split(weights, np.cumsum([curve.shape[1] for curve in curves.values()])[:-1])
        own = [
            _covariance(curve @ weight, total) / total.var() for curve, weight in zip(curves.values(), seen)
        ]
        plain = sum(own)
        fair = max(1 - (1 - plain) * (len(total) - 1) / (len(total) - 1 - design.shape[1]), 0.0)
        parts |= {name: part * fair / plain for name, part in zip(curves, own)}
    most = max(sum(parts.values()), 1.0)
    return {name: float(part / most) for name, part in parts.items()}


def _powers(driver: np.ndarray) -> np.ndarray:
    """The curve's terms, each of mean 0: (draws, degree)."""
    powers = np.vander(2 * driver - 1, _degree(driver) + 1, increasing=True)[:, 1:]
    return powers - powers.mean(axis=0)


def _degree(driver: np.ndarray) -> int:
    return 1 if len(np.unique(driver)) == 2 else _CURVE_DEGREE


def _covariance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean((one - one.mean()) * (other - other.mean())))


def _flow_sums(
    gains: Gains, worlds: Worlds, year: int
) -> dict[tuple[str, str, str], tuple[Flow, np.ndarray]]:
    """Every flow that reaches households, summed over them: by livelihood, role and name, yuan (draws,)."""
    exposure = gains.exposure
    sums = {
        (one.name, flow.role, flow.name): (flow, np.zeros(worlds.draws))
        for one in exposure.livelihoods
        for flow in one.flows
        if flow.payee == "household"
    }
    ids = pd.Index(exposure.project.households["household_id"])
    shared: dict = {}
    for block in blocks_of(exposure.links, exposure, ids, year=year):
        for low in range(0, len(block.household), _LINKS_AT_ONCE):
            _add_flows(sums, block.rows(slice(low, low + _LINKS_AT_ONCE)), worlds, year, shared)
    return {key: (flow, yuan) for key, (flow, yuan) in sums.items() if yuan.any()}


def _add_flows(sums, part: Block, worlds: Worlds, year: int, shared: dict) -> None:
    draws = part.draws(worlds, year, shared)
    for flow in part.flows:
        if flow.payee == "household":
            yuan = flow.yuan(part.columns, draws, year)
            every = np.broadcast_to(yuan, (len(part.household), worlds.draws))
            sums[part.one.name, flow.role, flow.name][1][:] += every.sum(axis=0, dtype=float)


def _ranks(worlds: Worlds, number: Number, year: int) -> np.ndarray:
    values = worlds.shared(number.name, year=year)[0]
    return values if number.shape == "event" else np.argsort(np.argsort(values)) / len(values)


def _explained(driver: np.ndarray, total: np.ndarray) -> float:
    """Share of the variance of `total` that a smooth curve in `driver` explains; 0 where noise explains as much."""
    if total.var() == 0 or driver.var() == 0:
        return 0.0
    degree = _degree(driver)
    fitted = np.polynomial.Polynomial.fit(driver, total, degree)(driver)
    left = np.sum((total - fitted) ** 2) / np.sum((total - total.mean()) ** 2)
    share = 1 - left * (len(total) - 1) / (len(total) - 1 - degree)
    return float(share) if share > _NOISE * degree / len(total) else 0.0


def _row(livelihood: str, number: Number, share: float, share_of_livelihood: float) -> dict:
    return {
        "livelihood": livelihood,
        "parameter": number.name,
        "label_zh": number.label.zh,
        "label_en": number.label.en,
        "unit": number.unit,
        "varies": number.varies,
        "share": share,
        "share_of_livelihood": share_of_livelihood,
        "grade": number.source.grade,
        "kind": number.source.kind,
        "source": number.source.title,
    }
