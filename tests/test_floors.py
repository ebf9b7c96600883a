"""The house stands as README draws it: no stair goes up, every room is on the drawing."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {"utils", "core", "base", "common", "config", "helpers"}


def drawing():
    """Rooms of the drawing in README: {module prefix: (floor, place in its row, folder)}; more right is lower."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = next(part for part in text.split("```")[1::2] if "\n roof " in part)
    rooms = {}
    for line in block.splitlines():
        found = re.match(r"^\s*(roof|\d)\s+(?:(\w+)/\s+)?(.*?)(?:\s{3,}.*)?$", line)
        if not found:
            continue
        level = 9 if found[1] == "roof" else int(found[1])
        for place, name in enumerate(re.findall(r"[\w/.]+", found[3])):
            room = name.rstrip("/").removesuffix(".py").removeprefix("eco/")
            rooms[f"{found[2]}.{room}" if found[2] else room] = (level, place, found[2])
    return rooms


ROOMS = drawing()


def modules():
    for path in sorted((ROOT / "eco").rglob("*.py")):
        parts = path.relative_to(ROOT / "eco").with_suffix("").parts
        yield path, ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def room_of(module):
    """The room a module belongs to: itself or the folder drawn in its place."""
    while module:
        if module in ROOMS:
            return module
        module = module.rpartition(".")[0]
    return None


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "eco":
            base = node.module.removeprefix("eco").lstrip(".")
            for name in node.names:
                inner = f"{base}.{name.name}".lstrip(".")
                yield inner if room_of(inner) else base
        elif isinstance(node, ast.Import):
            yield from (n.name.removeprefix("eco.") for n in node.names if n.name.startswith("eco."))


def floor_of(module):
    room = room_of(module)
    if room:
        return ROOMS[room]
    return next(((level, -1, folder) for level, _, folder in ROOMS.values() if folder == module), None)


def test_drawing_is_read():
    assert {"files", "space.datums", "income.gains", "sharing.maps", "cli"} <= set(ROOMS)
    assert ROOMS["files"][0] == 0 and ROOMS["income.gains"][0] == 4 and ROOMS["cli"][0] == 9


@pytest.mark.parametrize(
    ("path", "module"), list(modules()), ids=lambda v: str(v) if isinstance(v, str) else ""
)
def test_no_stair_goes_up(path, module):
    here = floor_of(module)
    assert here is not None, f"{module} is not on README's drawing"
    for used in imports(path):
        there = floor_of(used)
        assert there is not None, f"{module} uses {used}, which is not on the drawing"
        if room_of(used) is not None and room_of(used) == room_of(module):
            continue  # inside one room
        level, place, folder = there
        if level == here[0] and folder == here[2]:
            assert place > here[1], f"{module} uses {used}, which stands to its left"
        else:
            assert level < here[0], f"{module} (floor {here[0]}) uses {used} (floor {level})"


def test_every_drawn_room_exists():
    drawn = {name for name in ROOMS if name != "__init__"}
    standing = {room_of(module) for _, module in modules()}
    assert drawn <= standing


def test_no_room_without_a_name():
    names = {part for _, module in modules() for part in module.split(".")}
    assert not names & FORBIDDEN
