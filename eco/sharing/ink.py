"""Paper and ink of static pictures: type that has every sign, one size of sheet, PNG and SVG without a trace."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding
from eco.sharing.release import Sheet

FONTS = ("Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "DejaVu Sans")
INK, QUIET, RULE, STAMP = "#1f2430", "#5a6170", "#d5d9dd", "#c2410c"
SIZE_IN = {"wide": (11.69, 8.27), "chart": (9.0, 5.6)}
DPI = 200
_MOST_SIGNS = 60
_NOTE_SIGNS = 108  # full-width ones a line of small print
_MISSING = re.compile(r"Glyph (\d+)")
_DOCTYPE = re.compile(r"<!DOCTYPE.*?>\s*", re.S)


def line_of(text: object, most: int = _MOST_SIGNS) -> str:
    """A text as one line of a picture: without signs that cannot be seen, cut where it runs on for ever.

    >>> line_of("a\\nb\\u202ec"), line_of("长" * 5, 3)
    ('a bc', '长长…')
    """
    # No more than can be told from its beginning: a text of the register may be of any length.
    seen = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign
        for sign in str(text)[: 4 * most]
        if unicodedata.category(sign) not in ("Cf", "Cn", "Co", "Cs")
    )
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


def rows_of(text: object, wide: int = _NOTE_SIGNS) -> list[str]:
    """A text broken into lines of at most `wide` full-width signs; a sign of a Latin letter is half as wide.

    >>> rows_of("ab cd", 2), rows_of("甲乙丙", 2)
    (['ab', 'cd'], ['甲乙', '丙'])
    """
    rows: list[str] = [""]
    for part in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", line_of(text, 2000)):
        if rows[-1] and _width(rows[-1] + part.rstrip()) > 2 * wide:
            rows.append("")
        rows[-1] += part
    return [row.strip() for row in rows]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


@contextmanager
def ink(salt: str) -> Iterator[None]:
    """What is drawn in the block is drawn the same way every time: no settings of the machine's own, no formulas.

    DataProblem at its end for a sign that no type here has.
    """
    here = [name for name in FONTS if name in set(fontManager.get_font_names())]
    with _every_sign(), matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": here or [FONTS[-1]],
                "font.size": 9,
                "text.parse_math": False,
                "text.color": INK,
                "axes.unicode_minus": True,
                "axes.edgecolor": RULE,
                "axes.labelcolor": QUIET,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "xtick.color": QUIET,
                "ytick.color": INK,
                "xtick.labelsize": 8,
                "hatch.linewidth": 0.6,
                "svg.fonttype": "none",
                "svg.hashsalt": salt,
            }
        )
        yield


def blank(sheet: Sheet, title: str, *, size: str = "chart", notes: Sequence[str] = ()) -> Figure:
    """A sheet with its title, whom it is for, its stamp, its small print, and its watermark where it has one.

    What is drawn belongs between 0.14 and 0.86 of its height.
    """
    figure = Figure(figsize=SIZE_IN[size], facecolor="white")
    FigureCanvasAgg(figure)
    high = SIZE_IN[size][1]
    figure.text(0.035, 1 - 0.34 / high, line_of(title), fontsize=15, va="center", fontweight="bold")
    under = f"{line_of(sheet.project)} · {line_of(sheet.label)}"
    figure.text(0.035, 1 - 0.64 / high, under, fontsize=9, va="center", color=QUIET)
    figure.text(
        0.965, 1 - 0.36 / high, line_of(sheet.stamp), fontsize=9, va="center", ha="right", color=STAMP
    )
    rows = [row for note in notes for row in rows_of(note, int(_NOTE_SIGNS * SIZE_IN[size][0] / 11.69))]
    for number, row in enumerate(reversed(rows)):
        figure.text(0.035, (0.16 + 0.145 * number) / high, row, fontsize=6.8, color=QUIET, va="baseline")
    if sheet.watermark:
        for across, up in ((0.22, 0.3), (0.66, 0.3), (0.4, 0.55), (0.84, 0.55), (0.22, 0.78), (0.66, 0.78)):
            figure.text(
                *(across, up, line_of(sheet.watermark)),
                fontsize=19, color="#961e14", alpha=0.16, rotation=24, ha="center", va="center", zorder=9,
            )  # fmt: skip
    return figure


def drawn(figure: Figure, *, title: str) -> dict[str, bytes]:
    """The figure by suffix, .png and .svg, without a trace of when and by what it was drawn."""
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Title": line_of(title)})
    return {".png": png.getvalue(), ".svg": _plain_svg(svg.getvalue())}


def _plain_svg(content: bytes) -> bytes:
    """Without a grammar's address and the program's name, and with type that a reader's own machine may have."""
    text = _DOCTYPE.sub("", content.decode("utf-8"), count=1).replace('id="matplotlib.', 'id="')
    here = ", ".join(f"'{name}'" for name in matplotlib.rcParams["font.family"])
    everywhere = ", ".join(f"'{name}'" for name in FONTS)
    return text.replace(here, f"{everywhere}, sans-serif").encode("utf-8")


@contextmanager
def _every_sign() -> Iterator[None]:
    """Drawing that would leave a box in place of a sign is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    missing: set[int] = set()
    for one in caught:
        if found := _MISSING.search(str(one.message)):
            missing.add(int(found[1]))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if missing:
        raise DataProblem([_no_type("".join(chr(sign) for sign in sorted(missing))[:20])])


def _no_type(signs: str) -> Finding:
    return Finding(
        "E-PIC-01",
        "error",
        "",
        "",
        "",
        f"{signs}（U+{ord(signs[0]):04X}）",
        Phrase("本机字体能显示的字", "signs that a font of this machine has"),
        Phrase(
            f"安装字体（如 {FONTS[0]}）后重试，或改正表中这个字",
            f"install a font such as {FONTS[0]} and try again, or mend the sign in the table",
        ),
    )
