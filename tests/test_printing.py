"""Pages printed by a real browser: size, text, metadata, the same bytes; and one sentence where none prints."""

import io
import os
import re
import socket
import stat
import tempfile
import threading
import time
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from told_releases import small_disk, told_toy

from eco.problems import Finding
from eco.sharing import printing
from eco.sharing.maps.editions import write_map
from eco.sharing.printing import browsers, print_page, scrubbed, usual_places

A4, A3 = (210, 297), (420, 297)
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>定西 · 报告</title>
<meta name="author" content="某人"><style>p {{ break-after: page; }} {css}</style></head>
<body><p>一户一水，西马长门。</p><p id="later">第二页</p><script>{script}</script></body></html>"""
# Every sign of GB 2312: what a bureau's names and papers are written in.
CHINESE = "".join(
    bytes((row, cell)).decode("gb2312")
    for row in range(0xB0, 0xF8)
    for cell in range(0xA1, 0xFF)
    if row != 0xD7 or cell < 0xFA
)


def page(folder, css="", script="", body=""):
    path = folder / "page.html"
    path.write_text(PAGE.format(css=css, script=script).replace("第二页", body or "第二页"), encoding="utf-8")
    return path


def sizes(pdf):
    return [
        (round(float(one.mediabox.width) / 72 * 25.4), round(float(one.mediabox.height) / 72 * 25.4))
        for one in PdfReader(pdf).pages
    ]


def text_of(pdf):
    return "\n".join(one.extract_text() for one in PdfReader(pdf).pages)


def fake(folder, body):
    """A program that stands where a browser would."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def left_over():
    return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("eco-print-")}


def test_a_page_is_printed_whole_with_its_title_and_without_traces(tmp_path):
    made = print_page(page(tmp_path), tmp_path / "out.pdf")
    assert made == tmp_path / "out.pdf" and sizes(made) == [A4, A4, A4][: len(sizes(made))]
    assert "一户一水，西马长门。" in text_of(made) and "第二页" in text_of(made)
    reader = PdfReader(made)
    assert dict(reader.metadata) == {"/Title": "定西 · 报告"} and "/Metadata" not in reader.root_object
    content = made.read_bytes()
    for trace in (
        b"Chrom",
        b"Skia",
        b"pypdf",
        b"Mozilla",
        b"CreationDate",
        b"ModDate",
        b"eco-print",
        b"file:",
    ):
        assert trace not in content
    first = content
    time.sleep(1.1)  # a second later, were a clock in it, it would differ
    assert print_page(page(tmp_path), tmp_path / "out.pdf").read_bytes() == first


@pytest.mark.parametrize(("paper", "landscape", "size"), [("A4", False, A4), ("A3", True, A3)])
def test_the_paper_asked_for_holds_whatever_the_page_says(tmp_path, paper, landscape, size):
    css = "@page { size: A5; margin: 5mm }"
    made = print_page(page(tmp_path, css), tmp_path / "out.pdf", paper=paper, landscape=landscape)
    assert set(sizes(made)) == {size}


def test_scripts_have_drawn_before_it_is_printed(tmp_path):
    script = "setTimeout(() => { document.getElementById('later').textContent = '画完了'; }, 3000);"
    made = print_page(page(tmp_path, script=script), tmp_path / "out.pdf")
    assert "画完了" in text_of(made)


@pytest.mark.parametrize("family", ["Noto Sans CJK SC", "Noto Serif CJK SC"])
def test_text_is_found_as_it_is_typed(tmp_path, family):
    css = f"body {{ font-family: '{family}' }}"
    made = print_page(page(tmp_path, css, body=CHINESE), tmp_path / "out.pdf")
    told = re.sub(r"\s", "", text_of(made))
    assert len(CHINESE) == 6763 and CHINESE in told


def test_the_wall_map_prints_on_one_sheet_of_a3(tmp_path, toy_project, toy_gains):
    told = told_toy(toy_project, toy_gains(toy_project), "public")
    made = print_page(
        write_map(tmp_path / "map.html", told), tmp_path / "wall.pdf", paper="A3", landscape=True
    )
    assert sizes(made) == [A3]
    text = re.sub(r"\s", "", text_of(made))
    for part in (told.sheet.heading, told.sheet.watermark, "2026-01-01", "北", "生态林地块"):
        assert part.replace(" ", "") in text


def test_no_browser_is_one_sentence_and_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(printing, "usual_places", lambda: [tmp_path / "none"])
    told = print_page(page(tmp_path), tmp_path / "out.pdf")
    assert isinstance(told, Finding) and told.level == "note" and told.code == "E-PRINT-01"
    assert "安装 Chrome 或 Edge" in told.sentence("zh") and "print it yourself" in told.sentence("en")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    "body",
    [
        "exit 3",
        "exit 0",
        'for one in "$@"; do case $one in --print-to-pdf=*) echo not a pdf > "${one#*=}";; esac; done',
        'for one in "$@"; do case $one in --print-to-pdf=*) echo %PDF-1.4 broken > "${one#*=}";; esac; done',
    ],
)
def test_a_browser_that_fails_is_one_sentence_and_the_old_file_stays(tmp_path, body):
    old = tmp_path / "out.pdf"
    old.write_bytes(b"old")
    before = left_over()
    told = print_page(page(tmp_path), old, browser=fake(tmp_path, body))
    assert isinstance(told, Finding) and told.code == "E-PRINT-02" and told.level == "note"
    assert old.read_bytes() == b"old" and left_over() == before


def test_a_browser_that_hangs_is_stopped_with_what_it_started(tmp_path):
    hangs = fake(tmp_path, f"sleep 300 & echo $! > {tmp_path}/child; wait")
    begun = time.monotonic()
    told = print_page(page(tmp_path), tmp_path / "out.pdf", browser=hangs, seconds=1)
    assert time.monotonic() - begun < 20 and isinstance(told, Finding) and "1 s" in told.found
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().split(") ")[1][0] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("what the browser started still runs")


def test_a_full_disk_leaves_no_half_file(tmp_path):
    before = left_over()
    with small_disk(4_000):
        told = print_page(page(tmp_path), tmp_path / "out.pdf")
    assert isinstance(told, Finding) and not (tmp_path / "out.pdf").exists()
    assert left_over() == before


def test_a_page_that_is_not_there_and_an_unknown_paper(tmp_path):
    told = print_page(tmp_path / "none.html", tmp_path / "out.pdf")
    assert isinstance(told, Finding) and told.code == "E-PRINT-02"
    with pytest.raises(ValueError, match="A3"):
        print_page(page(tmp_path), tmp_path / "out.pdf", paper="letter")


def test_nothing_is_asked_of_the_network(tmp_path):
    """A picture on a host that answers here would be seen to be asked for."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(8)

        def listen():
            try:
                asked.append(server.accept())
            except TimeoutError:
                return

        thread = threading.Thread(target=listen)
        thread.start()
        port = server.getsockname()[1]
        body = f'<img src="http://localhost:{port}/a.png"><img src="http://127.0.0.1:{port}/b.png">第二页'
        assert isinstance(print_page(page(tmp_path, body=body), tmp_path / "out.pdf"), Path)
        thread.join()
    assert asked == []


def test_browsers_are_looked_for_on_the_path_and_in_the_usual_places(monkeypatch):
    assert Path("/usr/bin/chromium") in set(browsers())
    monkeypatch.setenv("PROGRAMFILES(X86)", r"C:\Program Files (x86)")
    edge = [str(path) for path in usual_places("win32")]
    assert any(path.endswith(r"Microsoft\Edge\Application\msedge.exe") for path in edge)
    apple = [str(path) for path in usual_places("darwin")]
    assert "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge" in apple


def test_an_author_in_the_browser_s_own_pdf_is_scrubbed(tmp_path):
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Author": "某人", "/Title": "题", "/Keywords": "机密", "/Creator": "x"})
    writer.xmp_metadata = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">somebody</x:xmpmeta>'
    made = io.BytesIO()
    writer.write(made)
    clean = scrubbed(made.getvalue())
    assert b"somebody" not in clean and dict(PdfReader(io.BytesIO(clean)).metadata) == {"/Title": "题"}
    assert scrubbed(made.getvalue()) == clean
