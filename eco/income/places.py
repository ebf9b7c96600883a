"""What a year came to place by place, and what every household of it adds: streamed, never household by world.

Shares over worlds are means: the share of the judged persons above the line is the expected number over its base.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eco.income.accounts import COMMON_PARAMETERS, Booking, Stream, base_income
from eco.income.gains import LEVELS, PAY_GIVEN_UP, Gains, quantiles
from eco.income.tallies import add_outer, add_rows
from eco.livelihoods import Flow
from eco.parameters.draws import Draws, Worlds
from eco.records.tables import POOR_TYPES

_CODE_LENGTH = {"county": 6, "township": 9, "village": 12}
_FLOW_COLUMNS = (
    *("code", "livelihood", "label_zh", "label_en", "income_class", "recurrent"),
    *("yuan_mean", "yuan_p10", "yuan_p90", "grade"),
)
_CENT = 0.01
_ROWS_LOOKED_AT = 64


def cut_codes(villages: pd.Series | pd.Index, level: str) -> pd.Index:
    """Codes of the places of a level that villages (12 digits) lie in.

    >>> list(cut_codes(pd.Index(["621102101203"]), "township"))
    ['621102101000']
    """
    cut = pd.Index(villages).astype(str).str[: _CODE_LENGTH[level]]
    return cut + "000" if level == "township" else cut


def left_out(gains: Gains) -> pd.Series:
    """Whether a registered household holds no link at all, recorded or inferred: boolean by household_id."""
    homes = gains.exposure.project.households
    own = gains.exposure.households.set_index("household_id")[["linked", "inferred"]].astype(bool)
    linked = own.any(axis=1).reindex(homes["household_id"], fill_value=False).to_numpy()
    registered = homes["register_type"].isin(POOR_TYPES).to_numpy()
    return pd.Series(registered & ~linked, index=pd.Index(homes["household_id"]))


def one_off_share(one_off: pd.Series, recurrent: pd.Series) -> pd.Series:
    """The one-off part of a gain, 0..1: |one-off| / (|one-off| + |recurrent|); NaN where there is none of both."""
    size = one_off.abs() + recurrent.abs()
    return one_off.abs() / size.where(size > _CENT)


def place_shares(gains: Gains, level: str, year: int | None = None) -> pd.DataFrame:
    """Shares of every place of a level that has households, indexed by code.

    one_off_share, chance_above_line and chance_above_line_without (of the judged persons; NaN where nobody is judged
    or no line is known), persons_left_out and left_out_share (of the persons of registered households; NaN where
    there is none).
    """
    answer = gains.answer(year)
    homes = answer.households
    code = cut_codes(homes["village_code"], level)
    registered = gains.exposure.project.households.set_index("household_id")["register_type"]
    poor = registered.reindex(homes["household_id"]).isin(POOR_TYPES).to_numpy()
    out = left_out(gains).reindex(homes["household_id"]).to_numpy()
    sums = pd.DataFrame(
        {
            "one_off": homes["gain_one_off_yuan"],
            "recurrent": homes["gain_recurrent_yuan"],
            "persons_left_out": homes["persons"].where(out, 0),
            "registered": homes["persons"].where(poor, 0),
        }
    )
    sums = sums.groupby(code).sum()
    table = pd.DataFrame({"one_off_share": one_off_share(sums["one_off"], sums["recurrent"])})
    table = table.join(_above_line(answer, level))
    table["persons_left_out"] = sums["persons_left_out"]
    table["left_out_share"] = sums["persons_left_out"] / sums["registered"].where(sums["registered"] > 0)
    return table.rename_axis("code")


def _above_line(answer, level: str) -> pd.DataFrame:
    """The expected share of the judged persons above the line, with and without the programme."""
    rows = pd.DataFrame(
        {
            "with": answer.worlds["persons_above_line_with"].mean(axis=1, dtype=float),
            "without": answer.worlds["persons_above_line_without"].mean(axis=1, dtype=float),
            "judged": answer.persons_judged,
        }
    )
    sums = rows.groupby(cut_codes(answer.villages, level)).sum(min_count=1)
    judged = sums["judged"].where(sums["judged"] > 0)
    return pd.DataFrame(
        {"chance_above_line": sums["with"] / judged, "chance_above_line_without": sums["without"] / judged}
    )


def chances_without(gains: Gains, year: int | None = None) -> pd.Series:
    """Each household's chance of standing above the line without the programme, by household_id.

    NaN where no line is known or nobody says whether the base holds the programme.
    """
    answer = gains.answer(year)
    parts = []
    for linked in (False, True):
        worlds = Worlds(gains.numbers, gains.draws if linked else 1, gains.seed)
        stream = Stream.of(gains.exposure, worlds, year=answer.year, linked=linked)
        for cut in stream.cuts(gains.chunk_households):
            homes = stream.part(cut)
            line = np.nan if answer.line is None else answer.line
            known = (homes["base_includes_programme"] != "unknown") & np.isfinite(line)
            above = (base_income(stream, cut, answer.year) >= np.float32(line)).mean(axis=1)
            parts.append(pd.Series(np.where(known, above, np.nan), index=homes["household_id"]))
    every = pd.concat(parts) if parts else pd.Series(dtype=float)
    return every.reindex(answer.households["household_id"])


def flows_by_place(
    gains: Gains, year: int | None = None, *, levels: tuple[str, ...] = tuple(LEVELS)
) -> dict[str, pd.DataFrame]:
    """Yuan a year by place and flow, by level; a place's flows and the pay its people give up add up to its gain.

    Columns: code, livelihood, label_zh, label_en, income_class, recurrent, yuan_mean, yuan_p10, yuan_p90 (over
    worlds), grade (the worst of the sources of the numbers that the flow asks for; "" where it asks for none). Flows
    that come to nothing are left out. Villages x worlds of one livelihood's role are held at a time.
    """
    answer = gains.answer(year)
    stream = Stream.of(
        gains.exposure, Worlds(gains.numbers, gains.draws, gains.seed), year=answer.year, linked=True
    )
    of_home = answer.villages.get_indexer(stream.homes["village_code"])
    every = {recurrent: np.zeros((len(answer.villages), gains.draws)) for recurrent in (True, False)}
    parts: dict[str, list[pd.DataFrame]] = {level: [] for level in levels}
    for flow, livelihood, yuan, grade in _flows(gains, stream, of_home, answer):
        every[flow.recurrent] += yuan
        who = (livelihood, *flow.label, flow.income_class, flow.recurrent)
        for level in levels:
            parts[level].append(_rows(yuan, answer.villages, level, who, grade))
    recurrent = answer.worlds["gain_recurrent_yuan"]
    common = _worst(gains, set(COMMON_PARAMETERS))
    for recurs, gain in ((True, recurrent), (False, answer.worlds["gain_yuan"] - recurrent)):
        given_up = gain - every[recurs]
        given_up[np.abs(given_up) < _CENT] = 0
        who = ("labour", *PAY_GIVEN_UP, "wage", recurs)
        for level in levels:
            parts[level].append(_rows(given_up, answer.villages, level, who, common))
    return {
        level: pd.concat(rows).sort_values(["code", "livelihood"], kind="stable", ignore_index=True)
        for level, rows in parts.items()
    }


def _flows(gains: Gains, stream: Stream, of_home: np.ndarray, answer) -> Iterator[tuple]:
    """Flow, livelihood, yuan (villages, draws) and grade, one livelihood's role after the other."""
    groups: dict[tuple[str, str], list[Booking]] = {}
    for booking in stream.bookings:
        groups.setdefault((booking.block.one.name, booking.block.role), []).append(booking)
    seen: dict = {}
    for (livelihood, _), bookings in groups.items():
        sums = {name: np.zeros((len(answer.villages), gains.draws)) for name in bookings[0].flows}
        asked: dict[str, set[str]] = {name: set() for name in sums}
        for booking in bookings:
            for name, at, column, worlds in booking.worked_out(0, len(stream), stream.shared):
                if name in sums:
                    _add(sums[name], of_home[at], column, worlds)
            for name, flow in booking.flows.items():
                asked[name] |= _asked(flow, booking, answer.year, seen)
        for name, yuan in sums.items():
            yield bookings[0].flows[name], livelihood, yuan, _worst(gains, asked[name])


def _add(total: np.ndarray, at: np.ndarray, column: np.ndarray | None, worlds: np.ndarray) -> None:
    if column is None:
        add_rows(total, at, worlds)
    else:
        add_outer(total, at, column, worlds)


class _Listening:
    """Numbers by name, which remembers the names it was asked for."""

    def __init__(self, draws: Draws):
        self.draws, self.asked = draws, set[str]()

    def __getitem__(self, name: str) -> np.ndarray:
        self.asked.add(name)
        return self.draws[name]


def _asked(flow: Flow, booking: Booking, year: int, seen: dict) -> set[str]:
    """Names of the numbers a flow asks for on the first links of a booking; `seen` keeps one world of shared ones."""
    block = booking.block.rows(slice(0, _ROWS_LOOKED_AT))
    program = booking.program
    listening = _Listening(block.draws(Worlds(program.worlds.numbers, 1, program.worlds.seed), year, seen))
    flow.yuan(block.columns, listening, year)
    return listening.asked


def _worst(gains: Gains, names: set[str]) -> str:
    """The worst grade among numbers: the last letter."""
    return max((gains.numbers[name].source.grade for name in names), default="")


def _rows(yuan: np.ndarray, villages: pd.Index, level: str, who: tuple, grade: str) -> pd.DataFrame:
    codes, of_place = np.unique(cut_codes(villages, level), return_inverse=True)
    worlds = np.add.reduceat(yuan, np.flatnonzero(np.diff(of_place, prepend=-1)), axis=0)
    some = worlds.any(axis=1)
    codes, worlds = codes[some], worlds[some]
    p10, _, p90 = quantiles(worlds)
    rows = [(code, *who, *spread, grade) for code, *spread in zip(codes, worlds.mean(axis=1), p10, p90)]
    return pd.DataFrame(rows, columns=_FLOW_COLUMNS)
