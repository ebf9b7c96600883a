"""The report of an edition: one page that a leader reads, and up to ten that an expert does; all of it in one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eco.files import write_text
from eco.income.influence import doubts_in_words
from eco.phrases import word
from eco.sharing.expert import figure, passages, wan
from eco.sharing.maps.page import data_uri, policy_for, refuse_outside
from eco.sharing.pages import report_template
from eco.sharing.release import Release

# The three numbers of the leader's page: the first of these that the release tells.
_NUMBERS = (
    "gain_recurrent_yuan",
    "gain_one_off_yuan",
    "crossing_up",
    "persons_gaining",
    "gain_economic_yuan",
    "gross_receipts_yuan",
)
_PICTURES = {
    "map": "map",
    "gain_by_place": "places",
    "gain_by_year": "years",
    "accounts": "accounts",
    "drivers": "drivers",
}


def write_edition_report(path: Path | str, told: Release, *, pictures: Sequence[Path | str] = ()) -> Path:
    """Write one HTML page with no script and nothing to load, to read on a screen and to print on A4.

    `pictures` are PNG files as `write_pictures` names them; the map stands on the first page, the others beside what
    they show. What the release does not hold is left out. A public report without a review number has its watermark
    across every sheet. The same release and pictures give the same bytes. DataProblem on a full disk, and no half file.
    """
    page = report_template("edition_report.html")
    values = {
        "lang": "zh-CN" if told.lang == "zh" else "en",
        "say": lambda key, **filled: word(f"report_{key}", told.lang).format(**filled),
        "sheet": told.sheet,
        "year": told.year,
        "title": title_of(told),
        "question": word("brief_question_text", told.lang).format(project=told.sheet.project, year=told.year),
        "answer": _answer(told),
        "numbers": _numbers(told),
        "cautions": list(_cautions(told)),
        "pictures": _pictures(pictures, told.lang),
        "passages": list(passages(told)),
    }
    text = page.render(policy="", **values)
    text = page.render(policy=policy_for(text), **values)
    refuse_outside(text)
    write_text(path, text)
    return Path(path)


def title_of(told: Release) -> str:
    """The title of a report: the project, what it is, the year."""
    return f"{told.sheet.project} · {word('report_title', told.lang)} · {told.year}"


def _pictures(paths: Sequence[Path | str], lang: str) -> Mapping[str, dict[str, str]]:
    """Pictures by name as the page carries them, each with words for who cannot see it."""
    answer = {}
    for path in map(Path, paths):
        if path.stem in _PICTURES:
            key = f"report_picture_{_PICTURES[path.stem]}"
            answer[path.stem] = {"uri": data_uri(path.read_bytes(), "image/png"), "alt": word(key, lang)}
    return answer


def _answer(told: Release) -> str:
    if told.totals is None or "gain_yuan" not in told.totals.index:
        return word("report_no_total", told.lang)
    row = told.totals.loc["gain_yuan"]
    return word("report_answer", told.lang).format(**{end: wan(row[end]) for end in ("mean", "p10", "p90")})


def _numbers(told: Release) -> list[dict[str, str]]:
    """Three numbers with their intervals."""
    if told.totals is None:
        return []
    answer = []
    for name in [name for name in _NUMBERS if name in told.totals.index][:3]:
        row = told.totals.loc[name]
        if row["mean"] != row["mean"]:
            continue
        yuan = name.endswith("_yuan")
        mean, low, high = (
            wan(row[end]) if yuan else figure(row[end], "whole") for end in ("mean", "p10", "p90")
        )
        unit = word("report_wan" if yuan else "layer_unit_persons", told.lang)
        answer.append(
            {
                "label": word(f"report_number_{name}", told.lang),
                "value": mean,
                "unit": unit,
                "range": f"{word('report_range', told.lang)} {low} … {high}",
            }
        )
    return answer


def _cautions(told: Release) -> Iterator[str]:
    """What not to conclude."""
    for key in ("model", "line", "accounts"):
        yield word(f"report_not_{key}", told.lang)
    hidden = any(frame["shown"].eq(False).any() for frame in told.places.values() if "shown" in frame)
    if hidden:
        yield word("report_not_zero", told.lang)
    if told.drivers is not None and not told.drivers.empty:
        yield doubts_in_words(told.drivers).say(told.lang)
