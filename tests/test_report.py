"""The report of an edition: what it says against the release, sealed, hostile texts, printed on A4, the same bytes."""

import re
from html import unescape
from pathlib import Path

import pytest
from hostile import HOSTILE, planted
from pypdf import PdfReader
from small_projects import dingxi
from told_releases import DRIVERS, small_disk, told_dingxi, with_hidden

from eco.phrases import word
from eco.problems import DataProblem
from eco.sharing.columns import HIDDEN
from eco.sharing.edition_report import title_of, write_edition_report
from eco.sharing.maps.page import refuse_outside
from eco.sharing.pictures import write_pictures
from eco.sharing.printing import print_page
from eco.sharing.privacy.gate import refuse_leaks
from eco.sharing.privacy.watch import Watch

LANGS = ["zh", "en"]


def rows(path):
    """Cells of every table row of a page."""
    text = path.read_text(encoding="utf-8")
    return [
        [unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", text, re.S)
    ]


def printed(page):
    made = print_page(page, page.with_suffix(".pdf"))
    assert isinstance(made, Path)
    return PdfReader(made)


@pytest.mark.parametrize(("edition", "lang"), [("public", "zh"), ("county", "en")])
def test_the_real_example_is_one_page_for_a_leader_and_ten_for_an_expert(tmp_path, edition, lang, open_page):
    told = told_dingxi(edition, lang)
    drawn = [path for path in write_pictures(tmp_path / "pictures", told) if path.suffix == ".png"]
    path = write_edition_report(tmp_path / "report.html", told, pictures=drawn)
    refuse_outside(path.read_text(encoding="utf-8"))
    opened = open_page(path)
    assert opened.asks() == [] and opened.complaints == []
    assert opened.page.evaluate("document.images.length") == len(drawn) == 5
    assert opened.page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
    reader = printed(path)
    refuse_leaks(tmp_path, Watch.of(dingxi().exposure.project, edition))
    pages = [page.extract_text() for page in reader.pages]
    assert 5 <= len(pages) <= 11
    assert {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages} == {
        (595, 842)
    }
    for number, text in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in text
    mean = told.totals.loc["gain_yuan", "mean"] / 1e4
    assert f"{mean:,.1f}" in pages[0] and word("report_not", lang) in pages[0]
    assert word("report_by_county", lang) in pages[1] and word("report_by_county", lang) not in pages[0]
    assert dict(reader.metadata) == {"/Title": title_of(told)}
    township = told.places["township"]
    cells = rows(path)
    for _, row in township.iterrows():
        line = next(one for one in cells if row["name"] in one[:2] and len(one) > 7)
        number = row["gain_yuan_mean"]
        assert (HIDDEN in line) if row["shown"] is False else f"{number:,.0f}".replace("-", "−") in line


@pytest.mark.parametrize("lang", LANGS)
def test_answer_numbers_and_cautions_are_those_of_the_release(tmp_path, toy, lang):
    text = unescape(write_edition_report(tmp_path / "r.html", toy(lang=lang)).read_text(encoding="utf-8"))
    assert word("report_answer", lang).format(mean="400.0", p10="390.0", p90="420.0") in text
    lifted = re.search(
        rf"{re.escape(word('report_number_crossing_up', lang))}</b>\s*<span class=\"big\">(.*?) <small>", text
    )
    assert lifted and lifted[1] == "345"
    assert word("report_not_model", lang) in text and word("report_not_zero", lang) not in text
    assert text.startswith("<!doctype html>") and f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in text
    assert "<script" not in text and "style=" not in text


def test_drivers_are_crossed_with_the_grade_of_their_source(tmp_path, toy):
    cells = rows(write_edition_report(tmp_path / "r.html", toy(lang="en")))
    shares = {row[0]: row[1:] for row in cells if len(row) == 4}
    guessed = DRIVERS.loc[DRIVERS["kind"] == "judgement", "share"].sum()
    assert shares[word("source_judgement", "en")] == ["D", "2 (1)", f"{guessed:.0%}"]
    assert shares[word("source_press", "en")] == ["B", "1 (1)", "25%"]


def test_hidden_places_are_a_sign_and_the_rules_say_why(tmp_path, toy):
    told = with_hidden(toy("public"), "621102101000")
    path = write_edition_report(tmp_path / "r.html", told)
    line = next(row for row in rows(path) if "甲川镇" in row)
    assert set(line[2:]) <= {HIDDEN, "…"} and HIDDEN in line
    text = unescape(path.read_text(encoding="utf-8"))
    for key, values in (("floor", {"floor": 5, "health": 10}), ("sites", {"floor": 5, "grid": "100"})):
        assert word(f"report_rules_{key}").format(**values) in text
    assert word("report_not_zero") in text
    assert "乡镇 1 / 3" in text


def test_watermark_stands_on_every_sheet_until_there_is_a_review_number(tmp_path, toy):
    bare = write_edition_report(tmp_path / "bare.html", toy("public"))
    for page in printed(bare).pages:
        assert "内部资料请勿公开" in re.sub(r"\s", "", page.extract_text())
    review = toy("public", review_no="甘S(2026)<b>1</b>号")
    numbered = write_edition_report(tmp_path / "numbered.html", review)
    assert 'watermark"' not in numbered.read_text(encoding="utf-8")
    assert "甘S(2026)<b>1</b>号" in printed(numbered).pages[0].extract_text()


def test_no_row_is_cut_and_headings_come_again(tmp_path):
    told = told_dingxi("county", "zh")
    reader = printed(write_edition_report(tmp_path / "r.html", told))
    pages = [page.extract_text() for page in reader.pages]
    township = told.places["township"]
    lines = [line for text in pages for line in text.splitlines()]
    for name, gain in zip(township["name"], township["gain_yuan_mean"]):
        number = f"{gain:,.0f}".replace("-", "−")
        assert any(name in line.split() and number in line.split() for line in lines), name
    holding = [text for text in pages if sum(name in text for name in township["name"]) > 20]
    assert len(holding) >= 2
    for text in holding:
        assert word("layer_left_out_share") in re.sub(r"\s", "", text)


@pytest.mark.parametrize("seed", range(0, len(HOSTILE), 3))
def test_hostile_texts_are_shown_and_do_nothing(tmp_path, toy, toy_project, coarse, open_page, seed):
    project = planted(toy_project, seed=seed)
    told = toy(project=project)
    drawn = [path for path in write_pictures(tmp_path, told) if path.suffix == ".png"]
    path = write_edition_report(tmp_path / "report.html", told, pictures=drawn)
    opened = open_page(path)
    assert opened.asks() == [] and opened.complaints == []
    assert opened.page.evaluate("window.owned === undefined && document.scripts.length === 0")
    shown = opened.page.evaluate("[...document.querySelectorAll('td')].map(one => one.textContent)")
    for level in ("county", "township"):
        for name in told.places[level]["name"]:
            assert name.replace("\r", "\n") in shown
    assert told.sheet.project in opened.page.evaluate("document.body.textContent")


def test_same_release_same_bytes(tmp_path, toy):
    told = toy()
    drawn = [path for path in write_pictures(tmp_path, told) if path.suffix == ".png"]
    first = write_edition_report(tmp_path / "a.html", told, pictures=drawn).read_bytes()
    assert write_edition_report(tmp_path / "b.html", told, pictures=drawn).read_bytes() == first
    assert b"/tmp" not in first and b"generator" not in first


def test_what_the_release_does_not_hold_is_left_out(tmp_path, toy_project):
    from eco.sharing.release import release

    plain = release(toy_project, edition="public", key=b"k" * 32)
    text = write_edition_report(tmp_path / "r.html", plain).read_text(encoding="utf-8")
    assert word("report_no_total") in text and "<table" not in text and "<img" not in text


def test_full_disk_is_one_sentence_and_no_half_file(tmp_path, toy):
    with small_disk(2_000), pytest.raises(DataProblem) as full:
        write_edition_report(tmp_path / "out" / "r.html", toy())
    assert [finding.code for finding in full.value.findings] == ["E-DISK-01"]
    assert not list((tmp_path / "out").glob("*.html"))
