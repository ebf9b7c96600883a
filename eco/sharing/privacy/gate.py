"""The release gate: the finished bytes of every file are read again, and one personal value in them stops them all.

What `contents` reads out of a file, down to hidden sheets, free pages and files inside files, is held against a
`Watch`. Values of the register are found however wide or spaced they are written; ID numbers, mobile phones and
bank cards that are nobody's of the register by their own form; then positions, makers' names, paths of a machine.
What is drawn as pixels or outlines of glyphs cannot be read here; no column that could say it reaches a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding, mask
from eco.sharing.privacy.contents import contents, read
from eco.sharing.privacy.needles import BREAK, Folded, Match, folded, packed_text
from eco.sharing.privacy.passages import Column, Item, Kind, Passage, Place, Positions, Unread
from eco.sharing.privacy.patterns import machine_paths, numbers_found, without_prints
from eco.sharing.privacy.positions import columns_found, shapes_found, texts_found
from eco.sharing.privacy.watch import Watch, is_word, stands, watch_households

__all__ = ["Watch", "leaks", "refuse_leaks", "refuse_personal"]

MOST_TOLD = 1000  # findings of one file; the last says how many more
_SHORTEST_GUESSED = 3  # any four bytes make some name of two signs
_WORD = 40  # signs looked at on either side
_BATCH_SIGNS = 6_000_000
_STORED: frozenset[Kind] = frozenset(
    {"source", "raw"}
)  # read once more: what was found before is not told again
_WITH_POSITIONS: frozenset[Kind] = frozenset({"text", "cell", "code"})
_ID_HEADS = frozenset({"household_id", "户编号", "户编码", "户号"})
_ID_LABEL = re.compile(r"(?:户编号|户编码|户号|HOUSEHOLD[_ ]?ID)[^0-9A-Z\x1e]{0,4}([0-9A-Z][0-9A-Z-]*)")
_SOFTWARE = re.compile(
    r"(?:eco|matplotlib|mozilla|chromium|headlesschrome|skia|pypdf|python-docx|xlsxwriter|openpyxl"
    r"|microsoft[ ®]|libreoffice|qgis|gdal|ogr|parquet|pyarrow|pillow|cairo|weasyprint|nbconvert|jupyter)",
    re.I,
)
_EXPECTED: dict[str, tuple[Phrase, Phrase]] = {
    "E-PRIV-01": (
        Phrase("没有户册里的个人信息", "nothing personal of the register in a file that leaves the office"),
        Phrase("从名称、树种等文字列中删去该值", "take it out of names, species and other texts"),
    ),
    "E-PRIV-02": (
        Phrase("没有身份证号", "no ID number"),
        Phrase("删去该号码，再重新导出", "take the number out and export again"),
    ),
    "E-PRIV-03": (
        Phrase("没有手机号", "no mobile phone"),
        Phrase("删去该号码；办公电话请写座机", "take it out and export again; an office gives its landline"),
    ),
    "E-PRIV-04": (
        Phrase("没有银行卡号", "no bank card number"),
        Phrase("删去该号码，再重新导出", "take the number out and export again"),
    ),
    "E-PRIV-05": (
        Phrase("坐标不比本版允许的更精确", "positions no sharper than the edition allows"),
        Phrase("按本版的小数位数或格网取整", "round them to the edition's decimals or grid"),
    ),
    "E-PRIV-06": (
        Phrase("文件属性里没有作者和用户名", "no author or user name in a file's properties"),
        Phrase("清除文件属性里的姓名", "clear the names in the file's properties"),
    ),
    "E-PRIV-07": (
        Phrase("没有本机路径", "no path of a machine"),
        Phrase("只写文件名，不写路径", "give the file's name without its path"),
    ),
    "E-PRIV-08": (
        Phrase("每一部分都能读懂、查过", "every part can be read, and was"),
        Phrase("去掉该部分，或换成认识的格式", "leave that part out or use a known format"),
    ),
}  # fmt: skip
_CODES = {"id_number": "E-PRIV-02", "phone": "E-PRIV-03", "card": "E-PRIV-04"}


@dataclass(frozen=True)
class _Hit:
    code: str
    value: str
    place: Place
    column: str = ""
    stored: bool = False


@dataclass(frozen=True, eq=False)
class _Batch:
    """Texts joined into one, and the way back: from a sign to its passage."""

    text: str
    starts: np.ndarray
    owners: list[tuple[Passage, int]]

    def hit(self, code: str, at: int, value: str, column: str = "") -> _Hit:
        return _Hit(code, value, self.place(at), column, stored=self.owner(at)[0].kind in _STORED)

    def owner(self, at: int) -> tuple[Passage, int]:
        return self.owners[int(np.searchsorted(self.starts, at, side="right")) - 1]

    def place(self, at: int) -> Place:
        passage, row = self.owner(at)
        place = passage.place(row)
        text = passage.texts[row]
        if "\n" not in text or place.row:
            return place
        first = int(self.starts[np.searchsorted(self.starts, at, side="right") - 1])
        line = text.count("\n", 0, at - first) + 1
        return place._replace(inside=f"{place.inside} line {line}".strip())


def leaks(path: Path | str, watch: Watch) -> list[Finding]:
    """What may not leave the office in one finished file: one finding a value and place, the value masked."""
    file = Path(path)
    return _leaks(file, file.name, watch)


def refuse_leaks(folder: Path | str, watch: Watch) -> None:
    """DataProblem with everything that may not leave the office in any file below a folder, or in one file."""
    root = Path(folder)
    files = sorted(path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    found = []
    for path in files if root.is_dir() else [root]:
        found += _leaks(path, path.relative_to(root).as_posix() if root.is_dir() else path.name, watch)
    if found:
        raise DataProblem(found)


def refuse_personal(page: str, households: pd.DataFrame, *, place_names: Iterable[str] = ()) -> None:
    """DataProblem if a household's id, name, ID number or phone stands in a page's texts or in its JSON.

    Names in its code are code. `leaks` reads a finished file, and everything in it.
    """
    watch = watch_households(households, words=place_names)
    items = [
        item
        for item in read("page.html", page.encode("utf-8", "surrogatepass"), "")
        if isinstance(item, Passage) and item.kind not in ("code", "source")
    ]
    hits = [hit for hit in _in_texts(items, watch) if hit.code == "E-PRIV-01"]
    if hits:
        raise DataProblem(_findings(hits, "page", watch))


def _leaks(path: Path, said: str, watch: Watch) -> list[Finding]:
    name = Passage("cell", (said, path.stem), lambda _: Place("文件名 file name"))
    hits = list(_in_texts([name], watch))
    if path.is_symlink() or not path.is_file():
        why = Phrase("不是普通文件", "no plain file")
        return _findings([*hits, _unread(Unread(Place(), why))], said, watch)
    items = list(contents(path))
    hits += _in_texts([item for item in items if isinstance(item, Passage)], watch)
    hits += _in_numbers(items, watch)
    hits += [
        _unread(item) for item in items if isinstance(item, Unread) and not (item.sealed and watch.sealed)
    ]
    return _findings(hits, said, watch)


def _unread(item: Unread) -> _Hit:
    return _Hit("E-PRIV-08", f"{item.why.zh} / {item.why.en}", item.place)


def _in_texts(passages: list[Passage], watch: Watch) -> Iterator[_Hit]:
    longer: set[str] = set()
    for batch in _batches(passages):
        text = folded(batch.text)
        taken: set[int] = set()
        for match in _people(batch, text, watch, longer):
            taken.update(range(match.start, match.end))
            yield batch.hit("E-PRIV-01", text.source[match.start], match.value, watch.columns[match.value])
        plain = without_prints(text.plain)
        for found in numbers_found(plain):
            if taken.isdisjoint(range(found.start, found.end)):
                yield batch.hit(_CODES[found.what], text.source[found.start], plain[found.start : found.end])
        for label in _ID_LABEL.finditer(text.plain) if watch.short else ():
            value = packed_text(label[1])
            if value in watch.short:
                yield batch.hit("E-PRIV-01", text.source[label.start(1)], value, watch.short[value])
        for found in machine_paths(batch.text):
            yield batch.hit("E-PRIV-07", found.start, batch.text[found.start : found.end])
        if watch.sharp is not None and batch.owners[0][0].kind not in _STORED:
            for start, end in texts_found(text.plain, watch.sharp):
                if batch.owner(text.source[start])[0].kind in _WITH_POSITIONS:
                    yield batch.hit("E-PRIV-05", text.source[start], text.plain[start:end])
    yield from _whole_texts(passages, watch)


def _people(batch: _Batch, text: Folded, watch: Watch, longer: set[str]) -> Iterator[Match]:
    """Values of the register; `longer` collects words that hold one and are another's, such as pseudonyms."""
    for match in watch.needles.matches(text):
        kind = batch.owner(text.source[match.start])[0].kind
        if kind == "guess" and len(match.value) < _SHORTEST_GUESSED:
            continue
        word, low = _word_around(text, match)
        if not stands(watch, match, text, loose=kind in ("raw", "guess")):
            longer.add(word)
        elif kind not in _STORED or not _explained(word, low, low + match.end - match.start, longer):
            yield match


def _word_around(text: Folded, match: Match) -> tuple[str, int]:
    """The letters and digits a value stands among, and where in them it begins."""
    start, end = match.start, match.end
    while start > 0 and match.start - start < _WORD and is_word(text.plain[start - 1]):
        start -= 1
    while end < len(text.plain) and end - match.end < _WORD and is_word(text.plain[end]):
        end += 1
    return text.plain[start:end], match.start - start


def _explained(word: str, start: int, end: int, longer: set[str]) -> bool:
    """Whether a word of stored bytes holds, around a value, a longer word that was read as one and is nobody's."""
    return any(word[low:high] in longer for low in range(start + 1) for high in range(end, len(word) + 1))


def _batches(passages: list[Passage]) -> Iterator[_Batch]:
    """The texts in batches of a few million signs, those read as they are stored last."""
    owners: list[tuple[Passage, int]] = []
    texts: list[str] = []
    size = 0
    for passage in sorted(passages, key=lambda one: one.kind in _STORED):
        if texts and passage.kind in _STORED and owners[-1][0].kind not in _STORED:
            yield _batch(texts, owners)
            owners, texts, size = [], [], 0
        for row, text in enumerate(passage.texts):
            owners.append((passage, row))
            texts.append(text.replace(BREAK, "") if BREAK in text else text)
            size += len(text) + 1
            if size > _BATCH_SIGNS:
                yield _batch(texts, owners)
                owners, texts, size = [], [], 0
    if texts:
        yield _batch(texts, owners)


def _batch(texts: list[str], owners: list[tuple[Passage, int]]) -> _Batch:
    lengths = np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))
    return _Batch(BREAK.join(texts), np.concatenate([[0], np.cumsum(lengths)[:-1]]), owners)


def _whole_texts(passages: list[Passage], watch: Watch) -> Iterator[_Hit]:
    """Values too short to be looked for inside others, and who or what made the file."""
    longest = max(map(len, watch.short), default=0) + 8
    for passage in passages:
        for row, text in enumerate(passage.texts):
            if passage.kind in ("cell", "author") and watch.short and 0 < len(text) <= longest:
                value = packed_text(text)
                if value in watch.short:
                    yield _Hit("E-PRIV-01", value, passage.place(row), watch.short[value])
            if passage.kind in ("author", "software") and (told := text.strip().strip("\x00")):
                known = _SOFTWARE.match(told) is not None or told in watch.makers
                if not known:
                    yield _Hit("E-PRIV-06", told, passage.place(row))


def _in_numbers(items: list[Item], watch: Watch) -> Iterator[_Hit]:
    columns = [item for item in items if isinstance(item, Column)]
    for column in columns:
        head = column.head.rpartition(".")[2].strip().lower()
        if head in _ID_HEADS and watch.short:
            for row, value in enumerate(column.values):
                if np.isfinite(value) and (told := f"{value:.0f}") in watch.short:
                    yield _Hit("E-PRIV-01", told, column.place(row), watch.short[told])
        # The page's own word for how many decimals its packed positions have.
        if watch.sharp is not None and head == "sharp" and np.nanmax(column.values) > watch.sharp.decimals:
            yield _Hit("E-PRIV-05", f"sharp = {np.nanmax(column.values):.0f}", column.place(0))
    if watch.sharp is None:
        return
    for place, value in columns_found(columns, watch.sharp):
        yield _Hit("E-PRIV-05", value, place)
    for item in items:
        if isinstance(item, Positions) and (found := shapes_found(item, watch.sharp)):
            yield _Hit("E-PRIV-05", found[1], found[0])


def _findings(hits: Iterable[_Hit], file: str, watch: Watch) -> list[Finding]:
    """The hits as findings: each value once a place, and once more as it is stored only if it was not found before."""
    told: dict[tuple, _Hit] = {}
    known = set()
    for hit in sorted(hits, key=lambda one: one.stored):
        value = (hit.code, packed_text(hit.value))
        if not (hit.stored and value in known):
            told.setdefault((*value, hit.place), hit)
            known.add(value)
    shown = [_finding(hit, file, watch) for hit in list(told.values())[:MOST_TOLD]]
    if len(told) > MOST_TOLD:
        shown[-1] = replace(shown[-1], found=f"{shown[-1].found} (+{len(told) - MOST_TOLD})")
    return shown


def _finding(hit: _Hit, file: str, watch: Watch) -> Finding:
    expected, todo = _EXPECTED[hit.code]
    masked = hit.value if hit.code == "E-PRIV-08" else mask(hit.value)
    where = " > ".join(filter(None, (_without_leaks(file, watch), _without_leaks(hit.place.inside, watch))))
    return Finding(
        code=hit.code,
        level="error",
        table="households" if hit.code == "E-PRIV-01" else "",
        where=f"{where} 第 {hit.place.row} 行 row {hit.place.row}"
        if hit.place.row and not hit.place.cell
        else where,
        column=hit.column,
        found=_without_leaks(masked, watch) if hit.code == "E-PRIV-08" else masked,
        expected=expected,
        todo=todo,
        file=_without_leaks(file, watch),
        sheet=_without_leaks(hit.place.sheet, watch),
        row=hit.place.row,
        cell=hit.place.cell,
    )


def _without_leaks(text: str, watch: Watch) -> str:
    """A place's own name with every personal value in it masked: a sheet may be called after a person."""
    if not text:
        return text
    said = folded(text)
    spans = [
        (int(said.source[match.start]), int(said.source[match.end - 1]) + 1)
        for match in watch.needles.matches(said)
        if stands(watch, match, said, loose=True)
    ]
    plain = without_prints(said.plain)
    spans += [
        (int(said.source[one.start]), int(said.source[one.end - 1]) + 1) for one in numbers_found(plain)
    ]
    answer, last = [], 0
    for start, end in sorted(spans):
        if start >= last:
            answer += [text[last:start], mask(text[start:end])]
            last = end
    return "".join([*answer, text[last:]])
