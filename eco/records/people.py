"""What names and finds a person: ID numbers, phones, names. Text in, value or what is wrong with it out.

ID numbers follow GB 11643-1999: six digits of region, eight of birth, three in sequence, one to check
(ISO 7064 MOD 11-2). Nothing here ever prints one.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from eco.phrases import Phrase
from eco.problems import mask
from eco.records.figures import NOTHING, cell_texts, half_width, lost_ends
from eco.records.texts import as_arrow, lengths, matching, mended, text_bytes

OLDEST_YEARS = 120
_BLOCK_ROWS = 100_000  # looked at together: what they need stays near the processor
_CHECK_SIGNS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_WEIGHTS = np.array([pow(2, 17 - place, 11) for place in range(17)])
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_PROVINCES = np.array(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)]
    + [71, 81, 82, 83]
)
_IS_PROVINCE = np.isin(np.arange(100), _PROVINCES)
# What an ID number breaks, worst first: the rule and the words.
ID_FAULTS: dict[str, tuple[str, Phrase]] = {
    "number": ("E-ID-02", Phrase("后三位已丢失", "its last three digits are lost")),
    "old": ("E-ID-03", Phrase("15 位旧号", "an old number of 15 digits")),
    "length": ("E-ID-01", Phrase("位数不对", "its length")),
    "signs": ("E-ID-01", Phrase("含有不该有的字符", "signs that are no digits")),
    "region": ("E-ID-01", Phrase("地区码不对", "its region")),
    "date": ("E-ID-01", Phrase("出生日期不存在", "a birth date that does not exist")),
    "future": ("E-ID-01", Phrase("出生日期在今后", "a birth date still to come")),
    "age": ("E-ID-01", Phrase("年龄超过 120 岁", "an age over 120")),
    "check": ("E-ID-01", Phrase("校验码不符", "its check digit")),
}
_PHONE = re.compile(r"1[3-9]\d{9}|(?:0\d{2,3})?[2-8]\d{6,7}|400\d{7}", re.ASCII)
_SPOKEN = re.compile(
    r"(?<!\d)(?:\d[ \-]?){14}(?:(?:\d[ \-]?){2}\d)?[\dXx](?!\d)|(?<!\d)1[ \-]?[3-9](?:[ \-]?\d){9}(?!\d)"
)
# One sign for one, so that places agree.
_NARROW = {ord(wide): narrow for wide, narrow in zip("０１２３４５６７８９Ｘｘ－　", "0123456789Xx- ")}
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪"
    "严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴"
    "席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边净瞿闫"
)


class Ids(NamedTuple):
    """A column of ID numbers in 18 signs, "" where none or a bad one stands.

    `faults` holds a key of ID_FAULTS where one is bad; `repaired` were rewritten, `converted` had 15 digits.
    """

    values: pd.Series
    faults: pd.Series
    repaired: pd.Series
    converted: pd.Series


class Phones(NamedTuple):
    """A column of phones without blanks and dashes; `odd` are none and stay as written."""

    values: pd.Series
    odd: pd.Series
    repaired: pd.Series


def id_faults(numbers: np.ndarray | pd.Series, *, asof: date) -> np.ndarray:
    """For each text the first key of ID_FAULTS it breaks as a number of 18 signs, "" for a sound one.

    >>> list(id_faults(np.array(["11010519491231002X", "110105194912310021", "1"]), asof=date(2026, 1, 1)))
    ['', 'check', 'length']
    """
    texts = pd.Series(numbers, dtype="str")
    arrow, right_length = as_arrow(texts), lengths(texts) == 18
    narrow = right_length & (pc.binary_length(arrow).to_numpy(zero_copy_only=False) == 18)
    faults = np.where(right_length, "signs", "length").astype(object)
    rows = np.flatnonzero(narrow)
    for start in range(0, len(rows), _BLOCK_ROWS):
        some = rows[start : start + _BLOCK_ROWS]
        signs = text_bytes(arrow.take(pa.array(some))).reshape(-1, 18)
        faults[some] = _faults_of_signs(signs, asof)
    return faults


def _faults_of_signs(signs: np.ndarray, asof: date) -> np.ndarray:
    """The faults of numbers of 18 ASCII signs, one row of codes each."""
    digits = signs - np.uint8(ord("0"))  # what is no digit wraps to more than 9
    right = digits <= 9
    right[:, 17] |= signs[:, 17] == ord("X")
    digits = np.where(right, digits, 0).astype(np.int32)
    year = digits[:, 6:10] @ (1000, 100, 10, 1)
    month, of_month = digits[:, 10:12] @ (10, 1), digits[:, 12:14] @ (10, 1)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)) & (month == 2)
    days = np.where(month <= 12, _MONTH_DAYS[np.minimum(month, 12)] + leap, 0)
    born = year * 10_000 + month * 100 + of_month
    now = asof.year * 10_000 + asof.month * 100 + asof.day
    check = _CHECK_SIGNS[digits[:, :17] @ _WEIGHTS % 11]
    broken = {
        "signs": ~right.all(axis=1),
        "region": ~_IS_PROVINCE[digits[:, :2] @ (10, 1)],
        "date": (of_month < 1) | (of_month > days),
        "future": born > now,
        "age": now - born >= (OLDEST_YEARS + 1) * 10_000,
        "check": check != signs[:, 17],
    }
    faults = np.full(len(signs), "", dtype=object)
    for fault, rows in reversed(broken.items()):
        faults[rows] = fault
    return faults


def to_eighteen(old: str) -> str:
    """An ID number of 15 digits in 18 signs: the century put in, the check sign worked out.

    >>> to_eighteen("110105491231002")
    '11010519491231002X'
    """
    longer = f"{old[:6]}19{old[6:]}"
    return longer + chr(_CHECK_SIGNS[np.array([int(digit) for digit in longer]) @ _WEIGHTS % 11])


def _id_text(text: str) -> str:
    return re.sub(r"\s+", "", half_width(text).upper())


def read_ids(cells: pd.Series, *, asof: date, allow_old: bool = False) -> Ids:
    """ID numbers from cells of any kind.

    Repaired: full-width signs, blanks, a leading apostrophe, a small x. Numbers of 15 digits are read
    only where `allow_old` is set. Digits lost in a number cell are never guessed.
    """
    given = cell_texts(cells)
    texts = mended(given, _id_text, plain=re.compile("[0-9X]"))
    texts = texts.mask(texts.isin(NOTHING), "").astype("str")
    lost = lost_ends(cells)
    old = matching(texts, "^[0-9]{15}$") & ~lost
    if allow_old:
        texts = texts.mask(old, texts[old].map(to_eighteen)).astype("str")
    faults = id_faults(texts, asof=asof)
    # Excel writes a lost end as 000.
    lost = lost | (faults == "check") & texts.str.endswith("000").to_numpy(dtype=bool)
    faults[old & (not allow_old)] = "old"
    faults[lost] = "number"
    faults[(texts == "").to_numpy()] = ""
    sound = pd.Series(faults == "", index=cells.index)
    repaired = sound & (texts != given) & (texts != "") & ~old
    return Ids(
        texts.where(sound, "").astype("str"),
        pd.Series(faults, index=cells.index),
        repaired,
        sound & old,
    )


def phone(text: str) -> str:
    """A phone, or several parted by 、 or /, in digits alone; "" when one of them is none.

    >>> phone("138-1234 5678"), phone("+86 13812345678/0932-8212345"), phone("138")
    ('13812345678', '13812345678、09328212345', '')
    """
    parts = re.split(r"[、,;/]", half_width(text))
    bare = [re.sub(r"[\s()\-]", "", part).removeprefix("+").strip() for part in parts]
    bare = [part[2:] if len(part) == 13 and part.startswith("86") else part for part in bare]
    return "、".join(bare) if all(_PHONE.fullmatch(part) for part in bare) else ""


def read_phones(cells: pd.Series) -> Phones:
    """Phones from cells of any kind."""
    given = cell_texts(cells)
    given = given.mask(given.isin(NOTHING), "").astype("str")
    asked = ~matching(given, "^1[3-9][0-9]{9}$") & (given != "").to_numpy(dtype=bool)
    read = given.copy()
    read[asked] = [phone(text) for text in given[asked].tolist()]
    odd = (read == "") & (given != "")
    return Phones(read.mask(odd, given).astype("str"), odd, ~odd & (read != given))


def mask_people(text: str) -> str:
    """Free text with every ID number and mobile number in it masked, however written.

    >>> mask_people("电话 138-1234-5678"), mask_people("６２２４２１１９９００１０１１２３Ｘ"), mask_people("EPSG:4544")
    ('电话 13***8', '62***X', 'EPSG:4544')
    """
    plain = text.translate(_NARROW)
    told, place = [], 0
    for match in _SPOKEN.finditer(plain):
        told += [text[place : match.start()], mask(match.group())]
        place = match.end()
    return "".join([*told, text[place:]])


def looks_like_a_name(text: str) -> bool:
    """Whether a whole cell is two to four Han signs that begin with a common surname.

    >>> looks_like_a_name("王 小明"), looks_like_a_name("很多"), looks_like_a_name("四人")
    (True, False, False)
    """
    bare = re.sub(r"[\s·]", "", text)
    han = all("\u3400" <= sign <= "\u9fff" or sign >= "\U00020000" for sign in bare)
    return 2 <= len(bare) <= 4 and han and bare[0] in _SURNAMES
