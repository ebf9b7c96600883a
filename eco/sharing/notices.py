"""The public notice (公示) of each village: recorded facts on A4, names masked, never a modelled number."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from eco.files import write_text
from eco.phrases import Phrase, word
from eco.problems import DataProblem, Finding
from eco.records.people import mask_people
from eco.records.tables import SITES
from eco.sharing.office import plain_text
from eco.sharing.release import choice_label

FEWEST_DAYS = 10  # a notice hangs in village and township for at least ten days (国务院扶贫办, 2018)
_NAME_SIGNS = 24
_LIVELIHOODS = {"forest_plots": "forest", "juncao_plots": "juncao", "apiaries": "bees"}
# Words of illness and disability: an item with one of them says what ails the household. Pests of crops do not.
_HEALTH = re.compile(
    "病|残|医|药费|疾|癌|艾滋|精神|康复|护理|失能|住院|手术|透析|ill|disab|medic|hospital|health|patient|disease",
    re.I,
)
_PESTS = re.compile("病虫害?|病媒|疫病防控|白粉病|锈病")
_ACCOUNT = re.compile(r"(?<!\d)\d(?:[ \-]?\d){10,}(?:[ \-]?[Xx])?(?!\d)")
_SAFE = re.compile(r"[^\w\u3400-\u9fff]|_")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\s]")


@dataclass(frozen=True)
class _Posting:
    """What stands on every notice beside the village's own facts."""

    office: str
    hotline: str
    standards: Mapping[str, str]
    days: int
    posted_on: date | None
    lang: str

    def say(self, key: str, **values: object) -> str:
        return word(f"notice_{key}", self.lang).format(**values)


def write_notice(
    folder: Path | str,
    project,
    *,
    office: str = "",
    hotline: str = "",
    standards: Mapping[str, str] | None = None,
    days: int = FEWEST_DAYS,
    posted_on: date | None = None,
    year: int | None = None,
    lang: str = "zh",
) -> list[Path]:
    """Write one notice a village with recorded links or payments, and a list of them; the paths written.

    They are pages for A4, township by township in folders of their own: FOLDER/<township>/<village>.html. Facts are
    those of `year`, or of all years. `standards` gives the standard of an item (of a role or a payment as the tables
    write it: 护林员, 退耕还林) in words; what is not given is left to be filled in by hand, （填写）. Items that name
    an illness or a disability are counted and not told. ValueError for an unknown language; DataProblem for fewer
    than ten days (E-NOTE-01).
    """
    if lang not in ("zh", "en"):
        raise ValueError(f"语言 {lang!r}：可用 zh、en / language {lang!r}: use zh or en")
    if days < FEWEST_DAYS:
        expected = Phrase(f"不少于 {FEWEST_DAYS} 天", f"{FEWEST_DAYS} days or more")
        todo = Phrase("延长公示期", "post it for longer")
        raise DataProblem([Finding("E-NOTE-01", "error", "notice", "", "days", str(days), expected, todo)])
    posting = _Posting(office, hotline, standards or {}, days, posted_on, lang)
    folder, places = Path(folder), _places(project)
    links, payments = _links(project, year, posting), _payments(project, year, posting)
    codes = sorted(set(links) | set(payments))
    written, listed = [], []
    for code in codes:
        place = places.loc[code]
        path = folder / _file_name(code[:9], place["township"]) / f"{_file_name(code, place['name'])}.html"
        write_text(path, _page(posting, place, links.get(code, []), payments.get(code, [])))
        written.append(path)
        listed.append((path.relative_to(folder).as_posix(), f"{place['township']} {place['name']}"))
    index = folder / "index.html"
    write_text(index, _template("notices").render(lang=_html_lang(lang), say=posting.say, rows=listed))
    return [*written, index]


def _html_lang(lang: str) -> str:
    return "zh-CN" if lang == "zh" else "en"


def masked_name(name: object) -> str:
    """A name of which only its first sign is seen; "" where there is none.

    >>> masked_name("王小明"), masked_name(None), masked_name("<img src=x>")
    ('王**', '', '<**')
    """
    if name is None or name is pd.NA or name != name:
        return ""
    text = _UNSEEN.sub("", plain_text(name))
    return f"{text[0]}**" if text else ""


def masked_item(item: object, names: tuple[str, ...] = ()) -> str:
    """The text of an item without ID numbers, phones, accounts, or a name of the household it was paid to.

    >>> masked_item("危房改造 王小明 13812345678", ("王小明",))
    '危房改造 王** 13***8'
    """
    text = plain_text(item)
    for name in names:
        if len(name) > 1:
            text = text.replace(name, masked_name(name))
    return _ACCOUNT.sub("***", mask_people(text))


def names_illness(item: object) -> bool:
    """Whether an item tells of somebody's health; the pests of a crop do not.

    >>> names_illness("大病救助"), names_illness("林木病虫害防治"), names_illness("退耕还林")
    (True, False, False)
    """
    return bool(_HEALTH.search(_PESTS.sub("", str(item))))


def _places(project) -> pd.DataFrame:
    """Names of every village with those of the township and county above it, by village code."""
    names = {
        table: dict(zip(getattr(project, table)["code"], getattr(project, table)["name"]))
        for table in ("counties", "townships")
    }
    villages = project.villages[["code", "name"]].set_index("code")
    codes = villages.index.to_series()
    return villages.assign(
        township=[str(names["townships"].get(code[:9] + "000", "")) for code in codes],
        county=[str(names["counties"].get(code[:6], "")) for code in codes],
    )


def _homes(project) -> pd.DataFrame:
    """Village and masked name of every household, by id; the whole name only to take it out of items."""
    homes = project.households
    names = homes["head_name"] if "head_name" in homes else pd.Series(None, index=homes.index, dtype=object)
    frame = pd.DataFrame(
        {"village": homes["village_code"].astype(str), "whole": names.fillna("").astype(str)}
    )
    return frame.assign(name=names.map(masked_name)).set_index(homes["household_id"].astype(str))


def _links(project, year: int | None, posting: _Posting) -> dict[str, list[dict]]:
    """The recorded links of each village, in the order of item and name."""
    links = project.links
    if "recorded" in links:
        links = links[links["recorded"].astype(bool)]
    if year is not None and len(links):
        links = links[links["year"] == year]
    if links.empty:
        return {}
    tables = _site_tables(project)
    rows = []
    for link in links[["household_id", "site_id", "role", "quantity", "unit", "year"]].itertuples(
        index=False
    ):
        role = choice_label("links", "role", link.role, posting.lang)
        table = tables.get(str(link.site_id))
        of = f"{word(_LIVELIHOODS[table], posting.lang)} · " if table else ""
        rows.append(
            {
                "household_id": str(link.household_id),
                "item": of + role,
                "site": masked_item(link.site_id),
                "standard": posting.standards.get(role, posting.say("fill")),
                "quantity": f"{float(link.quantity):,.10g}",
                "unit": choice_label("links", "unit", link.unit, posting.lang),
                "when": posting.say("year", year=int(link.year)),
            }
        )
    return _by_village(rows, _homes(project), posting)


def _site_tables(project) -> dict[str, str]:
    """The table that each site stands in, by its id."""
    return {
        str(site): name
        for name in SITES
        for site in getattr(project, name)["apiary_id" if name == "apiaries" else "plot_id"]
    }


def _payments(project, year: int | None, posting: _Posting) -> dict[str, list[dict]]:
    """The payments of each village; of those that tell of an illness only that there are some."""
    payments = project.payments
    if payments.empty:
        return {}
    paid = pd.to_datetime(payments["paid_on"]) if "paid_on" in payments else pd.Series(pd.NaT, payments.index)
    homes = _homes(project)
    whole = homes["whole"].to_dict()
    rows = []
    for (home, item, amount), day in zip(
        payments[["household_id", "item", "amount_yuan"]].itertuples(index=False), paid
    ):
        if year is not None and (pd.isna(day) or day.year != year):
            continue
        rows.append(
            {
                "household_id": str(home),
                "private": names_illness(item),
                "item": masked_item(item, (whole.get(str(home), ""),)),
                "standard": posting.standards.get(str(item), posting.say("fill")),
                "amount": float(amount),
                "when": "" if pd.isna(day) else day.date().isoformat(),
            }
        )
    return _by_village(rows, homes, posting)


def _by_village(rows: list[dict], homes: pd.DataFrame, posting: _Posting) -> dict[str, list[dict]]:
    """Rows by the village of their household, each with its masked name, in an order that is not the file's."""
    villages, names = homes["village"].to_dict(), homes["name"].to_dict()
    answer: dict[str, list[dict]] = {}
    for row in rows:
        home = row.pop("household_id")
        if home in villages:
            row["name"] = names[home] or posting.say("unnamed")
            answer.setdefault(villages[home], []).append(row)
    for mine in answer.values():
        mine.sort(
            key=lambda row: (
                row["item"],
                row["name"],
                row["when"],
                str(row.get("amount", row.get("quantity"))),
            )
        )
    return answer


def _page(posting: _Posting, place: pd.Series, links: list[dict], payments: list[dict]) -> str:
    shown = [row for row in payments if not row["private"]]
    first, last = posting.say("fill"), posting.say("fill")
    if posting.posted_on is not None:
        first = posting.posted_on.isoformat()
        last = (posting.posted_on + timedelta(days=posting.days)).isoformat()
    return _template("notice").render(
        lang=_html_lang(posting.lang),
        say=posting.say,
        place={name: plain_text(place[name]) for name in ("county", "township")}
        | {"village": plain_text(place["name"])},
        links=links,
        payments=shown,
        paid=sum(row["amount"] for row in shown),
        private=len(payments) - len(shown),
        days=posting.say("days_value", days=posting.days, first=first, last=last),
        posted=first,
        office=posting.office or posting.say("fill"),
        hotline=posting.hotline or posting.say("fill"),
    )


@lru_cache(maxsize=2)
def _template(name: str):
    from jinja2 import Environment

    room = files("eco.sharing")
    # A browser hashes lines that end in a bare newline.
    style = (room / "notice.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    parts = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    known = {"style": style, "style_hash": f"sha256-{digest}"}
    return parts.from_string((room / f"{name}.html").read_text(encoding="utf-8"), globals=known)


def _file_name(code: str, name: object) -> str:
    """A code with the letters of a name behind it: nothing that a disk or a path would read otherwise.

    >>> _file_name("621102", "凤翔镇/../x"), _file_name("621102", "")
    ('621102-凤翔镇x', '621102')
    """
    safe = _SAFE.sub("", plain_text(name))[:_NAME_SIGNS]
    return f"{code}-{safe}" if safe else code
