"""The rules' sentences: every code that is used is written, every one written is used, in both languages alike."""

import re
from pathlib import Path

import eco
from eco.problems import LEVELS
from eco.records.sentences import RULES

_PACKAGE = Path(eco.__file__).parent
_ELSEWHERE = {"E-DISK-01", "E-LOCK-01"}  # files.py stands below and brings its own words


def codes_in_rooms():
    rooms = [*(_PACKAGE / "records").rglob("*.py"), *(_PACKAGE / "space").rglob("*.py")]
    texts = (room.read_text(encoding="utf-8") for room in rooms)
    return {code for text in texts for code in re.findall(r'"(E-[A-Z]+-\d\d)"', text)}


def test_every_code_used_has_its_sentence_and_every_sentence_its_use():
    assert codes_in_rooms() - _ELSEWHERE == set(RULES)


def test_both_languages_leave_the_same_words_open():
    for code, rule in RULES.items():
        assert rule.level in LEVELS
        for phrase in (rule.expected, rule.todo):
            assert all(text.strip() == text and text for text in phrase), code
            places = [set(re.findall(r"{(\w+)", text)) - {"label", "names"} for text in phrase]
            assert places[0] == places[1], code
            assert re.search("[\u3400-\u9fff]|{|UTF", phrase.zh), code
