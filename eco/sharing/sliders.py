"""Five sliders and what they change: the estimate again with fewer draws, beside the unchanged one, in a notebook.

A moved number is fixed at the chosen value; all others are drawn as before, in the same worlds, so that the
difference is what the move does and no chance. Links stay. At its start a slider stands at the number's mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from html import escape
from time import perf_counter
from typing import Any

from eco.income.gains import Gains, estimate_gains
from eco.income.influence import FEWEST_DRAWS, drivers
from eco.parameters.numbers import Number, Numbers
from eco.phrases import WORDS, Phrase
from eco.problems import DataProblem, Finding
from eco.records.project import Project
from eco.sharing.bars import what_if_html
from eco.waiting import quietly

MANY = 5
_STEPS = 100
# What a planner can picture: prices, wages, harvests, days, hives, chances, shares.
_PICTURED = ("yuan", "t fresh", "kg/hive", "kg/hh", "1/yr", "person-days", "hives", "mu/hh", "plants")


class WhatIf:
    """Sliders and their answer. `sliders` by name, `reset`, `now` (the Gains as the sliders stand), `seconds` it took.

    In Jupyter it shows itself; set `sliders["honey_price"].value` in code and all of it follows.
    """

    def __init__(self, gains: Gains, names: Iterable[str], *, year: int, full_draws: int):
        widgets = _widgets()
        self._gains, self._year, self._full_draws = gains, year, full_draws
        self._starts = {name: _start(gains.numbers[name]) for name in names}
        self.now, self.seconds, self._still = gains, 0.0, False
        self.sliders: Mapping[str, Any] = {
            name: _slider(widgets, gains.numbers[name], start) for name, start in self._starts.items()
        }
        self.reset = widgets.Button(description=" ".join(WORDS["slider_reset"]), icon="undo")
        self.status, self.picture = widgets.HTML(), widgets.HTML()
        rows = [
            widgets.HBox([widgets.HTML(_label(gains.numbers[name])), slider])
            for name, slider in self.sliders.items()
        ]
        top = widgets.HTML(_said_first(gains, year, full_draws))
        self.box = widgets.VBox([top, *rows, widgets.HBox([self.reset, self.status]), self.picture])
        for slider in self.sliders.values():
            slider.observe(self._moved, names="value")
        self.reset.on_click(self._reset)
        with quietly():
            gains.answer(year)
        self._draw()

    def _repr_mimebundle_(self, **more) -> dict:
        shown = self.box._repr_mimebundle_(**more)
        data = shown[0] if isinstance(shown, tuple) else shown
        return {**data, "text/html": self.picture.value, "text/plain": repr(self)}

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={slider.value:g}" for name, slider in self.sliders.items())
        return f"WhatIf({values}; {self._gains.draws} draws, {self._year})"

    @property
    def numbers(self) -> Numbers:
        """The numbers as the sliders stand; each moved one says in its source that it is a what-if."""
        numbers = self._gains.numbers
        for name, source in self.changes.items():
            value = self.sliders[name].value
            numbers = numbers.replace(name, mode=value, source=f"{source.zh} {source.en}")
        return numbers

    @property
    def changes(self) -> dict[str, Phrase]:
        """What was moved, in words, by name of the number."""
        return {
            name: _source(self._gains.numbers[name], slider.value)
            for name, slider in self.sliders.items()
            if abs(slider.value - self._starts[name]) > slider.step / 2
        }

    def _moved(self, _change) -> None:
        if not self._still:
            self._estimate()

    def _reset(self, _button) -> None:
        self._still = True  # all of them go home, then the picture is drawn once
        for name, slider in self.sliders.items():
            slider.value = self._starts[name]
        self._still = False
        self._estimate()

    def _estimate(self) -> None:
        """The estimate as the sliders stand, and its picture."""
        self.status.value = " ".join(WORDS["slider_working"])
        begun, gains = perf_counter(), self._gains
        try:
            with quietly():
                self.now = gains
                if self.changes:
                    self.now = estimate_gains(
                        gains.exposure,
                        self.numbers,
                        draws=gains.draws,
                        seed=gains.seed,
                        chunk_households=gains.chunk_households,
                    )
                self._draw()
        except DataProblem as problem:
            self.picture.value = problem._repr_html_()
        self.seconds = perf_counter() - begun
        words = WORDS["slider_took"]
        self.status.value = " ".join(text.format(seconds=f"{self.seconds:.1f}") for text in words)

    def _draw(self) -> None:
        self.picture.value = what_if_html(self._gains, self.now, self.changes.values(), year=self._year)


def sliders(
    gains: Gains, names: Iterable[str] | None = None, *, year: int | None = None, draws: int = 200
) -> WhatIf:
    """Sliders for main numbers of the model, in Jupyter: on release the answer is estimated again and drawn.

    `names` are numbers of `gains`; by default the five of `eco.drivers` that weigh most and that one can picture (of
    an event like a frost year its chance). Each moves between its own low and high. `draws` worlds answer, few enough
    for about a second. Raises DataProblem where ipywidgets is missing, or for a name that is unknown or has no range.
    """
    _widgets()
    year = gains.exposure.project.settings.default_year if year is None else int(year)
    draws = min(draws, gains.draws)
    quick = estimate_gains(
        gains.exposure,
        gains.numbers,
        draws=draws,
        seed=gains.seed,
        # Fewer worlds leave room for more households at once; the size changes no digit.
        chunk_households=gains.chunk_households * max(gains.draws // draws, 1),
    )
    chosen = _main(gains, quick, year) if names is None else list(dict.fromkeys(names))
    if flat := [name for name in chosen if not gains.numbers[name].low < gains.numbers[name].high]:
        expected = Phrase("有上下限的数", "a number with a range")
        todo = Phrase("换一个，或先给它上下限", "take another, or give it a range first")
        raise DataProblem(
            [Finding("E-NB-04", "error", "sliders", "", "names", name, expected, todo) for name in flat]
        )
    return WhatIf(quick, chosen, year=year, full_draws=gains.draws)


def _main(gains: Gains, quick: Gains, year: int) -> list[str]:
    """The numbers that weigh most, each once, of those that one can picture."""
    able = next((one for one in (quick, gains) if one.draws >= FEWEST_DRAWS), None)
    names = list(gains.numbers) if able is None else list(drivers(able, year)["parameter"])
    found: dict[str, None] = {}
    for name in names:
        number = gains.numbers[name]
        number = gains.numbers[number.chance] if number.shape == "event" else number
        if number.drawn and _pictured(number):
            found[number.name] = None
    return list(found)[:MANY]


def _pictured(number: Number) -> bool:
    return number.unit.startswith(_PICTURED) or number.unit in ("fraction", "fraction/yr")


def _start(number: Number) -> float:
    """Where its slider stands at first: the mean, on a step, so that a small move changes little."""
    step = _step(number)
    return round(number.low + round((number.mean - number.low) / step) * step, 12)


def _step(number: Number) -> float:
    """A round step, 1, 2 or 5 times a power of ten, of which about a hundred make the range."""
    wanted = (number.high - number.low) / _STEPS
    tens = 10.0 ** math.floor(math.log10(wanted))
    return max(digit * tens for digit in (1, 2, 5) if digit * tens <= wanted * (1 + 1e-9))


def _slider(widgets, number: Number, start: float):
    return widgets.FloatSlider(
        value=start,
        min=number.low,
        max=number.high,
        step=_step(number),
        continuous_update=False,
        readout_format=".0f" if _step(number) >= 1 else ".2f" if _step(number) >= 0.01 else ".4f",
        layout=widgets.Layout(width="420px"),
    )


def _label(number: Number) -> str:
    """Both names, unit, range and grade of source; all of it text."""
    grade, source = WORDS["slider_grade"], number.source
    told = f"{grade.zh} {grade.en} {source.grade or '–'} · {source.kind}"
    return (
        f'<div style="width:340px;line-height:1.3" title="{escape(source.title)}"><b>{escape(number.label.zh)}</b> '
        f"{escape(number.label.en)}<br><small>{number.low:g} – {number.mode:g} – {number.high:g} "
        f"{escape(number.unit)} · {escape(told)}</small></div>"
    )


def _source(number: Number, value: float) -> Phrase:
    words = WORDS["slider_source"]
    told = {"zh": number.label.zh, "en": number.label.en, "unit": number.unit, "value": f"{value:g}"}
    told |= {end: f"{getattr(number, end):g}" for end in ("low", "mode", "high")}
    return Phrase(words.zh.format(**told), words.en.format(**told))


def _said_first(gains: Gains, year: int, full_draws: int) -> str:
    project: Project = gains.exposure.project
    title, note, draws = (WORDS[f"slider_{key}"] for key in ("title", "note", "draws"))
    count = (text.format(draws=gains.draws, full=full_draws, year=year) for text in draws)
    return (
        f"<b>{escape(project.settings.name)} · {title.zh} {title.en}</b><br>{note.zh}"
        f"<br><small>{note.en}<br>{' · '.join(count)}</small>"
    )


def _widgets():
    """ipywidgets; DataProblem says how to get it."""
    try:
        import ipywidgets
    except ImportError as error:
        expected = Phrase('ipywidgets：pip install "eco[jupyter]"', 'ipywidgets: pip install "eco[jupyter]"')
        todo = Phrase("安装后重启内核", "install it and start the kernel again")
        found = "无 ipywidgets / none"
        raise DataProblem([Finding("E-NB-03", "error", "sliders", "", "", found, expected, todo)]) from error
    return ipywidgets
