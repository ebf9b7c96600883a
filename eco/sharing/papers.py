"""Every paper of an edition: made in a folder aside, read by the release gate, and only then put where asked."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eco.files import sha256, write_text
from eco.income.gains import Gains, estimate_gains
from eco.income.stress import STRESSES
from eco.phrases import WORDS, Phrase
from eco.problems import Finding
from eco.sharing import locked
from eco.sharing.brief import write_brief
from eco.sharing.edition_report import write_edition_report
from eco.sharing.geopackage import write_geopackage
from eco.sharing.maps.editions import write_map
from eco.sharing.notices import write_notice
from eco.sharing.pictures import write_pictures
from eco.sharing.printing import print_page
from eco.sharing.privacy.editions import edition_named
from eco.sharing.privacy.gate import refuse_leaks
from eco.sharing.privacy.watch import Watch
from eco.sharing.release import Release, release
from eco.sharing.workbook import write_workbook
from eco.waiting import waiting

SUMS = "SHA256SUMS"
_SCENARIO_DRAWS = 200  # told by their difference, which needs fewer worlds than an interval
_SCENARIOS = ("honey_price", "frost", "buyer_leaves")
Tell = Callable[[Phrase], None]


@dataclass(frozen=True)
class Papers:
    """What an export left: the files, what could not be made, and the passphrase of the encrypted page, if any.

    The passphrase stands nowhere else: whoever made the papers says it once.
    """

    paths: tuple[Path, ...]
    findings: tuple[Finding, ...]
    passphrase: str | None = None


@waiting("wait_papers")
def write_papers(
    folder: Path | str,
    gains: Gains,
    *,
    edition: str,
    lang: str = "zh",
    year: int | None = None,
    review_no: str | None = None,
    earlier: Sequence[Gains] = (),
    template: Path | str | None = None,
    office: str = "",
    hotline: str = "",
    key: bytes | None = None,
    tell: Tell | None = None,
) -> Papers:
    """All papers of an edition in `folder`, or none of them.

    public and county: map (and its wall map as PDF), report (HTML and PDF), workbook, brief, GeoPackage, pictures;
    public also the villages' notices (公示). household: one encrypted page. `earlier` are the estimates behind
    public editions given away before, the oldest first; `template` a workbook of the bureau's own to be filled in,
    `office` and `hotline` what notices name as responsible (left to be filled in by hand where not given).
    Everything is made aside and read by the gate; one personal value, and nothing is released: DataProblem with all
    of them. Files of an earlier export that are no longer made go, others stay. ValueError for an unknown edition.
    """
    rules, target = edition_named(edition), Path(folder)
    told = release(
        gains.exposure.project,
        gains=gains,
        edition=edition,
        lang=lang,
        year=year,
        scenarios=_scenarios(gains) if rules.name == "county" else None,
        labels={stress.name: stress.label for stress in STRESSES},
        earlier=earlier,
        review_no=review_no,
        key=key,
    )
    passphrase = locked.new_passphrase() if rules.name == "household" else None
    tell = tell or (lambda words: None)
    with _aside(target) as draft:
        findings = _make(draft, told, gains, passphrase=passphrase, template=template, tell=tell)
        if rules.name == "public":
            tell(WORDS["papers_notices"])
            project = gains.exposure.project
            write_notice(draft / "notices", project, office=office, hotline=hotline, lang=lang)
        tell(WORDS["papers_gate"])
        refuse_leaks(draft, Watch.of(gains.exposure.project, rules.name))
        paths = _put(draft, target)
    return Papers(paths, tuple(findings), passphrase)


def _scenarios(gains: Gains) -> dict[str, Gains]:
    """The estimate under a few misfortunes, for the map's compare slider."""
    draws = min(gains.draws, _SCENARIO_DRAWS)
    return {
        stress.name: estimate_gains(gains.exposure, stress.upon(gains.numbers), draws=draws, seed=gains.seed)
        for stress in STRESSES
        if stress.name in _SCENARIOS
    }


def _make(
    folder: Path, told: Release, gains: Gains, *, passphrase: str | None, template, tell: Tell
) -> list[Finding]:
    """Write every paper of the edition; what could not be made is told."""
    project = gains.exposure.project
    relief = project.rasters.get("elevation")
    tell(WORDS["papers_map"])
    if passphrase is not None:
        locked.write_household_map(folder / "map.html", told, passphrase=passphrase, relief=relief)
        return []
    page = write_map(folder / "map.html", told, relief=relief)
    tell(WORDS["papers_tables"])
    write_workbook(folder / "tables.xlsx", told, template=template)
    write_geopackage(folder / "layers.gpkg", told)
    tell(WORDS["papers_pictures"])
    pictures = write_pictures(folder / "pictures", told)
    drawn = [path for path in pictures if path.suffix == ".png"]
    tell(WORDS["papers_report"])
    write_brief(folder / "brief.docx", told, pictures=drawn[:1])
    report = write_edition_report(folder / "report.html", told, pictures=drawn)
    findings = _printed(page, folder / "wall_map.pdf", paper="A3", landscape=True)
    findings += _printed(report, folder / "report.pdf", paper="A4", landscape=False)
    return findings


def _printed(page: Path, pdf: Path, *, paper: str, landscape: bool) -> list[Finding]:
    """A page as PDF; without a browser the finding that says so."""
    told = print_page(page, pdf, paper=paper, landscape=landscape)
    return [told] if isinstance(told, Finding) else []


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder beside the target that only its owner may look into, gone when the block ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".eco-export-", dir=folder.parent))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, folder: Path) -> tuple[Path, ...]:
    """Moves what was released to its place; nothing is written any more that a full disk could cut."""
    names = sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())
    write_text(draft / SUMS, "".join(f"{sha256(draft / name)}  {name}\n" for name in names))
    _clear(folder, keep=set(names))
    for name in [*names, SUMS]:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft / name, place)
    return tuple(folder / name for name in names)


def _clear(folder: Path, *, keep: set[str]) -> None:
    """Files of an earlier export, as its list has them, that the new one no longer makes: they must not linger."""
    sums = folder / SUMS
    if not sums.is_file():
        return
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        old = folder / name
        inside = old.resolve().is_relative_to(folder.resolve())
        if name not in keep and inside and old.is_file() and sha256(old) == digest:
            old.unlink()
