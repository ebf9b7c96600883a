"""A register of 120,000 and of 3 million households: read from CSV and checked, ours beside four others.

Nine kinds of fault are planted, PLANTED rows each; every way must count them all. Ours is `load_project`
and goes on with all its other rules; the others do these nine and no more. Then 200,000 rows of Excel.

    python tests/benchmarks/read.py --rivals /tmp/rivals/bin/python
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

PLANTED = 300
COUNTIES, VILLAGES = 7, 2000
CORNER, SIDE_M = (400_000.0, 3_850_000.0), 20_000.0
WORDS = ("建档立卡户", "一般贫困户", "脱贫户", "脱贫不稳定户", "边缘易致贫户", "低保户", "特困户")
CODES = (
    "E-KEY-01",
    "E-NUM-02",
    "E-NUM-01",
    "E-YEAR-01",
    "E-WORD-01",
    "E-ADM-03",
    "E-ID-01",
    "E-VAL-01",
    "E-SITE-02",
)
ROUNDS = {120_000: 3, 3_000_000: 1}


def write_county(folder: Path, *, households: int, excel: bool = False) -> None:
    """Counties as squares in a row, villages in them, and a register with faults in its first rows."""
    import geopandas as gpd
    import numpy as np
    import shapely

    rng = np.random.default_rng(1)
    west, south = CORNER
    shapes = [
        shapely.box(west + i * SIDE_M, south, west + (i + 1) * SIDE_M, south + SIDE_M)
        for i in range(COUNTIES)
    ]
    codes = [f"62112{number}" for number in range(COUNTIES)]
    counties = gpd.GeoDataFrame({"code": codes, "name": codes}, geometry=shapes, crs="EPSG:4544")
    county = np.arange(VILLAGES) % COUNTIES
    village = np.array([f"{codes[c]}100{200 + n // COUNTIES:03}" for n, c in enumerate(county)])
    centre = np.column_stack([west + (county + 0.5) * SIDE_M, np.full(VILLAGES, south + SIDE_M / 2)])
    centre += rng.uniform(-0.4, 0.4, (VILLAGES, 2)) * SIDE_M
    villages = gpd.GeoDataFrame(
        {"code": village, "name": village}, geometry=gpd.points_from_xy(*centre.T), crs=4544
    )
    folder.mkdir(parents=True)
    counties.to_file(folder / "counties.gpkg", driver="GPKG")
    villages.to_file(folder / "villages.gpkg", driver="GPKG")
    (folder / "townships.csv").write_text(
        "code,name\n" + "".join(f"{c}100000,{c}\n" for c in codes), encoding="utf-8"
    )
    kind = '[tables.households]\ncrs = "EPSG:4544"\n[project]\nincome_year = 2016\n'
    (folder / "project.toml").write_text(kind, encoding="utf-8")
    table = _register(rng, village, centre, households)
    if excel:
        _write_sheet(table, folder / "households.xlsx")
    else:
        table.to_csv(folder / "households.csv", index=False)


def _register(rng, village, centre, count: int):
    import numpy as np
    import pandas as pd

    at = np.sort(np.arange(count) % VILLAGES)
    points = (centre[at] + rng.uniform(-900, 900, (count, 2))).round(2)
    table = pd.DataFrame(
        {
            "户编号": np.char.add("H", np.arange(count).astype(str)),
            "村代码": village[at],
            "户主姓名": [f"户{number}" for number in range(count)],
            "身份证号": _id_numbers(rng, count),
            "人口": rng.integers(2, 8, count),
            "劳动力": rng.integers(0, 3, count),
            "人均纯收入(元)": rng.integers(1500, 6000, count),
            "收入年度": 2016,
            "基数含项目收入": "否",
            "户类型": np.array(WORDS)[rng.integers(0, len(WORDS), count)],
            "x": points[:, 0],
            "y": points[:, 1],
        }
    ).astype(object)
    faults = {
        "户编号": lambda rows: np.repeat([f"D{n}" for n in range(PLANTED // 2)], 2),
        "人口": lambda rows: 99,
        "人均纯收入(元)": lambda rows: "很多",
        "收入年度": lambda rows: 2106,
        "户类型": lambda rows: "村长",
        "村代码": lambda rows: [code[:6] + "100999" for code in table.loc[rows, "村代码"]],
        "身份证号": lambda rows: [
            f"{t[:-1]}{'1' if t[-1] != '1' else '2'}" for t in table.loc[rows, "身份证号"]
        ],
        "劳动力": lambda rows: "",
    }
    for place, (column, fault) in enumerate(faults.items()):
        rows = table.index[place * PLANTED : (place + 1) * PLANTED]
        table.loc[rows, column] = fault(rows)
    away = table.index[len(faults) * PLANTED : (len(faults) + 1) * PLANTED]
    table.loc[away, "x"] = (
        np.where(table.loc[away, "x"] > CORNER[0] + 3.5 * SIDE_M, -1, 1) * 3 * SIDE_M + table.loc[away, "x"]
    )
    return table


def _id_numbers(rng, count: int) -> list[str]:
    """Made-up numbers with a right check sign, no two alike."""
    import numpy as np

    weights = np.array([pow(2, 17 - place, 11) for place in range(17)])
    serial = rng.permutation(count)
    days = np.datetime64("1950-01-01") + (serial // 999).astype("timedelta64[D]")
    born = np.char.replace(days.astype(str), "-", "")
    texts = np.char.add(np.char.add("621121", born), np.char.zfill((serial % 999 + 1).astype(str), 3))
    digits = texts.astype("U17").view("U1").reshape(count, 17).astype(int)
    return np.char.add(texts, np.array(list("10X98765432"))[digits @ weights % 11]).tolist()


def _write_sheet(table, path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("建档立卡户")
        sheet.write_row(0, 0, table.columns)
        for number, row in enumerate(table.itertuples(index=False), start=1):
            sheet.write_row(number, 0, row)


def ours(folder: Path) -> dict[str, int]:
    """Every rule of `load_project`; of its findings the nine kinds are counted."""
    from eco.records.project import load_project

    findings = load_project(folder).findings
    return {code: sum(f.code == code and f.table == "households" for f in findings) for code in CODES}


def by_polars(folder: Path) -> dict[str, int]:
    """Polars expressions on text columns, the points by shapely's tree."""
    import numpy as np
    import polars as pl
    import shapely

    table = pl.read_csv(folder / "households.csv", infer_schema=False)
    codes, shapes, known = _places(folder)
    texts = pl.col("身份证号")
    weighted = sum(texts.str.slice(i, 1).cast(pl.Int32, strict=False) * pow(2, 17 - i, 11) for i in range(17))
    sign = pl.lit(list("10X98765432")).list.get(weighted % 11)
    persons, year = (pl.col(name).cast(pl.Float64, strict=False) for name in ("人口", "收入年度"))
    wrong = table.select(
        pl.col("户编号").is_duplicated().alias("E-KEY-01"),
        (~persons.is_between(1, 30)).alias("E-NUM-02"),
        pl.col("人均纯收入(元)").cast(pl.Float64, strict=False).is_null().alias("E-NUM-01"),
        (~year.is_between(1990, 2035)).alias("E-YEAR-01"),
        (~pl.col("户类型").is_in(WORDS)).alias("E-WORD-01"),
        (~pl.col("村代码").is_in(known)).alias("E-ADM-03"),
        (sign != texts.str.slice(17, 1)).alias("E-ID-01"),
        pl.col("劳动力").is_null().alias("E-VAL-01"),
    )
    counts = wrong.sum().row(0, named=True)
    x, y = (table[name].cast(pl.Float64).to_numpy() for name in "xy")
    points = shapely.points(x, y)
    point, county = shapely.STRtree(shapes).query(points, predicate="within")
    inside = np.full(len(points), "", dtype=object)
    inside[point] = np.asarray(codes, dtype=object)[county]
    own = table["村代码"].str.slice(0, 6).to_numpy()
    return {**counts, "E-SITE-02": int((inside != own).sum())}


def _places(folder: Path):
    import geopandas as gpd

    counties = gpd.read_file(folder / "counties.gpkg")
    return (
        counties["code"].tolist(),
        counties.geometry.to_numpy(),
        gpd.read_file(folder / "villages.gpkg")["code"].tolist(),
    )


def _right_sign(texts):
    """Whether ID numbers end as their other digits ask for."""
    import numpy as np

    signs = texts.to_numpy(dtype="U18").view("U1").reshape(len(texts), 18)
    weights = np.array([pow(2, 17 - place, 11) for place in range(17)])
    return np.array(list("10X98765432"))[signs[:, :17].astype(int) @ weights % 11] == signs[:, 17]


def by_geopandas(folder: Path) -> dict[str, int]:
    """Pandas masks and a spatial join."""
    import geopandas as gpd
    import pandas as pd

    table = pd.read_csv(folder / "households.csv", dtype=str, keep_default_na=False)
    counties = gpd.read_file(folder / "counties.gpkg")
    known = gpd.read_file(folder / "villages.gpkg")["code"]
    number = {
        name: pd.to_numeric(table[name], errors="coerce")
        for name in ("人口", "人均纯收入(元)", "收入年度", "x", "y")
    }
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(number["x"], number["y"]), crs=4544)
    inside = points.sjoin(counties, predicate="within", how="left")["code"]
    wrong = {
        "E-KEY-01": table["户编号"].duplicated(keep=False),
        "E-NUM-02": ~number["人口"].between(1, 30),
        "E-NUM-01": number["人均纯收入(元)"].isna(),
        "E-YEAR-01": ~number["收入年度"].between(1990, 2035),
        "E-WORD-01": ~table["户类型"].isin(WORDS),
        "E-ADM-03": ~table["村代码"].isin(known),
        "E-ID-01": ~_right_sign(table["身份证号"]),
        "E-VAL-01": table["劳动力"] == "",
        "E-SITE-02": inside != table["村代码"].str[:6],
    }
    return {code: int(rows.sum()) for code, rows in wrong.items()}


def by_pandera(folder: Path) -> dict[str, int]:
    """A lazy pandera schema over the same columns; the spatial join as in geopandas."""
    import geopandas as gpd
    import pandas as pd
    import pandera.pandas as pa

    table = pd.read_csv(folder / "households.csv", dtype=str, keep_default_na=False)
    known = gpd.read_file(folder / "villages.gpkg")["code"]
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(table["x"].astype(float), table["y"].astype(float)), crs=4544
    )
    counties = gpd.read_file(folder / "counties.gpkg")
    table["county"] = points.sjoin(counties, predicate="within", how="left")["code"]

    def column(code: str, check: Callable, **more):
        return pa.Column(checks=pa.Check(check, name=code), nullable=True, **more)

    def number(texts):
        return pd.to_numeric(texts, errors="coerce")

    schema = pa.DataFrameSchema(
        {
            "户编号": column("E-KEY-01", lambda s: ~s.duplicated(keep=False)),
            "人口": column("E-NUM-02", lambda s: number(s).between(1, 30)),
            "人均纯收入(元)": column("E-NUM-01", lambda s: number(s).notna()),
            "收入年度": column("E-YEAR-01", lambda s: number(s).between(1990, 2035)),
            "户类型": column("E-WORD-01", lambda s: s.isin(WORDS)),
            "村代码": column("E-ADM-03", lambda s: s.isin(known)),
            "身份证号": column("E-ID-01", lambda s: pd.Series(_right_sign(s), index=s.index)),
            "劳动力": column("E-VAL-01", lambda s: s != ""),
        },
        checks=pa.Check(lambda t: t["county"] == t["村代码"].str[:6], name="E-SITE-02"),
    )
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        return cases.groupby("check")["index"].nunique().to_dict()
    return {}


def by_duckdb(folder: Path) -> dict[str, int]:
    """One SQL query; the counties as their boxes, which here they are (no spatial extension)."""
    import duckdb
    import shapely

    codes, shapes, known = _places(folder)
    with duckdb.connect() as base:
        base.execute("CREATE TABLE county (code text, w double, s double, e double, n double)")
        boxes = [(code, *box) for code, box in zip(codes, shapely.bounds(shapes).tolist())]
        base.executemany("INSERT INTO county VALUES (?, ?, ?, ?, ?)", boxes)
        base.execute("CREATE TABLE village (code text)")
        base.executemany("INSERT INTO village VALUES (?)", [(code,) for code in known])
        digit = " + ".join(
            f"try_cast(substr(身份证号, {i + 1}, 1) AS int) * {pow(2, 17 - i, 11)}" for i in range(17)
        )
        words = ", ".join(f"'{word}'" for word in WORDS)
        rules = {
            "E-KEY-01": "count(*) OVER (PARTITION BY 户编号) > 1",
            "E-NUM-02": "NOT try_cast(人口 AS double) BETWEEN 1 AND 30",
            "E-NUM-01": 'try_cast("人均纯收入(元)" AS double) IS NULL',
            "E-YEAR-01": "NOT try_cast(收入年度 AS double) BETWEEN 1990 AND 2035",
            "E-WORD-01": f"户类型 NOT IN ({words})",
            "E-ADM-03": "v.code IS NULL",
            "E-ID-01": f"substr('10X98765432', ({digit}) % 11 + 1, 1) <> substr(身份证号, 18, 1)",
            "E-VAL-01": "劳动力 IS NULL",
            "E-SITE-02": "c.code IS DISTINCT FROM substr(村代码, 1, 6)",
        }
        marks = ", ".join(f'({rule}) AS "{code}"' for code, rule in rules.items())
        sums = ", ".join(f'count_if("{code}")' for code in rules)
        query = f"""WITH marked AS (SELECT {marks} FROM read_csv(?, all_varchar = true) h
            LEFT JOIN village v ON v.code = h.村代码
            LEFT JOIN county c ON h.x::double >= c.w AND h.x::double < c.e AND h.y::double >= c.s AND h.y::double < c.n)
            SELECT {sums} FROM marked"""
        row = base.execute(query, [str(folder / "households.csv")]).fetchone()
    return dict(zip(rules, row or ()))


WAYS: dict[str, Callable[[Path], dict[str, int]]] = {
    "eco load_project": ours,
    "polars + shapely": by_polars,
    "geopandas": by_geopandas,
    "pandera": by_pandera,
    "duckdb": by_duckdb,
}


def once(way: str, folder: Path) -> dict:
    """Seconds, peak memory and counts of one way, its imports done before."""
    if way == "eco load_project":
        import eco.records.project  # noqa: F401
    else:
        import geopandas  # noqa: F401
    began = time.perf_counter()
    counts = WAYS[way](folder)
    seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    return {"seconds": seconds, "peak": peak, "counts": counts}


def in_turn(folder: Path, rounds: int, rivals: str | None) -> list[tuple]:
    """Every way in a process of its own, all in turn; each must find what was planted, and nothing else."""
    taken: dict[str, list[dict]] = {}
    for _ in range(rounds):
        for way in WAYS:
            python = sys.executable if way == "eco load_project" else rivals
            if python is None:
                continue
            command = [python, __file__, "--way", way, "--folder", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr[-2000:])
            taken.setdefault(way, []).append(json.loads(done.stdout.splitlines()[-1]))
    first = median(run["seconds"] for run in taken.get("polars + shapely", taken["eco load_project"]))
    rows = []
    for way, runs in taken.items():
        seconds = median(run["seconds"] for run in runs)
        wrong = {
            code: runs[0]["counts"].get(code) for code in CODES if runs[0]["counts"].get(code) != PLANTED
        }
        peak = f"{max(run['peak'] for run in runs):,.0f}"
        rows.append((way, seconds, seconds / first, peak, "all" if not wrong else str(wrong)))
    return rows


def main() -> None:
    """Print both tables, then the Excel register's time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rivals", help="python of an environment with polars, geopandas, pandera, duckdb")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(ROUNDS))
    parser.add_argument("--excel", type=int, default=200_000)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    said = parser.parse_args()
    if said.way:
        print(json.dumps(once(said.way, said.folder)))
        return
    from measuring import print_table  # which needs rich; the rivals' environment may have none

    headings = ("way", "seconds", "x polars", "peak MB", "of 9 x 300 planted found")
    with tempfile.TemporaryDirectory() as place:
        for size in said.sizes:
            folder = Path(place) / str(size)
            write_county(folder, households=size)
            print_table(f"{size:,} rows of CSV", headings, in_turn(folder, ROUNDS.get(size, 1), said.rivals))
        if said.excel:
            folder = Path(place) / "excel"
            write_county(folder, households=said.excel, excel=True)
            print_table(f"{said.excel:,} rows of Excel", headings, in_turn(folder, 1, None))


if __name__ == "__main__":
    main()
