"""An edition as a Word brief of two pages: question, answer with its interval, one table, charts, doubts, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from eco.files import whole_file
from eco.phrases import word
from eco.sharing.columns import HIDDEN, NOBODY, UNKNOWN
from eco.sharing.office import plain_text, without_traces
from eco.sharing.release import Release
from eco.units import YUAN_PER_WAN

_BODY, _HEAD, _LATIN = "仿宋", "黑体", "Times New Roman"  # on every Chinese Windows
_INK, _QUIET, _STAMP, _FILL = (
    RGBColor(0x1F, 0x24, 0x30),
    RGBColor(0x4A, 0x51, 0x60),
    RGBColor(0xC2, 0x41, 0x0C),
    "E4EDF4",
)
_ROWS, _DRIVERS, _NOTE_SIGNS = 12, 4, 420
_WIDTH_MM = 166.0
_SIZES = {"title": 20.0, "head": 13.0, "text": 11.0, "table": 9.5, "small": 8.5}


def write_brief(path: Path | str, told: Release, *, pictures: Sequence[Path | str] = ()) -> Path:
    """Write an edition as a .docx of two A4 pages, Chinese type named beside Latin, with no author and no dates.

    `pictures` are PNG files, shown side by side under the table. What the release does not hold is left out. The
    same release and pictures give the same bytes.
    """
    path = Path(path)
    with whole_file(path) as draft:
        document = _blank(told)
        _opening(document, told)
        _answer(document, told)
        _table(document, told)
        _charts(document, told, pictures)
        _doubts(document, told)
        _sources(document, told)
        document.save(str(draft))
        without_traces(draft, title=_title(told))
    return path


def _say(told: Release, key: str, **values: object) -> str:
    return word(f"brief_{key}", told.lang).format(**values)


def _title(told: Release) -> str:
    return f"{told.sheet.project} · {_say(told, 'title')} · {told.year}"


def _blank(told: Release):
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin, section.bottom_margin = Mm(18), Mm(16)
    normal = document.styles["Normal"]
    normal.font.size = Pt(_SIZES["text"])
    normal.paragraph_format.space_after = Pt(3)
    normal.paragraph_format.line_spacing = 1.2
    _type(normal.element.get_or_add_rPr(), _BODY)
    stamp = told.sheet.watermark or told.sheet.stamp
    _line(section.header.paragraphs[0], stamp, "small", colour=_STAMP, align=WD_ALIGN_PARAGRAPH.RIGHT)
    foot = section.footer.paragraphs[0]
    _line(foot, f"{told.sheet.label}　", "small", colour=_QUIET, align=WD_ALIGN_PARAGRAPH.CENTER)
    before, _, after = _say(told, "page", page="\n").partition("\n")
    _line(foot, before, "small", colour=_QUIET)
    _page_number(foot)
    _line(foot, after, "small", colour=_QUIET)
    return document


def _type(properties, name: str) -> None:
    """Latin and Chinese type of a run or style: Word takes the Chinese one from w:eastAsia alone."""
    fonts = properties.get_or_add_rFonts()
    for kind, font in (("ascii", _LATIN), ("hAnsi", _LATIN), ("cs", _LATIN), ("eastAsia", name)):
        fonts.set(qn(f"w:{kind}"), font)


def _line(paragraph, text: object, size: str, *, colour=_INK, head: bool = False, align=None):
    """A text at the end of a paragraph, as a run of its own."""
    run = paragraph.add_run(plain_text(text))
    run.font.size, run.font.color.rgb, run.font.bold = Pt(_SIZES[size]), colour, head
    _type(run._element.get_or_add_rPr(), _HEAD if head else _BODY)
    if align is not None:
        paragraph.alignment = align
    return run


def _page_number(paragraph) -> None:
    """The field that Word fills in: each of its parts in a run of its own, so that it keeps the size of the line."""
    for kind, text in (("begin", None), ("", "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        element.text = text
        _line(paragraph, "", "small", colour=_QUIET)._element.append(element)


def _heading(document, text: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.keep_with_next = Pt(9), True
    _line(paragraph, text, "head", head=True)


def _text(document, text: str, size: str = "text", *, above_pt: float = 0) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(above_pt)
    _line(paragraph, text, size, colour=_INK if size == "text" else _QUIET)


def _opening(document, told: Release) -> None:
    title = document.add_paragraph()
    _line(title, told.sheet.project, "head", colour=_QUIET, align=WD_ALIGN_PARAGRAPH.CENTER)
    title = document.add_paragraph()
    _line(title, f"{_say(told, 'title')} · {told.year}", "title", head=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    _heading(document, _say(told, "question"))
    _text(document, _say(told, "question_text", project=told.sheet.project, year=told.year))


def wan(yuan: float | None) -> str:
    """Yuan as ten thousands, or the sign of a number that is not there.

    >>> wan(1_234_567.0), wan(None)
    ('123.5', '…')
    """
    return UNKNOWN if yuan is None or yuan != yuan else f"{yuan / YUAN_PER_WAN:,.1f}"


def _answer(document, told: Release) -> None:
    _heading(document, _say(told, "answer"))
    counted = _counted(told)
    if counted:
        _text(document, _say(told, "answer_households", **counted))
    said = list(_answers(told))
    for text in said or [_say(told, "no_numbers")]:
        _text(document, text)


def _counted(told: Release) -> dict[str, str]:
    """Households and persons of the file, where the edition shows those of every county."""
    counties = told.places["county"]
    if "households" not in counties or counties["households"].isna().any():
        return {}
    return {name: f"{counties[name].sum():,.0f}" for name in ("households", "persons")}


def _answers(told: Release) -> Iterable[str]:
    if told.totals is None:
        return
    rows: Mapping[str, Mapping[str, float]] = {str(name): row for name, row in told.totals.iterrows()}
    if "gain_yuan" in rows:
        yield _say(
            told, "answer_gain", **{end: wan(rows["gain_yuan"][end]) for end in ("mean", "p10", "p90")}
        )
    if {"gain_recurrent_yuan", "gain_one_off_yuan"} <= set(rows):
        ends = {end: wan(rows["gain_recurrent_yuan"][end]) for end in ("mean", "p10", "p90")}
        yield _say(told, "answer_recurrent", one_off=wan(rows["gain_one_off_yuan"]["mean"]), **ends)
    if "crossing_up" in rows and rows["crossing_up"]["mean"] == rows["crossing_up"]["mean"]:
        up, low, high = (f"{rows['crossing_up'][end]:,.0f}" for end in ("mean", "p10", "p90"))
        yield _say(told, "answer_line", up=up, low=low, high=high)
    if {"gross_receipts_yuan", "gain_economic_yuan"} <= set(rows):
        gross, economic = (wan(rows[name]["mean"]) for name in ("gross_receipts_yuan", "gain_economic_yuan"))
        yield _say(told, "answer_gross", gross=gross, economic=economic)


def _shown_level(told: Release) -> str:
    """Counties where there are several, else townships."""
    return "county" if len(told.places["county"]) > 1 else "township"


def _table(document, told: Release) -> None:
    level = _shown_level(told)
    frame = told.places[level]
    if "gain_yuan_mean" not in frame:
        return
    _heading(document, _say(told, "table"))
    order = frame.sort_values("gain_yuan_mean", ascending=False, kind="stable", na_position="last")
    heads = [
        *(word(level, told.lang), word("map_households_count", told.lang), word("map_persons", told.lang)),
        *(_say(told, "gain_wan"), _say(told, "interval"), _say(told, "per_head")),
    ]
    rows = [_row(told, row) for _, row in order.head(_ROWS).iterrows()]
    _grid(document, heads, rows, [0.2, 0.14, 0.11, 0.18, 0.21, 0.16])
    if len(frame) > _ROWS:
        _text(document, _say(told, "table_more", count=len(frame) - _ROWS), "small", above_pt=3)
    signs = {text for row in rows for text in row}
    meant = [
        word(f"book_{key}", told.lang)
        for sign, key in ((HIDDEN, "hidden"), (NOBODY, "nobody"))
        if sign in signs
    ]
    if meant:
        _text(document, "　".join(meant), "small", above_pt=3)


def _row(told: Release, row: pd.Series) -> list[str]:
    """One place: a number that may not be shown is a sign."""
    state = row.get("shown", True)
    sign = HIDDEN if state is False or state == 0 else NOBODY if state is None or state != state else UNKNOWN

    def number(name: str) -> str:
        return sign if row[name] != row[name] else f"{row[name]:,.0f}"

    low, mean, high = (row[f"gain_yuan_{end}"] for end in ("p10", "mean", "p90"))
    missing = mean != mean
    interval = sign if missing else f"{wan(low)} – {wan(high)}"
    gain = sign if missing else wan(mean)
    name = plain_text(row["name"])
    return [name, number("households"), number("persons"), gain, interval, number("gain_per_head_mean")]


def _grid(document, heads: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float]) -> None:
    table = document.add_table(rows=1 + len(rows), cols=len(heads))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    for column, share in zip(table.columns, shares):
        column.width = Mm(_WIDTH_MM * share)
    cells = table._cells  # asked for once: each look-up walks the whole table
    for place, text in enumerate([*heads, *(text for row in rows for text in row)]):
        line, column = divmod(place, len(heads))
        cell = cells[place]
        cell.width = Mm(_WIDTH_MM * shares[column])
        right = line > 0 and column > 0
        align = (
            WD_ALIGN_PARAGRAPH.RIGHT
            if right
            else WD_ALIGN_PARAGRAPH.LEFT
            if line
            else WD_ALIGN_PARAGRAPH.CENTER
        )
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(0)
        _line(paragraph, text, "table", head=line == 0, align=align)
        if line == 0:
            shade = OxmlElement("w:shd")
            for key, value in (("val", "clear"), ("color", "auto"), ("fill", _FILL)):
                shade.set(qn(f"w:{key}"), value)
            cell._element.get_or_add_tcPr().append(shade)
    repeated = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _charts(document, told: Release, pictures: Sequence[Path | str]) -> None:
    if not pictures:
        return
    _heading(document, _say(told, "chart"))
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for picture in pictures:
        paragraph.add_run().add_picture(str(picture), width=Mm(_WIDTH_MM / min(len(pictures), 2) - 1))


def _doubts(document, told: Release) -> None:
    said = list(_doubts_said(told))
    if said:
        _heading(document, _say(told, "doubts"))
    for text in said:
        _text(document, text)


def _doubts_said(told: Release) -> Iterable[str]:
    if told.drivers is not None and not told.drivers.empty:
        rows = told.drivers[told.drivers["share"] > 0].drop_duplicates("parameter").head(_DRIVERS)
        names = [
            _say(
                told,
                "driver",
                name=row[f"label_{told.lang}"],
                share=f"{row['share']:.0%}",
                grade=row["grade"],
            )
            for _, row in rows.iterrows()
        ]
        if names:
            yield _say(
                told, "doubts_drivers", names="、".join(names) if told.lang == "zh" else "; ".join(names)
            )
        if (rows["grade"] == "D").any():
            yield _say(told, "doubts_grade")
    counties = told.places["county"]
    if "persons_left_out" in counties and counties["persons_left_out"].notna().all():
        yield _say(told, "doubts_left_out", persons=f"{counties['persons_left_out'].sum():,.0f}")
    hidden = sum(int(frame["shown"].eq(False).sum()) for frame in told.places.values() if "shown" in frame)
    if hidden:
        yield _say(told, "doubts_hidden", count=hidden)


def _sources(document, told: Release) -> None:
    _heading(document, _say(told, "sources"))
    notes = [note for note in told.sheet.notes if note != word("sheet_made_with", told.lang)]
    if told.drivers is not None and "source" in told.drivers:
        rows = told.drivers[told.drivers["share"] > 0].drop_duplicates("parameter").head(_DRIVERS)
        for _, row in rows.iterrows():
            source = word("source_judgement", told.lang) if row["kind"] == "judgement" else row["source"]
            _text(document, f"{row[f'label_{told.lang}']} [{row['grade']}]　{source}", "small")
    for note in notes:
        _text(document, note if len(note) <= _NOTE_SIGNS else f"{note[:_NOTE_SIGNS]}…", "small")
