"""Two estimates beside each other as bars: totals with intervals, persons, a bar a county. HTML and SVG, no script."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np
import pandas as pd

from eco.income.comparison import compare
from eco.income.gains import Gains
from eco.phrases import WORDS, Phrase
from eco.records.showing import heading
from eco.units import YUAN_PER_WAN

_TOTALS = ("gain_yuan", "gain_recurrent_yuan", "persons_gaining", "persons_above_line_with")
_BEFORE, _NOW, _INK = "#9aa3ab", "#0b6e99", "#333"
_WIDE, _LEFT, _BAR_PX = 300, 6, 9


def what_if_html(before: Gains, now: Gains, changes: Iterable[Phrase], *, year: int) -> str:
    """What changed, the totals before and now with the difference world by world, and the counties' gains."""
    parts = [_changes(list(changes)), _totals(before, now, year), _counties(before, now, year)]
    return f'<div style="color:{_INK};font-size:13px;line-height:1.4">{"".join(parts)}</div>'


def _changes(changes: list[Phrase]) -> str:
    if not changes:
        return f"<p>{_said(WORDS['slider_start'])}</p>"
    rows = "".join(f"<li>{_said(change)}</li>" for change in changes)
    return (
        f'<p style="margin-bottom:0">{_said(WORDS["slider_changes"])}</p><ul style="margin-top:0">{rows}</ul>'
    )


def _totals(before: Gains, now: Gains, year: int) -> str:
    ours, theirs = before.totals(year), now.totals(year)
    change = compare(before, now, year=year).set_index("measure")
    rows = []
    for name in _TOTALS:
        pair = [
            _per(name) * table.loc[name, ["mean", "p10", "p90"]].to_numpy(float) for table in (ours, theirs)
        ]
        if not np.isfinite(pair).all():
            continue  # no line is known for the year
        moved = _per(name) * change.loc[name, ["difference", "p10", "p90"]].to_numpy(float)
        words = heading(name) or Phrase(name, name)
        unit = WORDS["slider_wan" if _per(name) != 1 else "slider_persons"]
        cells = (
            f"{_said(words)}<br><small>{unit.zh} {unit.en}</small>",
            _pair_svg(pair),
            "<br>".join(_interval(one) for one in pair),
            _interval(moved, signed=True) if now is not before else "–",
        )
        rows.append(_row(cells))
    key = (
        f'<span style="color:{_BEFORE}">■</span> {_said(WORDS["slider_before"])} '
        f'<span style="color:{_NOW}">■</span> {_said(WORDS["slider_now"])}'
    )
    heads = ("", key, "P10 … P90", _said(WORDS["slider_difference"]))
    return f"<table>{_row(heads, 'th')}{''.join(rows)}</table><small>{_said(WORDS['slider_bars'])}</small>"


def _counties(before: Gains, now: Gains, year: int) -> str:
    gain = pd.DataFrame({"before": _by_county(before, year), "now": _by_county(now, year)}) / YUAN_PER_WAN
    places = before.exposure.project.counties.sort_values("code")
    names = dict(zip(places["code"].str[:6], places["name"]))
    span = _span(gain.to_numpy(float))
    rows = []
    for code, *own in gain.itertuples():
        one, other = (np.array([value]) for value in own)
        said = f"{one[0]:,.0f} → {other[0]:,.0f}" if now is not before else f"{one[0]:,.0f}"
        rows.append(_row((escape(str(names.get(code, code))), _pair_svg([one, other], span), said)))
    title, unit = WORDS["slider_counties"], WORDS["slider_wan"]
    return (
        f'<p style="margin-bottom:0"><b>{title.zh}</b> {title.en} <small>({unit.zh} {unit.en})</small></p>'
        f"<table>{''.join(rows)}</table>"
    )


def _by_county(gains: Gains, year: int) -> pd.Series:
    """Mean gain by county code, yuan; `Gains.by` would work out more than is drawn."""
    answer = gains.answer(year)
    return pd.Series(answer.worlds["gain_yuan"].mean(axis=1), answer.villages.str[:6]).groupby(level=0).sum()


def _per(name: str) -> float:
    return 1 / YUAN_PER_WAN if name.endswith("_yuan") else 1.0


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    return low, high if high > low else low + 1


def _pair_svg(pair: list[np.ndarray], span: tuple[float, float] | None = None) -> str:
    """Two bars from 0, unchanged above what-if; each is a mean, or a mean with P10 and P90."""
    low, high = span or _span(np.concatenate(pair))

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_WIDE - 2 * _LEFT)

    shapes = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{2 * _BAR_PX + 8}" stroke="#888"/>']
    for at, (values, colour) in enumerate(zip(pair, (_BEFORE, _NOW))):
        top, left, right = 3 + at * (_BAR_PX + 2), *sorted((x(0), x(float(values[0]))))
        shapes.append(
            f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 0.5):.1f}" height="{_BAR_PX}" fill="{colour}"/>'
        )
        if len(values) == 3:
            middle, ends = top + _BAR_PX / 2, (x(float(values[1])), x(float(values[2])))
            shapes.append(
                f'<path d="M{ends[0]:.1f} {middle}H{ends[1]:.1f}M{ends[0]:.1f} {top + 1}v{_BAR_PX - 2}'
                f'M{ends[1]:.1f} {top + 1}v{_BAR_PX - 2}" stroke="{_INK}" fill="none"/>'
            )
    return f'<svg width="{_WIDE}" height="{2 * _BAR_PX + 8}" role="img">{"".join(shapes)}</svg>'


def _interval(values: np.ndarray, *, signed: bool = False) -> str:
    mean, low, high = (f"{value + 0:{'+' if signed else ''},.0f}" for value in values)
    return f'<span style="white-space:nowrap"><b>{mean}</b> <small>({low} … {high})</small></span>'


def _row(cells: Iterable[str], kind: str = "td") -> str:
    style = ' style="text-align:left;padding:2px 8px;vertical-align:top;font-weight:normal;font-size:13px"'
    return "<tr>" + "".join(f"<{kind}{style}>{cell}</{kind}>" for cell in cells) + "</tr>"


def _said(words: Phrase) -> str:
    zh, en = escape(words.zh), escape(words.en)
    return f'{zh} <small style="color:#666">{en}</small>' if en != zh else zh
