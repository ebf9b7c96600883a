"""A page printed to PDF by the browser this machine has: Chromium, Chrome or Edge, asked for nothing else."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eco.files import whole_file
from eco.phrases import WORDS, Phrase
from eco.problems import Finding
from eco.sharing.privacy.needles import TWINS

PAPERS_MM = {"A3": (297.0, 420.0), "A4": (210.0, 297.0)}
_NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
_WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)
_APPLE = ("Google Chrome", "Chromium", "Microsoft Edge")
_SECONDS = 120.0
_TRIED = 2  # browsers asked before giving up
_DRAWN_MS = 20_000  # of the page's own clock, which runs ahead: scripts and pictures have settled by then
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--hide-scrollbars",
    # No name leads anywhere, nor does a proxy of the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    f"--virtual-time-budget={_DRAWN_MS}",
)
_POINTS_A_MM = 72 / 25.4
_SLACK_MM = 1.0
# An apostrophe may be written as an entity, whose semicolon ends nothing.
_POLICY_STYLES = re.compile(
    r"(http-equiv=\"Content-Security-Policy\" content=\"[^\"]*?style-src)((?:&#0?39;|[^;\"])*)"
)
_BFCHAR = re.compile(rb"<([0-9A-Fa-f]{2,4})>\s*<([0-9A-Fa-f]{4})>")
_BFRANGE = re.compile(rb"<([0-9A-Fa-f]{2,4})>\s*<([0-9A-Fa-f]{2,4})>\s*<([0-9A-Fa-f]{4})>")
_KANGXI = range(0x2F00, 0x2FE0)


def print_page(
    html: Path | str,
    pdf: Path | str,
    *,
    paper: str = "A4",
    landscape: bool = False,
    browser: Path | None = None,
    seconds: float = _SECONDS,
) -> Path | Finding:
    """Print a sealed page to PDF; where no browser is there or none succeeds, the finding (a note) that says so.

    The page's scripts have drawn before it is printed, on `paper` ("A3" or "A4") whatever the page itself asks for.
    The browser runs without a window and without a network, on a profile of its own that goes with it, for `seconds`
    at most. The PDF has the page's title and no author, program or date: the same page gives the same bytes from the
    same browser. DataProblem on a full disk, and no half file. ValueError for an unknown paper.
    """
    if paper not in PAPERS_MM:
        raise ValueError(f"纸张 {paper!r}：可用 A3、A4 / paper {paper!r}: use A3 or A4")
    wide, high = sorted(PAPERS_MM[paper], reverse=landscape)
    told = WORDS["print_no_browser"]
    code = "E-PRINT-01"
    for found in [browser] if browser else list(dict.fromkeys(browsers()))[:_TRIED]:
        printed = _printed(found, Path(html), wide, high, seconds)
        finished = _finished(printed, wide, high) if isinstance(printed, bytes) else printed
        if isinstance(finished, bytes):
            with whole_file(pdf) as draft:
                draft.write_bytes(finished)
            return Path(pdf)
        told, code = finished, "E-PRINT-02"
    return Finding(
        *(code, "note", "", Path(pdf).name, "", f"{told.zh} / {told.en}"),
        WORDS["print_expected"],
        WORDS["print_todo"],
    )


def _finished(printed: bytes, wide: float, high: float) -> bytes | Phrase:
    """The PDF without its traces, or what is wrong with it."""
    try:
        content = scrubbed(printed)
        sizes = _sizes_mm(content)
    except Exception as error:  # a broken PDF may fail its reader in any way
        return Phrase(*(f"PDF: {type(error).__name__}",) * 2)
    if sizes and all(abs(w - wide) <= _SLACK_MM and abs(h - high) <= _SLACK_MM for w, h in sizes):
        return content
    said = ", ".join(sorted({f"{w:.0f} x {h:.0f} mm" for w, h in sizes})) or "0"
    return Phrase(said, said)


def browsers() -> Iterator[Path]:
    """Browsers of this machine that can print: first those on PATH, then in the usual places."""
    for name in _NAMES:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)
    yield from (place for place in usual_places() if place.is_file())


def usual_places(system: str = sys.platform) -> Iterable[Path]:
    """Where Windows, macOS and Linux keep their browsers; every Windows has Edge."""
    if system == "win32":
        roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        return [Path(root) / inside for root in roots if root for inside in _WINDOWS]
    if system == "darwin":
        roots = ["/Applications", str(Path.home() / "Applications")]
        return [Path(f"{root}/{name}.app/Contents/MacOS/{name}") for root in roots for name in _APPLE]
    folders = ("/usr/bin", "/usr/local/bin", "/opt/google/chrome", "/opt/microsoft/msedge", "/snap/bin")
    return [Path(folder) / name for folder in folders for name in _NAMES]


def _printed(browser: Path, html: Path, wide: float, high: float, seconds: float) -> bytes | Phrase:
    """What the browser made of the page, or why it made nothing; everything aside is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="eco-print-", ignore_cleanup_errors=True) as folder:
        page, made = Path(folder) / "page.html", Path(folder) / "page.pdf"
        try:
            text = html.read_text(encoding="utf-8")
            page.write_text(on_paper(text, wide, high), encoding="utf-8", newline="\n")
            ended = _run(browser, Path(folder) / "profile", page, made, seconds)
            content = made.read_bytes() if ended and made.is_file() else b""
        except OSError as error:
            said = error.strerror or type(error).__name__
            return Phrase(said, said)
    if not ended:
        said = f"{seconds:g} s"
        return Phrase(f"{said} 内没有印完", f"not done within {said}")
    return content if content.startswith(b"%PDF") else WORDS["print_no_page"]


def _run(browser: Path, profile: Path, page: Path, made: Path, seconds: float) -> bool:
    """Whether the browser ended by itself in time; otherwise it is stopped, with what it started and nothing else."""
    command = [str(browser), *_FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={made}", page.as_uri()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # as root the sandbox cannot stand
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        _stop(process)


def _stop(process: subprocess.Popen) -> None:
    """End the process and all it started: its group is its own."""
    if os.name == "nt":
        if process.poll() is None:
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False
            )
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def on_paper(page: str, wide_mm: float, high_mm: float) -> str:
    """The page with its sheets of a given size: a rule at its end, which its policy is told of.

    >>> on_paper("<head></head>", 210, 297)
    '<head><style>@page { size: 210mm 297mm; }</style></head>'
    """
    style = f"@page {{ size: {wide_mm:g}mm {high_mm:g}mm; }}"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _POLICY_STYLES.sub(lambda found: f"{found[1]}{found[2]} 'sha256-{digest}'", page, count=1)
    head, end, rest = page.partition("</head>")
    return f"{head}<style>{style}</style>{end}{rest}" if end else page


def _sizes_mm(content: bytes) -> list[tuple[float, float]]:
    from pypdf import PdfReader

    boxes = [page.mediabox for page in PdfReader(io.BytesIO(content)).pages]
    return [(float(box.width) / _POINTS_A_MM, float(box.height) / _POINTS_A_MM) for box in boxes]


def scrubbed(content: bytes) -> bytes:
    """A PDF with its title and nothing else about itself, its text as people type it, the same bytes every time."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ArrayObject, ByteStringObject, NameObject, StreamObject

    with _unheard("pypdf"):
        reader = PdfReader(io.BytesIO(content))
        title = reader.metadata.title if reader.metadata else None
        reader.root_object.pop(NameObject("/Metadata"), None)  # before it is copied: an orphan would stay
        writer = PdfWriter(clone_from=reader)
    writer.metadata = {"/Title": title} if title else None
    for thing in writer._objects:
        if isinstance(thing, StreamObject) and b"begincmap" in (told := thing.get_data()):
            thing.set_data(typed(told))
    writer._ID = None
    first = io.BytesIO()
    writer.write(first)
    mark = ByteStringObject(hashlib.sha256(first.getvalue()).digest()[:16])
    writer._ID = ArrayObject((mark, mark))
    answer = io.BytesIO()
    writer.write(answer)
    return answer.getvalue()


@contextmanager
def _unheard(name: str) -> Iterator[None]:
    """Without a library's remarks on how a browser counts the objects of its PDFs."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def typed(cmap: bytes) -> bytes:
    """What a font's signs mean, in signs that people type: some fonts have one shape for 水 and for its radical.

    >>> typed(b"1 beginbfchar\\n<0001> <2F54>\\nendbfchar")
    b'1 beginbfchar\\n<0001> <6C34>\\nendbfchar'
    >>> typed(b"1 beginbfrange\\n<0001> <0002> <2F54>\\nendbfrange")
    b'1 beginbfrange\\n<0001> <0002> [<6C34> <706B>]\\nendbfrange'
    """

    def char(found: re.Match[bytes]) -> bytes:
        code = int(found[2], 16)
        return b"<" + found[1] + b"> " + _typed(code) if _is_twin(code) else found[0]

    def span(found: re.Match[bytes]) -> bytes:
        first, last, start = (int(found[part], 16) for part in (1, 2, 3))
        codes = range(start, start + last - first + 1)
        if not any(_is_twin(code) for code in codes):
            return found[0]
        signs = b" ".join(_typed(code) for code in codes)
        return b"<" + found[1] + b"> <" + found[2] + b"> [" + signs + b"]"

    cmap = re.sub(rb"beginbfchar.*?endbfchar", lambda part: _BFCHAR.sub(char, part[0]), cmap, flags=re.DOTALL)
    return re.sub(
        rb"beginbfrange.*?endbfrange", lambda part: _BFRANGE.sub(span, part[0]), cmap, flags=re.DOTALL
    )


def _is_twin(code: int) -> bool:
    return code in _KANGXI or chr(code) in TWINS


def _typed(code: int) -> bytes:
    sign = chr(code)
    if _is_twin(code):
        sign = TWINS.get(sign) or unicodedata.normalize("NFKC", sign)
    return f"<{sign.encode('utf-16-be').hex().upper()}>".encode()
