"""A page that only its passphrase opens: the household edition as it may leave the office.

The page stands inside one HTML file as AES-256-GCM ciphertext, its key derived from the passphrase by
PBKDF2-HMAC-SHA256 in 600,000 rounds; the file opens in a browser without a network. Whoever holds the file may
guess at leisure, so the passphrase is made here; and a false copy of the file could ask for it: fingerprints
(`.sha256`) tell the two apart.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import secrets
import unicodedata
import zlib
from importlib.resources import files
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jinja2 import Environment
from markupsafe import Markup

from eco.files import whole_file
from eco.phrases import WORDS, Phrase, word
from eco.problems import DataProblem, Finding
from eco.sharing.maps import editions, layers
from eco.sharing.maps.page import json_text, policy_for, refuse_outside, sealed_page
from eco.sharing.release import Release

ROUNDS = 600_000
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
PASSPHRASE_WORDS = 5

# Syllables one hears and types alike. Left out are those that dialects of the north-west run together (n and l;
# z, c, s and zh, ch, sh, r; -in and -ing, -en and -eng), those with ü, and those that make a rude word of a pair.
# Each begins with a consonant that ends no other, so that what was typed without spaces still falls apart one way.
_SYLLABLES = """
bai ban bang bao bei bian biao bie bo bu  pa pai pan pang pao pei pi pian piao pie po pu
ma mai man mang mao mei mi mian miao mo mou mu  fa fan fang fei fo fou fu
da dai dan dang dao de di dian die diu dong dou du duan dui duo
ta tai tan tang tao te ti tian tiao tie tong tou tu tuan tui tuo
la lai lan lang lao le lei li lian liang liao lie liu long lou lu luan luo
ga gai gan gang gao ge gei gong gou gu gua guai guan guang gui guo
ka kai kan kang kao ke kong kou ku kua kuai kuan kuang kui kuo
ha hai han hang hao he hei hong hou hu hua huai huan huang hui huo
ji jia jian jiang jiao jie jiu ju juan jue  qi qia qian qiang qiao qie qiu qu quan que
xi xia xian xiang xiao xie xiu xu xuan xue  wa wai wan wang wei wo wu  ya yan yang yao ye yi you yu yuan yue
"""
SYLLABLES = tuple(_SYLLABLES.split())

_FORM = f"eco-locked 1 AES-256-GCM PBKDF2-HMAC-SHA256 {ROUNDS} gzip"
_BOX = re.compile(rb'<script type="application/json" id="locked-box">([^<]*)</script>')
_DIGITS = re.compile(r"\d{10}")
_FAULTS = ("script", "browser", "damaged", "wrong")
# What stands in the card of a household, in this order, each under the word locked_<column>.
_DETAILS = ("head_name", "township", "village", "register_type", "main_cause")
_HONEST = ("locked_lost", "locked_copied", "locked_apart", "locked_false")


def new_passphrase() -> str:
    """Five words of two pinyin syllables each, at random: 75 bits. Said once and kept nowhere."""
    return " ".join(secrets.choice(SYLLABLES) + secrets.choice(SYLLABLES) for _ in range(PASSPHRASE_WORDS))


def letters(passphrase: str) -> str:
    """What counts of a passphrase, however it was typed: its letters a to z.

    >>> letters(" MaBao-tián dou，ＧＵＯ ")
    'mabaotiandouguo'
    """
    return re.sub("[^a-z]", "", unicodedata.normalize("NFKD", passphrase).lower())


def write_locked(path: Path | str, page: str, *, passphrase: str, lang: str, title: str) -> Path:
    """Write one HTML file that shows `page` to whoever types `passphrase`, and to nobody else.

    `page` is a sealed page (`eco.sharing.maps.page`) that carries its data as JSON: the hashes of its scripts stand
    in the open. So does `title`: place and date, nothing of any household. No two files are alike: salt and nonce
    are fresh. The draft is opened again before it takes its place. ValueError for a passphrase that
    `new_passphrase` cannot have made or an unknown language; DataProblem when either page would load anything.
    """
    if lang not in ("zh", "en"):
        raise ValueError(f"语言 {lang!r}：可用 zh、en / language {lang!r}: use zh or en")
    if not _made_here(passphrase):
        raise ValueError(
            f"口令须由程序生成（{PASSPHRASE_WORDS} 个词），请用 new_passphrase() 另做一个 / "
            f"the passphrase is not one the library makes ({PASSPHRASE_WORDS} words): take one from new_passphrase()"
        )
    refuse_outside(page)
    door = _door(page, _box(page, passphrase), lang=lang, title=title)
    refuse_outside(door, inside=page)

    def same(draft: Path) -> None:
        if open_locked(draft, passphrase) != page:
            raise DataProblem([_fault("damaged", draft.name)])

    with whole_file(path, read_back=same, sealed=True) as draft:
        draft.write_text(door, encoding="utf-8", newline="\n")
    return Path(path)


def write_household_map(
    path: Path | str, told: Release, *, passphrase: str, relief: Path | None = None
) -> Path:
    """Write the map of the household edition as one locked file: every household with its details in its card.

    `relief` is an elevation raster for shaded ground. ValueError for any other edition; else as `write_locked`.
    """
    if told.edition.name != "household":
        said = WORDS["locked_edition"]
        given = {"edition": told.edition.name}
        raise ValueError(f"{said.zh.format(**given)} / {said.en.format(**given)}")
    payload = editions._payload(told)
    if told.households is not None:
        there = [name for name in _DETAILS if name in told.households.columns]
        payload["details"] = [[name, word(f"locked_{name}", told.lang)] for name in there]
    if relief is not None:
        payload["relief"] = layers.relief_layer(
            relief, told.places["county"].geometry, decimals=told.edition.decimals
        )
    page = sealed_page(payload, title=told.sheet.title, lang=told.lang, watermark=told.sheet.watermark)
    return write_locked(path, page, passphrase=passphrase, lang=told.lang, title=_heading(told))


def _heading(told: Release) -> str:
    """What stands in the open: place, year and the day it was made."""
    made_on = word("sheet_made_on", told.lang)
    return " · ".join([told.sheet.title, *(note for note in told.sheet.notes if note.startswith(made_on))])


def open_locked(path: Path | str, passphrase: str) -> str:
    """The page inside a locked file.

    DataProblem with one sentence: E-KEY-01 where the passphrase is wrong or the ciphertext, salt, nonce or header
    is no longer what was written; E-KEY-02 where the file is cut short, damaged or no locked file.
    """
    name = Path(path).name
    try:
        header, text = _held(Path(path).read_bytes())
        *_, salt, nonce = header.split(" ")
        key = _key(passphrase, base64.b64decode(salt))
        packed = AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(text), header.encode())
        return gzip.decompress(packed).decode("utf-8")
    except InvalidTag:
        raise DataProblem([_fault("wrong", name)]) from None
    except (OSError, EOFError, ValueError, KeyError, RecursionError, zlib.error):
        raise DataProblem([_fault("damaged", name)]) from None


def _made_here(passphrase: str) -> bool:
    """Whether the letters are the syllables of a passphrase of ours, one after the other."""
    syllable = "|".join(sorted(SYLLABLES, key=len, reverse=True))
    return bool(re.fullmatch(f"(?:{syllable}){{{2 * PASSPHRASE_WORDS}}}", letters(passphrase)))


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", letters(passphrase).encode(), salt, ROUNDS, KEY_BYTES)


def _box(page: str, passphrase: str) -> dict[str, str]:
    """Header, ciphertext and the digest of both, which tells a damaged file from a wrong passphrase."""
    packed = gzip.compress(page.encode("utf-8"), mtime=0)
    text = ""
    # Now and then chance writes digits that the release gate would take for a phone: then it is drawn again.
    while not text or _DIGITS.search(text):
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        header = f"{_FORM} {_base64(salt)} {_base64(nonce)}"
        text = _base64(AESGCM(_key(passphrase, salt)).encrypt(nonce, packed, header.encode()))
    return {"header": header, "sha256": _digest(header, text), "text": text}


def _held(raw: bytes) -> tuple[str, str]:
    """Header and ciphertext of a file's bytes; ValueError or KeyError where they are not what was written."""
    boxes = _BOX.findall(raw)
    if len(boxes) != 1:
        raise ValueError("no box, or more than one")
    box = json.loads(boxes[0])
    if not isinstance(box, dict) or not all(isinstance(part, str) for part in box.values()):
        raise ValueError("not a box")
    header, text = box["header"], box["text"]
    if _digest(header, text) != box["sha256"] or not re.fullmatch(re.escape(_FORM) + " [^ ]+ [^ ]+", header):
        raise ValueError("changed, or of another form")
    return header, text


def _digest(header: str, text: str) -> str:
    return _base64(hashlib.sha256(f"{header}\n{text}".encode()).digest())


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _door(page: str, box: dict[str, str], *, lang: str, title: str) -> str:
    """The page around the box: it asks, opens and locks, and is allowed no more than the page inside it."""
    template = Environment(autoescape=True).from_string(_asset("door.html"))
    given = {
        "tongue": "zh-CN" if lang == "zh" else "en",
        "title": title,
        "words": {key: word(key, lang) for key in WORDS if key.startswith("locked_")},
        "honest": [word(key, lang) for key in _HONEST],
        "faults": {kind: WORDS[f"locked_fault_{kind}"] for kind in _FAULTS},
        "style": Markup(_asset("door.css")),
        "pulse": Markup(_asset("pulse.js")),
        "script": Markup(_asset("door.js")),
        "box": Markup(json_text(box)),
    }
    bare = template.render(given, policy="")
    return template.render(given, policy=Markup(policy_for(bare, page)))


def _asset(name: str) -> str:
    return (files("eco.sharing") / "locked" / name).read_text("utf-8").replace("\r\n", "\n")


def _fault(kind: str, where: str) -> Finding:
    wrong = kind == "wrong"
    return Finding(
        code="E-KEY-01" if wrong else "E-KEY-02",
        level="error",
        table="",
        where=where,
        column="",
        found="解不开 / does not open" if wrong else "已损坏或不完整 / damaged or cut short",
        expected=Phrase("与口令相符、未被改动的文件", "the file of this passphrase, as it was written")
        if wrong
        else Phrase("本程序写出的整个加密文件", "a whole locked file of ours"),
        todo=Phrase("核对口令再试", "check the passphrase and try again")
        if wrong
        else Phrase("重新索取文件", "ask for the file again"),
    )
