"""The Word brief: Chinese type named, the answer with its interval, hidden numbers as signs, no author, no clock."""

import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from docx import Document
from docx.oxml.ns import qn
from hostile import HOSTILE, as_shown, planted
from matplotlib import image

from eco.files import sha256
from eco.phrases import WORDS
from eco.sharing.brief import write_brief
from eco.sharing.columns import HIDDEN


def with_answer(told):
    totals = pd.DataFrame(
        {
            "mean": [1_234_567.0, 42.0],
            "p10": [1_000_000.0, 10.0],
            "p50": [1.0, 1.0],
            "p90": [2_000_000.0, 80.0],
        },
        index=["gain_yuan", "crossing_up"],
    )
    drivers = pd.DataFrame(
        {
            "livelihood": ["bees"], "parameter": ["honey_price"], "label_zh": ["蜜价"], "label_en": ["honey price"],
            "share": [0.25], "grade": ["D"], "kind": ["judgement"], "source": ["x"],
        }
    )  # fmt: skip
    return replace(told, totals=totals, drivers=drivers)


def texts(path):
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


@pytest.mark.parametrize(
    ("lang", "answer", "driver"),
    [
        ("zh", "123.5 万元；十次里有八次落在 100.0 至 200.0 万元之间", "蜜价（占 25%，来源等级 D）"),
        (
            "en",
            "123.5 x 10,000 yuan; eight times in ten between 100.0 and 200.0",
            "honey price (25%, grade D)",
        ),
    ],
)
def test_question_answer_table_doubts_and_sources(tmp_path, told, lang, answer, driver):
    said = "\n".join(texts(write_brief(tmp_path / "b.docx", with_answer(told(lang=lang)))))
    assert answer in said and driver in said
    for key in ("question", "answer", "table", "doubts", "sources"):
        assert WORDS[f"brief_{key}"].say(lang) in said
    foreign = "en" if lang == "zh" else "zh"
    assert WORDS["brief_doubts"].say(foreign) not in said and WORDS["brief_chart"].say(lang) not in said
    assert "安定区" in said and "16.6" in said  # 166,200 yuan
    assert "ab12cd34" in said


def test_a_part_that_is_not_there_is_left_out(tmp_path, told):
    bare = replace(told(), totals=None, drivers=None, sources=None, causes=None)
    said = "\n".join(texts(write_brief(tmp_path / "b.docx", bare)))
    assert WORDS["brief_no_numbers"].zh in said and WORDS["brief_table"].zh in said


def test_hidden_places_are_signs(tmp_path, told):
    made = told("public")
    county = made.places["county"].copy()
    numbers = [name for name in county if name.startswith(("gain", "persons", "households"))]
    county[numbers] = county[numbers].astype(float)
    county.loc[county.index[0], numbers] = np.nan
    county["shown"] = [False, True]
    made = replace(made, places={**made.places, "county": county})
    said = texts(write_brief(tmp_path / "b.docx", made))
    assert said.count(HIDDEN) == 5 and WORDS["book_hidden"].zh in said
    assert not any("nan" in text for text in said)


def test_chinese_type_is_named_for_every_run(tmp_path, told):
    document = Document(str(write_brief(tmp_path / "b.docx", with_answer(told()))))
    runs = [run for paragraph in document.paragraphs for run in paragraph.runs]
    runs += [
        run
        for t in document.tables
        for row in t.rows
        for c in row.cells
        for p in c.paragraphs
        for run in p.runs
    ]
    fonts = {run._element.rPr.rFonts.get(qn("w:eastAsia")) for run in runs}
    assert fonts == {"仿宋", "黑体"}
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_pictures_stand_inside_and_bytes_repeat(tmp_path, told):
    picture = tmp_path / "p.png"
    image.imsave(picture, np.zeros((20, 40, 3)))
    one = write_brief(tmp_path / "a.docx", told(), pictures=[picture])
    two = write_brief(tmp_path / "b.docx", told(), pictures=[picture])
    assert sha256(one) == sha256(two)
    with zipfile.ZipFile(one) as parts:
        assert sum(name.startswith("word/media/") for name in parts.namelist()) == 1
        assert "docProps/thumbnail.jpeg" not in parts.namelist()
        core = parts.read("docProps/core.xml").decode()
        rels = parts.read("_rels/.rels").decode()
    assert re.findall(r"<(?:dc|cp|dcterms):(\w+)", core) == ["coreProperties", "title"]
    assert "thumbnail" not in rels
    assert WORDS["brief_chart"].zh in texts(one)


@pytest.mark.parametrize("seed", range(0, len(HOSTILE), 2))
def test_hostile_texts_stay_texts(tmp_path, told, toy_project, seed):
    project = planted(toy_project, seed=seed)
    path = write_brief(tmp_path / "b.docx", told(project=project))
    said = texts(path)
    for name in project.counties["name"]:
        assert as_shown(name) in said
    assert project.settings.name in said
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(parts.read(name))
        body = parts.read("word/document.xml").decode()
        assert 'TargetMode="External"' not in parts.read("word/_rels/document.xml.rels").decode()
    codes = set(re.findall(r"<w:instrText[^>]*>([^<]*)", body))
    assert codes == set() and "<w:hyperlink" not in body
