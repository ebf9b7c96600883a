"""Every number with its source; overriding one needs a source; an unknown name is answered with its neighbours."""

from pathlib import Path

import pandas as pd
import pytest
from small_projects import TOLD

import eco.parameters
from eco.parameters.numbers import SHAPES, VARIES, load_parameters
from eco.problems import DataProblem

HOUSE = Path(eco.parameters.__file__).parent
SHARED = Path(__file__).parents[2] / "shared" / "facts"
HEAD = "name,low,mode,high,source,note\n"


@pytest.fixture(scope="module")
def numbers():
    return load_parameters()


def _table(name):
    return pd.read_csv(HOUSE / name, dtype=str, keep_default_na=False)


def test_every_number_has_a_source_that_is_listed_and_every_source_is_used():
    values, sources = _table("values.csv"), _table("sources.csv")
    assert set(values["source"]) <= set(sources["source"])
    assert set(_table("flowering.csv")["source"]) <= set(sources["source"])
    assert set(sources["source"]) <= set(values["source"]) | set(_table("flowering.csv")["source"])
    assert sources["source"].is_unique and values["name"].is_unique
    assert sources["title"].str.strip().ne("").all()
    assert set(sources["kind"]) <= {"paper", "press", "web", "judgement"}
    assert set(sources["grade"]) <= set("ABCD")
    assert set(sources.loc[sources["kind"] == "judgement", "grade"]) == {"D"}
    assert sources.loc[sources["grade"] == "D", "kind"].eq("judgement").all()


def test_every_number_says_how_it_is_drawn_and_is_in_order(numbers):
    for number in numbers.values.values():
        assert number.shape in SHAPES and number.varies in VARIES
        assert number.low <= number.mode <= number.high
        assert number.unit and number.label.zh and number.label.en
        assert (number.chance in numbers) == (number.shape == "event")


def test_legal_amounts_and_schedules_are_chosen_never_drawn(numbers):
    legal = [name for name in numbers if name.startswith("tghl_")]
    assert len(legal) >= 6
    assert not any(numbers[name].drawn for name in [*legal, "gain_threshold", "forage_radius", "base_growth"])


@pytest.mark.skipif(
    not SHARED.exists(), reason="the shared facts lie beside the project only where it is built"
)
def test_the_numbers_are_those_of_the_shared_facts(numbers):
    facts = pd.read_csv(SHARED / "parameters.csv").set_index("key")
    shared = [name for name in numbers if name in facts.index]
    assert len(shared) >= 40
    own = pd.DataFrame([(n.low, n.mode, n.high) for n in map(numbers.__getitem__, shared)], index=shared)
    told = facts.loc[shared, ["low", "mode", "high"]].astype(float)
    differs = (own.to_numpy() != told.to_numpy()).any(axis=1)
    assert not differs.any(), own[differs].join(told[differs])
    for name in shared:
        assert numbers[name].source.grade == facts.loc[name, "grade"], name
        assert numbers[name].unit == facts.loc[name, "unit"], name


@pytest.mark.skipif(
    not SHARED.exists(), reason="the shared facts lie beside the project only where it is built"
)
def test_the_lines_are_those_of_the_shared_facts(numbers):
    told = pd.read_csv(SHARED / "poverty_lines.csv")
    amount = next(column for column in told if "yuan" in column)
    for row in numbers.lines.itertuples():
        same = told[(told["year"] == row.year) & (told[amount] == row.yuan_per_person)]
        assert len(same) >= 1, row


def test_an_unknown_name_is_answered_with_its_neighbours(numbers):
    with pytest.raises(DataProblem) as problem:
        numbers["honey_prise"]
    (finding,) = problem.value.findings
    assert finding.found == "honey_prise"
    assert "honey_price" in finding.expected.zh and "honey_price" in finding.expected.en
    with pytest.raises(DataProblem, match="honey_price"):
        numbers.replace("honey_prise", mode=1.0, source=TOLD)


@pytest.mark.parametrize("source", ["", "   ", "\t"])
def test_an_override_without_a_source_is_refused(numbers, source):
    with pytest.raises(DataProblem) as problem:
        numbers.replace("honey_price", mode=70.0, source=source)
    assert problem.value.findings[0].column == "honey_price"


@pytest.mark.parametrize(
    "bounds",
    [
        {"low": 150.0},
        {"high": 80.0},
        {"low": 3.0, "mode": 2.0, "high": 4.0},
        {"low": 3.0, "mode": 5.0, "high": 4.0},
        {"mode": float("nan")},
        {"high": float("inf")},
        {"low": float("-inf")},
    ],
)
def test_numbers_out_of_order_are_refused(numbers, bounds):
    with pytest.raises(DataProblem):
        numbers.replace("honey_price", source=TOLD, **bounds)


def test_a_replaced_number_is_new_and_the_old_ones_stay(numbers):
    new = numbers.replace("honey_price", mode=70.0, source="县蜂业站 2020")
    assert (new["honey_price"].low, new["honey_price"].mode, new["honey_price"].high) == (70.0, 70.0, 70.0)
    assert new["honey_price"].source.title == "县蜂业站 2020" and new["honey_price"].source.kind == "override"
    assert not new["honey_price"].drawn
    assert numbers["honey_price"].mode == 100.0
    assert {name for name in numbers if numbers[name] != new[name]} == {"honey_price"}
    scaled = numbers.scaled("honey_price", 0.7, source=TOLD)["honey_price"]
    assert (scaled.low, scaled.mode, scaled.high) == pytest.approx((47.6, 70.0, 140.0))


def test_the_numbers_cannot_be_changed_in_place(numbers):
    with pytest.raises(TypeError):
        numbers.values["honey_price"] = numbers["honey_yield"]
    with pytest.raises(AttributeError):
        numbers["honey_price"].mode = 1.0


def _file(folder, text, *, encoding="utf-8"):
    path = folder / "parameters.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_a_parameter_file_overrides_what_it_names(tmp_path, numbers):
    text = HEAD + "honey_price,50,60,70,县蜂业站 2020,\nhoney_yield,,9,,县蜂业站 2020,\n"
    own = load_parameters(_file(tmp_path, text, encoding="utf-8-sig"))
    assert (own["honey_price"].low, own["honey_price"].mode, own["honey_price"].high) == (50, 60, 70)
    assert (own["honey_yield"].low, own["honey_yield"].high) == (9, 9)
    assert {name for name in numbers if numbers[name] != own[name]} == {"honey_price", "honey_yield"}


def test_a_parameter_file_in_the_counties_usual_encoding_is_read(tmp_path):
    own = load_parameters(_file(tmp_path, HEAD + "honey_price,50,60,70,县蜂业站,\n", encoding="gbk"))
    assert own["honey_price"].source.title == "县蜂业站"


def test_all_faults_of_a_parameter_file_are_told_at_once_with_their_rows(tmp_path):
    text = HEAD + "\n".join(
        [
            "honey_prise,1,2,3,县里,",
            "honey_price,1,2,3,,",
            "honey_yield,9,8,7,县里,",
            "hive_labour,one,2,3,县里,",
            "juncao_price,200,250,300,县里,",
        ]
    )
    with pytest.raises(DataProblem) as problem:
        load_parameters(_file(tmp_path, text))
    findings = problem.value.findings
    assert len(findings) == 4
    assert {finding.table for finding in findings} == {"parameters.csv"}
    assert [next(k for k in "2345" if k in finding.where) for finding in findings] == list("2345")
    for finding in findings:
        assert finding.sentence("zh") and finding.sentence("en")


def test_one_name_twice_in_a_parameter_file_is_a_fault(tmp_path):
    text = HEAD + "honey_price,50,60,70,甲,\nhoney_price,80,90,95,乙,\n"
    with pytest.raises(DataProblem):
        load_parameters(_file(tmp_path, text))


@pytest.mark.parametrize("missing", ["name", "source", "low", "mode", "high"])
def test_a_missing_column_is_named(tmp_path, missing):
    columns = [column for column in HEAD.strip().split(",") if column != missing]
    with pytest.raises(DataProblem) as problem:
        load_parameters(_file(tmp_path, ",".join(columns) + "\n"))
    assert missing in {finding.column for finding in problem.value.findings}


@pytest.mark.parametrize(
    ("data", "code", "row"),
    [
        (b"", "E-PAR-02", ""),
        (HEAD.encode() + b"honey_price,50,60,70,\xff\xfe\x81,\n", "E-PAR-12", ""),
        (HEAD.encode() + b'\nhoney_price,50,60,70,"a\n', "E-PAR-12", "3"),
        (HEAD.encode() + b"guard_wage,7,200,8,000,10,000\n", "E-PAR-12", "2"),
        (HEAD.encode() + b"\n\nhoney_price,90,60,30,a,\n", "E-PAR-05", "4"),
        (HEAD.encode() + b"honey_price,50,60\n", "E-PAR-04", "2"),
    ],
    ids=["empty", "no text", "open quote", "thousands", "blank lines", "short"],
)
def test_a_file_that_is_no_table_is_told_with_its_line_and_a_way_out(tmp_path, data, code, row):
    path = tmp_path / "parameters.csv"
    path.write_bytes(data)
    with pytest.raises(DataProblem) as problem:
        load_parameters(path)
    finding = problem.value.findings[0]
    assert finding.code == code and finding.where == (f"第{row}行 row {row}" if row else "")
    assert finding.expected.zh and finding.expected.en and finding.todo.zh and finding.todo.en


def test_spaces_around_a_cell_and_excels_unicode_text_do_no_harm(tmp_path):
    text = HEAD + " honey_price , 50 , 60 ,70, 县蜂业站 ,\n"
    for encoding in ("utf-8", "utf-16"):
        own = load_parameters(_file(tmp_path, text, encoding=encoding))
        assert own["honey_price"].mode == 60 and own["honey_price"].source.title == "县蜂业站"


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((name, 0.0) for name in ("plant_labour_days", "tending_days", "juncao_labour", "hive_labour")),
        *((name, 0.0) for name in ("tending_years", "work_days_per_month", "reach_work", "reach_decay")),
        *(
            ("walk_detour", 0.9),
            ("walk_detour", 100.0),
            ("reach_work", 1000.0),
            ("work_days_per_month", 40.0),
        ),
        *(("seabuckthorn_mort_years", 0.0), ("survival_north", 1.1)),
    ],
)
def test_a_number_outside_its_own_range_is_refused_with_the_range(numbers, name, mode):
    with pytest.raises(DataProblem, match="E-PAR-09") as problem:
        numbers.replace(name, mode=mode, source=TOLD)
    said = problem.value.findings[0].expected.zh
    least, most = numbers[name].least, numbers[name].most
    assert f"{least:g} <= …" in said and (f"… <= {most:g}" in said or most == float("inf"))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DataProblem, match=r"nowhere\.csv"):
        load_parameters(tmp_path / "nowhere.csv")


def test_lines_are_of_one_series_and_year_and_never_filled_in(numbers):
    assert numbers.line(2020, series="exit check") == 4000
    assert numbers.line(2018, series="statistics") == 2995
    assert numbers.line(2018, series="exit check") == 3535
    assert numbers.line(2021, series="exit check") is None
    assert numbers.line(2020, series="statistics") is None
    with pytest.raises(DataProblem, match="exit check"):
        numbers.line(2020, series="exit chek")


def test_the_table_of_numbers_shows_every_guess_as_a_guess(numbers):
    table = numbers.table().set_index("name")
    assert len(table) == len(numbers)
    assert (table.loc[table["grade"] == "D", "kind"] == "judgement").all()
    assert {"low", "mode", "high", "unit", "source", "kind", "grade"} <= set(table)
    assert table.loc["honey_yield", "mode"] == 8.5
    assert "judgement" in repr(numbers) and "<table" in numbers._repr_html_()
