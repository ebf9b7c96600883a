"""A file or database table as it stands, before its cells are judged: where it comes from, what is in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from eco.problems import DataProblem, Finding
from eco.records.addresses import Grid
from eco.records.sentences import Hit, finding
from eco.records.tables import Table


@dataclass(frozen=True)
class Source:
    """Where a table comes from, and what project.toml declares of it."""

    table: Table
    path: Path
    sheet: str | None = None
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    epoch: int | None = None  # Excel's date system, where bare day numbers stand for dates
    allow_old_ids: bool = False  # ID numbers of 15 digits are read too


@dataclass(frozen=True)
class Raw:
    """A file's cells under our names: `where` is each row's place, `factors` turn cells into our units.

    `geometry` is None for a table without any; `crs` is then None too, otherwise a key of KNOWN_CRS.
    `hits` are rows the reader itself found at fault.
    """

    source: Source
    cells: pd.DataFrame
    where: pd.Series
    factors: Mapping[str, float]
    geometry: gpd.GeoSeries | None
    crs: str | None
    findings: tuple[Finding, ...]
    grid: Grid = field(default_factory=lambda: Grid(""))
    headings: Mapping[str, str] = field(default_factory=dict)  # our column names to the file's headings
    leading: pd.Series | None = None  # the first text of each row, read or not
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """What stands in a file: a frame under the file's own headings."""

    frame: pd.DataFrame
    where: pd.Series
    geometry: gpd.GeoSeries | None = None
    crs: Any = None  # pyproj.CRS of a layer
    findings: tuple[Finding, ...] = ()
    name: str = ""  # of a workbook's sheet
    heading: int = 0  # the row of the headings, 0 in a file of features
    hits: tuple[Hit, ...] = ()  # rows at fault before any cell is read


def fault(source: Source, code: str, found: object, column: str = "", **words: object) -> Finding:
    """A finding about the file itself; its folder is not told."""
    place, told = source.path.name, str(found).replace(f"{source.path.parent}/", "")
    return finding(code, table=source.table.name, where=place, found=told, column=column, **words)


# Traditional signs of our headings and words; some programs and some hands write them.
_SIMPLIFIED = str.maketrans(
    "戶編號碼勞動純種積數類經緯產營財轉資區縣鄉鎮樹權屬場發領電話證項額補貼與縮門員養殖護撫種園荒國無貧困脫農業標準東聯結點間單總計齡貢獻獲實畝驗費轉",
    "户编号码劳动纯种积数类经纬产营财转资区县乡镇树权属场发领电话证项额补贴与缩门员养殖护抚种园荒国无贫困脱农业标准东联结点间单总计龄贡献获实亩验费转",
)


def plain(text: object) -> str:
    """A name as it is compared: full-width signs made plain, no blanks or underscores, lower case.

    >>> plain("面积（公顷） "), plain("Village_Code")
    ('面积(公顷)', 'villagecode')
    """
    bare = re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", str(text))).lower()
    return bare if bare.isascii() else bare.translate(_SIMPLIFIED)


def choose(source: Source, key: str, declared: str | None, names: Sequence[str]) -> str:
    """The sheet or layer meant: the declared one, the one named like the table, the only one."""
    if declared is not None:
        fitting = [name for name in names if name == declared]
    else:
        words = {plain(word) for word in (source.table.name, source.table.label.zh, *source.table.aliases)}
        fitting = [name for name in names if plain(name) in words] or list(names)
    if len(fitting) == 1:
        return fitting[0]
    found = declared if declared is not None else f"{len(names)} 个 / {len(names)} of them"
    raise DataProblem([fault(source, "E-FILE-04", f"{key}: {found}", key=key, known="、".join(names))])
