"""What a finished map page carries, read back by a decoder of its own."""

import json
import re

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%*+,-.;?_"


def carried(path):
    """The data of a finished page, its columns as plain lists."""
    data = json.loads(
        re.search(
            r'<script type="application/json" id="eco-data">(.*?)</script>', path.read_text("utf-8")
        ).group(1)
    )
    layers = [*data["places"].values(), *data["sites"].values()]
    for layer in [*layers, *([data["households"]] if "households" in data else [])]:
        layer["columns"] = columns(layer["columns"], layer["rows"])
    for frame in data["frames"]:
        frame["places"] = {
            level: columns(packed, data["places"][level]["rows"]) for level, packed in frame["places"].items()
        }
    return data


def columns(packed, rows):
    return {name: column(one, rows) for name, one in packed.items()}


def column(packed, rows):
    """A list of numbers, texts or None."""
    if isinstance(packed, list):
        return packed
    if "words" in packed:
        return packed["words"].split(" ")
    if "of" in packed:
        return [packed["of"][place - 1] if place else None for place in blocks(packed["at"], rows)]
    step = 10 ** packed["k"]
    numbers = [value - 1 + packed["low"] if value else None for value in blocks(packed["n"], rows)]
    return [value if value is None or step == 1 else value / step for value in numbers]


def blocks(text, rows):
    """Sixty numbers a block: one sign for their width, then ten signs a bit, read as one long string of bits."""
    numbers, at = [], 0
    while len(numbers) < rows:
        width = ALPHABET.index(text[at])
        bits = "".join(f"{ALPHABET.index(sign):06b}" for sign in text[at + 1 : at + 1 + 10 * width])
        numbers += [int(bits[i * width : (i + 1) * width] or "0", 2) for i in range(60)]
        at += 1 + 10 * width
    assert at == len(text)
    return numbers[:rows]


def unpacked(text):
    """Zigzag numbers of five bits a sign."""
    numbers, value, factor = [], 0, 1
    for sign in text:
        digit = ALPHABET.index(sign)
        value += (digit & 31) * factor
        factor *= 32
        if digit < 32:
            numbers.append(-(value + 1) // 2 if value % 2 else value // 2)
            value, factor = 0, 1
    return numbers
