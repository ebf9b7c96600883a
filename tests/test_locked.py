"""Locked pages: the passphrase opens them, in Python, in Chromium and by another hand; all else is one sentence."""

import base64
import gzip
import hashlib
import json
import math
import random
import re
import resource
import signal
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from eco.phrases import WORDS
from eco.problems import DataProblem
from eco.sharing import locked
from eco.sharing.maps.page import json_text, policy_for, refuse_outside
from eco.sharing.release import release

TITLE = "样例县 · 2020"
SECRET = "HH-620421 王某某 因病"
INNER = (
    '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="{policy}">\n<title>内</title>\n'
    "<style>p {{ color: rgb(1, 2, 3) }}</style>\n</head>\n<body>\n<p></p>\n"
    '<script type="application/json" id="data">{data}</script>\n'
    '<script>document.querySelector("p").textContent = '
    'JSON.parse(document.getElementById("data").textContent);</script>\n</body>\n</html>\n'
)


def inner_page(text=SECRET):
    bare = INNER.format(policy="", data=json_text(text))
    return INNER.format(policy=policy_for(bare), data=json_text(text))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One locked file, its passphrase and the page it holds."""
    passphrase, page = locked.new_passphrase(), inner_page()
    path = tmp_path_factory.mktemp("locked") / "locked.html"
    locked.write_locked(path, page, passphrase=passphrase, lang="zh", title=TITLE)
    return SimpleNamespace(path=path, passphrase=passphrase, page=page, raw=path.read_bytes())


def box_of(raw):
    return json.loads(re.search(rb'id="locked-box">([^<]+)<', raw)[1])


def with_box(raw, box):
    """The file with another box in it, its digest made to fit: what a forger would send."""
    digest = hashlib.sha256((box["header"] + "\n" + box["text"]).encode()).digest()
    forged = json.dumps({**box, "sha256": base64.b64encode(digest).decode()}).encode()
    return re.sub(rb'(id="locked-box">)[^<]+', lambda found: found[1] + forged, raw)


def flipped(raw, *, seed):
    """The file with one bit of its box (header with salt and nonce, digest, ciphertext) the other way round."""
    start, end = re.search(rb'id="locked-box">([^<]+)<', raw).span(1)
    rng = random.Random(seed)
    # Half of the flips in the few signs of header and digest, which uniform ones would hardly meet.
    at = rng.randrange(start, end if seed % 2 else start + 260)
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def forgeries(raw):
    """One bit each of salt, nonce, ciphertext and tag turned, the digest repaired."""
    box = box_of(raw)
    head = box["header"].split(" ")

    def turned(text, at):
        content = bytearray(base64.b64decode(text))
        content[at] ^= 1
        return base64.b64encode(content).decode()

    for place, at in ((6, 0), (6, -1), (7, 0), (7, -1)):
        parts = [*head[:place], turned(head[place], at), *head[place + 1 :]]
        yield with_box(raw, {**box, "header": " ".join(parts)})
    for at in (0, 100, -17, -1):
        yield with_box(raw, {**box, "text": turned(box["text"], at)})


# ---- the passphrase


def test_a_passphrase_holds_seventy_bits_and_is_easy_to_type():
    words = {first + second for first in locked.SYLLABLES for second in locked.SYLLABLES}
    assert len(words) == len(locked.SYLLABLES) ** 2  # no word can be said in two ways
    assert locked.PASSPHRASE_WORDS * math.log2(len(words)) >= 70
    assert len(set(locked.SYLLABLES)) == len(locked.SYLLABLES)
    told = [locked.new_passphrase() for _ in range(500)]
    assert len(set(told)) == 500
    for passphrase in told:
        assert re.fullmatch(r"[a-z]{4,12}( [a-z]{4,12}){4}", passphrase)
        assert set(passphrase.split()) <= words
    used = "".join(told)
    assert all(syllable in used for syllable in locked.SYLLABLES)


def test_passphrases_run_together_fall_apart_one_way():
    """Letters alone count, so no two passphrases may have the same ones: counted over all ways to cut them."""
    for passphrase in (locked.new_passphrase() for _ in range(100)):
        text = locked.letters(passphrase)
        ways = [1] + [0] * len(text)
        for end in range(1, len(text) + 1):
            ways[end] = sum(
                ways[end - len(s)] for s in locked.SYLLABLES if text[:end].endswith(s) and end >= len(s)
            )
        assert ways[-1] == 1


@pytest.mark.parametrize("weak", ["", "123456", "mabao", "correct horse battery staple lake", "mabao " * 4])
def test_a_passphrase_somebody_thought_up_is_refused(tmp_path, weak):
    path = tmp_path / "a.html"
    path.write_text("old", "utf-8")
    with pytest.raises(ValueError, match="new_passphrase") as told:
        locked.write_locked(path, inner_page(), passphrase=weak, lang="zh", title=TITLE)
    assert not weak or weak not in str(told.value)
    assert path.read_text("utf-8") == "old"


# ---- what stands in the bytes


def test_another_hand_opens_it_by_the_book(made):
    box = box_of(made.raw)
    name, version, cipher, derivation, rounds, packing, salt, nonce = box["header"].split(" ")
    assert (name, version, cipher, packing) == ("eco-locked", "1", "AES-256-GCM", "gzip")
    assert (derivation, rounds) == ("PBKDF2-HMAC-SHA256", "600000")
    salt, nonce, text = (base64.b64decode(part, validate=True) for part in (salt, nonce, box["text"]))
    assert (len(salt), len(nonce)) == (16, 12)
    key = hashlib.pbkdf2_hmac("sha256", made.passphrase.replace(" ", "").encode(), salt, 600_000, 32)

    def opened(header):
        reading = Cipher(algorithms.AES(key), modes.GCM(nonce, text[-16:])).decryptor()
        reading.authenticate_additional_data(header.encode())
        return gzip.decompress(reading.update(text[:-16]) + reading.finalize()).decode()

    assert opened(box["header"]) == made.page
    with pytest.raises(InvalidTag):
        opened(box["header"].replace("600000", "600001"))
    fewer = hashlib.pbkdf2_hmac("sha256", made.passphrase.replace(" ", "").encode(), salt, 599_999, 32)
    assert fewer != key


def test_the_file_says_nothing_of_what_it_holds(made):
    text = made.raw.decode("utf-8")
    for part in (*made.passphrase.split(), made.passphrase.replace(" ", ""), *SECRET.split(), "内</title>"):
        assert part not in re.sub(r"[A-Za-z0-9+/=]{60,}", "", text)
        assert base64.b64encode(part.encode()).decode().rstrip("=")[:-1] not in text or len(part) < 9
    assert TITLE in text
    for key in ("locked_lost", "locked_copied", "locked_apart", "locked_false"):
        assert WORDS[key].zh in text
    assert len(made.raw) < 40_000


def test_no_two_files_share_salt_nonce_or_ciphertext(made, tmp_path):
    again = locked.write_locked(
        tmp_path / "b.html", made.page, passphrase=made.passphrase, lang="zh", title=TITLE
    )
    one, two = box_of(made.raw), box_of(again.read_bytes())
    assert one["header"].split()[6] != two["header"].split()[6]
    assert one["header"].split()[7] != two["header"].split()[7]
    assert one["text"][:40] != two["text"][:40]


@settings(max_examples=12)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=2000))
def test_every_page_comes_back(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("trip") / "page.html"
    passphrase, page = locked.new_passphrase(), inner_page(text)
    locked.write_locked(path, page, passphrase=passphrase, lang="en", title=text[:30])
    assert locked.open_locked(path, passphrase.upper().replace(" ", "-")) == page


# ---- what does not open in Python


def refused(path, passphrase, code):
    with pytest.raises(DataProblem) as told:
        locked.open_locked(path, passphrase)
    assert [finding.code for finding in told.value.findings] == [code]
    assert not passphrase or passphrase not in str(told.value)
    assert SECRET not in str(told.value)


def test_a_wrong_passphrase_is_one_sentence(made):
    for wrong in (locked.new_passphrase(), "", "土豆", made.passphrase + "a", made.passphrase[:-1]):
        refused(made.path, wrong, "E-KEY-01")


def test_every_flipped_bit_is_told(made, tmp_path):
    path = tmp_path / "flipped.html"
    for seed in range(200):
        path.write_bytes(flipped(made.raw, seed=seed))
        refused(path, made.passphrase, "E-KEY-02")


def test_a_forger_who_mends_the_digest_is_told(made, tmp_path):
    path = tmp_path / "forged.html"
    for forged in forgeries(made.raw):
        path.write_bytes(forged)
        refused(path, made.passphrase, "E-KEY-01")
    box = box_of(made.raw)
    for other in ("600000 gzip", "1 gzip"), ("-locked 1 ", "-locked 2 "), ("AES-256-GCM", "AES-128-GCM"):
        path.write_bytes(with_box(made.raw, {**box, "header": box["header"].replace(*other)}))
        refused(path, made.passphrase, "E-KEY-02")


def test_a_file_cut_short_or_of_another_kind_is_told(made, tmp_path):
    path = tmp_path / "short.html"
    for part in (0, 1, 1000, len(made.raw) // 2, len(made.raw) - 40, len(made.raw) - 200):
        path.write_bytes(made.raw[:part])
        refused(path, made.passphrase, "E-KEY-02")
    for inside in (b"[]", b"{}", b"[" * 200_000, b'{"header": 1, "sha256": "", "text": ""}'):
        path.write_bytes(b'<script type="application/json" id="locked-box">' + inside + b"</script>")
        refused(path, made.passphrase, "E-KEY-02")
    for other in (b"\xff\xfe", made.raw * 2):
        path.write_bytes(other)
        refused(path, made.passphrase, "E-KEY-02")
    refused(tmp_path / "nowhere.html", made.passphrase, "E-KEY-02")


# ---- what may run


def test_the_policy_allows_the_page_inside_and_nothing_else(made, tmp_path):
    door = made.raw.decode("utf-8")
    refuse_outside(door, inside=made.page)
    with pytest.raises(DataProblem, match="E-SEAL-01"):
        refuse_outside(door)  # the hashes of the page inside are too many without it
    with pytest.raises(DataProblem, match="E-SEAL-01"):
        refuse_outside(door.replace("script-src ", f"script-src 'sha256-{'A' * 43}=' "), inside=made.page)
    with pytest.raises(DataProblem, match="E-SEAL-01"):
        refuse_outside(door.replace("</main>", "<script>let more = 1</script></main>"), inside=made.page)
    assert "unsafe" not in door and door.count("Content-Security-Policy") == 1


@pytest.mark.parametrize(
    "planted", ["<script>let more = 1</script>", '<img src="https://example.org/a.png">', "<iframe></iframe>"]
)
def test_a_page_that_is_not_sealed_is_not_locked(tmp_path, planted):
    leaky = inner_page().replace("</body>", planted + "</body>")
    with pytest.raises(DataProblem, match="E-SEAL-01"):
        locked.write_locked(
            tmp_path / "a.html", leaky, passphrase=locked.new_passphrase(), lang="zh", title=TITLE
        )
    assert list(tmp_path.glob("*.html")) == []


def test_a_title_is_text_and_an_unknown_language_is_refused(tmp_path):
    title = '<img src=x onerror=alert(1)>{{ 7*7 }}</title><script>1</script>" &lt;'
    path = locked.write_locked(
        tmp_path / "a.html", inner_page(), passphrase=locked.new_passphrase(), lang="en", title=title
    )
    assert "<img" not in path.read_text("utf-8") and "{{ 7*7 }}" in path.read_text("utf-8")
    with pytest.raises(ValueError, match="language"):
        locked.write_locked(path, inner_page(), passphrase=locked.new_passphrase(), lang="fr", title="")


# ---- the household edition


HOSTILE = "<img src=x onerror=window.owned=1>${window.owned=1}`</script><script>window.owned=1</script>"


@pytest.fixture
def told(toy_project, toy_gains):
    """The household edition of the toy county: one main cause is hostile text."""
    causes = ["缺劳力", HOSTILE, *["因病"] * (len(toy_project.households) - 2)]
    homes = toy_project.households.assign(main_cause=causes, register_type="脱贫户")
    project = replace(toy_project, tables={**toy_project.tables, "households": homes})
    return release(
        project, gains=toy_gains(project), edition="household", key=b"key", today=date(2020, 12, 1)
    )


def test_the_household_map_tells_each_household_to_whoever_opens_it(tmp_path, told, toy_project, open_page):
    passphrase = locked.new_passphrase()
    relief = toy_project.rasters["elevation"]
    path = locked.write_household_map(tmp_path / "map.html", told, passphrase=passphrase, relief=relief)
    opened = open_page(path)
    assert "2020-12-01" in opened.page.inner_text("h1") and "样例县" in opened.page.inner_text("h1")
    typed(opened, passphrase)
    frame = inside(opened)
    opened.page.wait_for_timeout(800)
    assert frame.evaluate("eco.drawn()") == 3
    assert frame.evaluate("eco.rows('households')") == len(toy_project.households)
    homes = told.households.set_index("household_id")
    for row in (0, 1, 60):
        frame.evaluate(f"eco.openSite('households', {row})")
        said = frame.inner_text(".eco-card")
        name = next(name for name in homes.index if name in said)
        for column in ("head_name", "register_type", "main_cause"):
            assert homes.loc[name, column] in said
        for livelihood in ("forest", "bees"):
            assert f"{homes.loc[name, livelihood + '_yuan_mean']:,.0f} 元" in said
    assert frame.evaluate("window.owned") is None
    assert opened.complaints == [] and opened.asks() == []


def test_nothing_of_a_register_stands_in_the_bytes(tmp_path, told, toy_project):
    passphrase = locked.new_passphrase()
    path = locked.write_household_map(tmp_path / "map.html", told, passphrase=passphrase)
    raw = path.read_bytes()
    assert toy_project.households["household_id"].iloc[5] in locked.open_locked(path, passphrase)
    homes = toy_project.households
    columns = ("household_id", "head_name", "id_number", "phone")
    values = {value for column in columns for value in homes[column].astype(str)}
    values |= {value for column in ("register_type", "main_cause") for value in told.households[column]}
    values |= {value for frame in told.places.values() for value in frame["name"]} - {"安定区"}
    values |= {f"{part:.4f}" for point in homes.geometry for part in (point.x, point.y)}
    assert len(values) > 400
    for value in (*values, *told.households["head_name"], *passphrase.split()):
        # Ciphertext spells short words by chance, never anything as long as this.
        assert value.encode() not in (re.sub(rb"[A-Za-z0-9+/=]{60,}", b"", raw) if len(value) < 9 else raw)


@pytest.mark.parametrize("edition", ["public", "county"])
def test_no_other_edition_is_locked(tmp_path, toy_project, toy_gains, edition):
    other = release(toy_project, gains=toy_gains(toy_project), edition=edition, key=b"key")
    with pytest.raises(ValueError, match=f"household.+ / .+{edition}"):
        locked.write_household_map(tmp_path / "map.html", other, passphrase=locked.new_passphrase())
    assert list(tmp_path.glob("*.html")) == []


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "locked.html"
    path.write_text("old", "utf-8")
    noise = base64.b64encode(random.Random(1).randbytes(300_000)).decode()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signals = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DataProblem, match="E-DISK-01"):
            locked.write_locked(
                path, inner_page(noise), passphrase=locked.new_passphrase(), lang="zh", title=TITLE
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, signals)
    assert path.read_text("utf-8") == "old" and len(list(tmp_path.glob("*.html"))) == 1


# ---- in Chromium


def typed(opened, passphrase):
    opened.page.fill("#locked-word", passphrase)
    opened.page.press("#locked-word", "Enter")


def inside(opened):
    opened.page.wait_for_selector("#locked-place iframe")
    frame = opened.page.frames[1]
    frame.wait_for_load_state()
    return frame


def says(opened, kind):
    """The one sentence shown, in both languages; and nothing of the content is there."""
    opened.page.wait_for_selector(f"#locked-fault-{kind}", state="visible")
    shown = [
        part.inner_text() for part in opened.page.query_selector_all(".locked-fault") if part.is_visible()
    ]
    said = WORDS[f"locked_fault_{kind}"]
    assert [" ".join(text.split("\n")) for text in shown] == [f"{said.zh} {said.en}"]
    assert len(opened.page.frames) == 1
    assert SECRET not in opened.page.content()


def test_the_right_passphrase_opens_and_draws(made, open_page):
    opened = open_page(made.path)
    assert not opened.page.is_visible("#locked-room")
    assert opened.page.evaluate("document.activeElement.id") == "locked-word"
    typed(opened, f"  {made.passphrase.upper().replace(' ', '  ')} ")
    frame = inside(opened)
    assert frame.inner_text("p") == SECRET
    assert frame.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(1, 2, 3)"
    assert frame.evaluate("self.origin") == "null"
    assert opened.page.get_attribute("iframe", "sandbox").split() == ["allow-scripts", "allow-modals"]
    assert not opened.page.is_visible("#locked-door")
    assert opened.page.input_value("#locked-word") == ""
    assert opened.complaints == [] and opened.asks() == []
    frame.evaluate("try { parent.document.title = 'reached' } catch (_) {}")
    assert opened.page.title() == TITLE


def test_only_the_page_s_own_code_runs_inside(made, open_page):
    opened = open_page(made.path)
    typed(opened, made.passphrase)
    frame = inside(opened)
    frame.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.owned = 1'; document.body.append(s);"
        "const i = document.createElement('img'); i.setAttribute('onerror', 'window.owned = 1'); i.src = 'data:,';"
        "document.body.append(i)"
    )
    opened.page.wait_for_timeout(100)
    assert frame.evaluate("window.owned") is None
    assert len(opened.complaints) >= 2
    assert opened.asks() == []


def test_a_wrong_passphrase_shows_nothing_and_can_be_mended(made, open_page):
    opened = open_page(made.path)
    for wrong in (locked.new_passphrase(), ""):
        typed(opened, wrong)
        says(opened, "wrong")
    assert opened.complaints == [] and opened.asks() == []
    typed(opened, made.passphrase)
    assert inside(opened).inner_text("p") == SECRET


def test_thirty_flipped_bits_are_told_in_the_browser(made, tmp_path, open_page):
    path = tmp_path / "flipped.html"
    path.write_bytes(made.raw)
    opened = open_page(path)
    for seed in range(30):
        path.write_bytes(flipped(made.raw, seed=seed))
        opened.page.reload()
        says(opened, "damaged")
        assert not opened.page.is_visible("#locked-form")
    assert opened.complaints == []


def test_forged_files_are_told_in_the_browser(made, tmp_path, open_page):
    path = tmp_path / "forged.html"
    path.write_bytes(made.raw)
    opened = open_page(path)
    for forged in forgeries(made.raw):
        path.write_bytes(forged)
        opened.page.reload()
        typed(opened, made.passphrase)
        says(opened, "wrong")
    box = box_of(made.raw)
    path.write_bytes(with_box(made.raw, {**box, "header": box["header"].replace("600000", "1")}))
    opened.page.reload()
    says(opened, "damaged")


def test_a_file_cut_anywhere_is_told_in_the_browser(made, tmp_path, open_page):
    path = tmp_path / "short.html"
    path.write_bytes(made.raw)
    opened = open_page(path)
    first = made.raw.index(b"</p>")
    box = made.raw.index(b'id="locked-box"')
    for end in (first, first + 1500, first + 6000, box - 100, box, box + 100, len(made.raw) - 100):
        path.write_bytes(made.raw[:end])
        opened.page.reload()
        says(opened, "damaged" if end >= box - 40 else "script")


def with_init(chromium, path, script):
    context = chromium.new_context(offline=True)
    context.add_init_script(script)
    page = context.new_page()
    page.goto(path.as_uri())
    return SimpleNamespace(page=page)


@pytest.mark.parametrize(
    "missing",
    [
        "Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined})",
        "Object.defineProperty(window, 'crypto', {value: undefined})",
        "delete window.DecompressionStream",
    ],
)
def test_a_browser_that_cannot_decrypt_is_told(made, chromium, missing):
    opened = with_init(chromium, made.path, missing)
    says(opened, "browser")
    assert not opened.page.is_visible("#locked-form")
    opened.page.context.close()


def test_without_scripts_one_sentence_stands(made, chromium):
    context = chromium.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(made.path.as_uri())
    says(SimpleNamespace(page=page), "script")
    context.close()


def test_a_changed_script_does_not_run(made, tmp_path, open_page):
    path = tmp_path / "changed.html"
    path.write_bytes(made.raw.replace(b"const IDLE_MS = 15", b"const IDLE_MS = 95"))
    says(open_page(path), "script")


def test_locking_forgets_what_was_shown(made, open_page):
    opened = open_page(made.path)
    typed(opened, made.passphrase)
    inside(opened)
    opened.page.click("#locked-lock")
    assert len(opened.page.frames) == 1 and SECRET not in opened.page.content()
    assert opened.page.is_visible("#locked-door") and not opened.page.is_visible("#locked-room")
    assert opened.page.inner_text("#locked-shut") == WORDS["locked_shut"].zh
    assert opened.page.evaluate("document.activeElement.id") == "locked-word"
    typed(opened, made.passphrase)
    assert inside(opened).inner_text("p") == SECRET


def test_it_locks_itself_after_fifteen_idle_minutes(made, chromium):
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.clock.install()
    page.goto(made.path.as_uri())
    opened = SimpleNamespace(page=page)
    typed(opened, made.passphrase)
    frame = inside(opened)
    page.clock.run_for(14 * 60 * 1000)
    assert page.is_visible("#locked-room")
    frame.evaluate("dispatchEvent(new PointerEvent('pointermove'))")  # a hand on the map inside
    page.wait_for_timeout(100)
    page.clock.run_for(14 * 60 * 1000)
    assert page.is_visible("#locked-room")
    page.clock.run_for(2 * 60 * 1000)
    assert not page.is_visible("#locked-room") and len(page.frames) == 1
    assert page.inner_text("#locked-idle") == WORDS["locked_idle"].zh
    context.close()


def test_it_prints_from_inside(made, open_page):
    opened = open_page(made.path)
    typed(opened, made.passphrase)
    frame = inside(opened)
    frame.evaluate("print()")  # a sandbox that forbids it complains
    frame.evaluate("void (window.print = () => { window.printed = (window.printed || 0) + 1 })")
    opened.page.click("#locked-print")
    opened.page.wait_for_timeout(200)
    assert frame.evaluate("window.printed") == 1
    opened.page.press("#locked-lock", "Control+p")
    frame.press("body", "Control+p")
    opened.page.wait_for_timeout(200)
    assert frame.evaluate("window.printed") == 3
    assert opened.complaints == []


def test_keyboard_alone_and_a_phone_are_enough(made, open_page):
    opened = open_page(made.path, width=360, height=640)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    keys = opened.page.keyboard
    keys.type(made.passphrase)
    keys.press("Tab")
    keys.press("Space")
    assert opened.page.get_attribute("#locked-word", "type") == "text"
    keys.press("Tab")
    keys.press("Enter")
    inside(opened)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.page.evaluate("document.activeElement.tagName") == "IFRAME"
    keys.press("Shift+Tab")
    assert opened.page.evaluate("document.activeElement.id") == "locked-lock"
    keys.press("Enter")
    assert opened.page.is_visible("#locked-door")


def test_while_the_key_is_derived_it_says_so(made, open_page):
    opened = open_page(made.path)
    opened.page.fill("#locked-word", made.passphrase)
    shown = opened.page.evaluate(
        "(() => { document.getElementById('locked-open').click();"
        "return [!document.getElementById('locked-busy').hidden, document.getElementById('locked-open').disabled] })()"
    )
    assert shown == [True, True]
    inside(opened)
    assert not opened.page.is_visible("#locked-busy")


def test_every_word_of_the_door_is_in_the_catalogue():
    template = locked._asset("door.html")
    said = set(re.findall(r"words\.(locked_\w+)", template))
    assert said and said <= set(WORDS)
    assert not re.search(r"[\u4e00-\u9fff]", template + locked._asset("door.js") + locked._asset("pulse.js"))
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", locked._asset("door.js")
    )
