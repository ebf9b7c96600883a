"""The front of two aims as a picture: every point a plan, what is more of one beside what is less of the other."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eco.phrases import word
from eco.planning.fronts import AMOUNTS
from eco.sharing.ink import INK, QUIET, RULE, SIZE_IN, drawn, ink
from eco.sharing.styles import RAMPS
from eco.units import YUAN_PER_WAN

_SHOWN_DPI = 110
_BLUE = RAMPS["per_head"][3]
_BOX = (0.11, 0.13, 0.85, 0.72)


class FrontPicture(Figure):
    """A figure that Jupyter shows by itself, whether or not pyplot was ever called."""

    def _repr_png_(self) -> bytes:
        with BytesIO() as drawn_here:
            self.savefig(drawn_here, format="png", dpi=_SHOWN_DPI)
            return drawn_here.getvalue()


def front_picture(front: pd.DataFrame, *, lang: str = "zh") -> Figure:
    """A front of `eco.front` drawn: the aim it is most of upwards, the other to the right, bounds as a thin line."""
    with ink("plan"):
        return _figure(front, lang)


def front_png(front: pd.DataFrame, *, lang: str = "zh") -> bytes:
    """The picture as PNG, the same bytes every time on the same machine; DataProblem for a sign no type here has."""
    with ink("plan"):
        return drawn(_figure(front, lang), title=word("plan_front", lang))[".png"]


def _figure(front: pd.DataFrame, lang: str) -> Figure:
    of, against = front.attrs["of"], front.attrs["against"]
    up, right = (_scaled(front[AMOUNTS[name]], name) for name in (of, against))
    bound = _scaled(front["bound"], of)
    figure = FrontPicture(figsize=SIZE_IN["chart"], facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.035, 0.94, word("plan_front", lang), fontsize=15, va="center", fontweight="bold")
    figure.text(0.035, 0.89, word("plan_front_why", lang), fontsize=9, va="center", color=QUIET)
    axes = figure.add_axes(_BOX)
    # A bound holds for all plans with the level of its point or more: from there to the right.
    levels = np.append(_scaled(front["at_least"], against), right[-1])
    passed = word("plan_front_bound", lang)
    axes.step(
        levels, np.append(bound, bound[-1]), where="post", color=QUIET, lw=0.9, ls=(0, (4, 3)), label=passed
    )
    axes.plot(right, up, "-o", color=_BLUE, lw=1.6, ms=5, label=word("plan_front_plans", lang))
    for at in {0, len(front) - 1}:
        households = word("plan_front_homes", lang).format(count=f"{front['households'].iloc[at]:,}")
        side, aside = ("left", (0, 8)) if at == 0 else ("right", (-8, -3))
        axes.annotate(
            households, (right[at], up[at]), aside, textcoords="offset points", ha=side,
            fontsize=8, color=INK,
        )  # fmt: skip
    axes.set_xlabel(word(f"plan_front_{against}", lang))
    axes.set_ylabel(word(f"plan_front_{of}", lang))
    axes.grid(color=RULE, lw=0.6)
    axes.set_axisbelow(True)
    axes.margins(0.08, 0.14)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.6g}".replace("-", "\u2212"))
    axes.legend(loc="lower left", frameon=False, fontsize=8)
    return figure


def _scaled(amounts: pd.Series, name: str) -> np.ndarray:
    """Persons and mu as they are, yuan in ten thousands."""
    return amounts.to_numpy(float) / (YUAN_PER_WAN if name in ("gap", "gain") else 1)
