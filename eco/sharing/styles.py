"""How QGIS draws the layers of an edition: QML in the map's colours and classes, read by QGIS 2.18 and later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from eco.phrases import word
from eco.sharing.office import plain_text

# The colours of the page's renderer (maps/assets/colours.js): the tests hold them against each other.
RAMPS: Mapping[str, tuple[str, ...]] = {
    "per_head": ("#e4edf4", "#bdd4e7", "#90b5d7", "#6390c0", "#4569a4", "#33417f"),
    "total": ("#e4edf4", "#bdd4e7", "#90b5d7", "#6390c0", "#4569a4", "#33417f"),
    "chance": ("#e9f2df", "#c3dfc9", "#8fc5b2", "#57a59f", "#30818a", "#1d566f"),
    "one_off": ("#f0ecf6", "#d8cde7", "#b9a6d3", "#9880bb", "#76599f", "#52317b"),
    "left_out": ("#faecdc", "#f3d1a6", "#e6ae6d", "#cf8541", "#aa5e29", "#793a1b"),
    "saturation": ("#1f6f82", "#73b0b8", "#d2e5e3", "#f4dbb9", "#dd9b55", "#a24f17"),
    "overlap": ("#e4e1d9", "#e79bb4", "#c4427a", "#7a104a"),
    "plan": ("#ecebe4", "#f2c9d6", "#df9db4", "#cb7393", "#aa4a70", "#822a4f", "#561232"),
    "plan_times": ("#eceae3", "#cfe0ae", "#96c06c", "#4f9048", "#1c5228"),
    "forage_yuan": ("#f0ede6", "#fbdb8c", "#efb644", "#cf8f22", "#a76d12", "#7b4d0c", "#4f2f07"),
    "forage_persons": ("#f0ede6", "#fbdb8c", "#efb644", "#cf8f22", "#a76d12", "#7b4d0c", "#4f2f07"),
}
SITES = {"forest": "#20734a", "juncao": "#8fa51a", "bees": "#d98310"}
HIDDEN, NOBODY, LOSS, OTHER = "#dedbd4", "#f3f1ec", "#e0a88f", "#8d8a84"
LOSS_LINE, DOT = "#a4552f", "#a8a399"
# What a colour alone must not carry: losses are hatched, hidden places dotted.
_TEXTURES = {LOSS: ("f_diagonal", LOSS_LINE), HIDDEN: ("dense7", DOT)}
_MARKS = {SITES["forest"]: "triangle", SITES["juncao"]: "diamond", SITES["bees"]: "hexagon"}
_EDGE = "#3b3f4a"  # round a mark whose colour may be as light as the ground
_HIDDEN_VALUE, _NO_VALUE, _LEAST, _MOST = -2_000_000_000.0, -1_000_000_000.0, -900_000_000.0, 1e12
_SMALLEST = 0.00005  # no number of a layer that is not 0 is nearer to 0
_KINDS = {"fill": ("2", "SimpleFill"), "marker": ("0", "SimpleMarker")}


@dataclass(frozen=True)
class Classes:
    """How a layer is coloured by one column: its classes part at `breaks`; a value on a break is in the lower one.

    `value` is what is compared: a column's name or an expression over columns. `hides` says that the layer has a
    column `shown`.
    """

    value: str
    breaks: Sequence[float]
    theme: str = "per_head"
    share: bool = False
    hides: bool = False


@dataclass(frozen=True)
class Categories:
    """How a layer is coloured by the words of one column."""

    column: str
    values: Sequence[str]
    colour: str


@dataclass(frozen=True)
class Style:
    """One style of a layer: its colours, whether it is drawn as areas, what a click and a label say."""

    colours: Classes | Categories
    areas: bool
    aliases: Sequence[tuple[str, str]]
    label: str = ""  # the column names stand in
    closest: int = 0  # labels are drawn from this scale on, 1 : closest; 0 at all scales


def ramp(position: int, breaks: Sequence[float], key: str = "per_head") -> str:
    """The colour of a class under a theme of the map, its classes spread over the ramp as its page does.

    >>> ramp(0, [1.0]), ramp(1, [1.0]), ramp(0, []), ramp(1, [1.0], "overlap")
    ('#e4edf4', '#33417f', '#bdd4e7', '#7a104a')
    """
    colours = RAMPS[key]
    if not breaks:
        return colours[1]
    # Half up, as the page rounds.
    return colours[int(position * (len(colours) - 1) / len(breaks) + 0.5)]


def qml(style: Style, lang: str) -> str:
    """The style as QGIS keeps it in layer_styles; whatever the words hold is text."""
    root = Element("qgis", version="3.16", labelsEnabled=str(int(bool(style.label))))
    SubElement(root, "layerGeometryType").text = _KINDS["fill" if style.areas else "marker"][0]
    if isinstance(style.colours, Classes):
        _graduated(root, style.colours, style.areas, lang)
    else:
        _categorised(root, style.colours, style.areas, lang)
    if style.label:
        _labels(root, style)
    aliases = SubElement(root, "aliases")
    for index, (name, words) in enumerate(style.aliases):
        SubElement(aliases, "alias", field=name, index=str(index), name=plain_text(words))
    # A tip is a page: what stands in a field is escaped before it gets there.
    tip = style.label or style.aliases[0][0]
    escaped = f"replace(replace(to_string(\"{tip}\"),'&','&amp;'),'<','&lt;')"
    SubElement(root, "mapTip").text = f"[% {escaped} %]"
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")


def _graduated(root: Element, colours: Classes, areas: bool, lang: str) -> None:
    compared = f"coalesce({_expression(colours.value)}, {_NO_VALUE:.0f})"
    if colours.hides:
        compared = f'CASE WHEN "shown" = 0 THEN {_HIDDEN_VALUE:.0f} ELSE {compared} END'
    renderer = SubElement(
        root,
        "renderer-v2",
        type="graduatedSymbol",
        attr=compared,
        graduatedMethod="GraduatedColor",
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )
    rows = list(_classes(colours, lang))
    ranges, symbols = SubElement(renderer, "ranges"), SubElement(renderer, "symbols")
    for place, (lower, upper, label, colour) in enumerate(rows):
        ends = {"lower": repr(lower), "upper": repr(upper), "symbol": str(place), "label": label}
        SubElement(ranges, "range", ends, render="true")
        _symbol(symbols, str(place), colour, areas, "#ffffff" if areas else _EDGE)
    _symbol(SubElement(renderer, "source-symbol"), "0", OTHER, areas)


def _expression(value: str) -> str:
    return value if '"' in value else f'"{value}"'


def _classes(colours: Classes, lang: str) -> Iterable[tuple[float, float, str, str]]:
    """Lower and upper end, label and colour of every class, those without a number and losses first."""
    if colours.hides:
        yield (2 * _HIDDEN_VALUE, (_HIDDEN_VALUE + _NO_VALUE) / 2, word("map_hidden", lang), HIDDEN)
    yield ((_HIDDEN_VALUE + _NO_VALUE) / 2, _LEAST, word("map_no_data", lang), NOBODY)
    yield (_LEAST, -_SMALLEST, word("map_loss", lang), LOSS)
    ends = [0.0, *colours.breaks, _MOST]

    def said(number: float) -> str:
        return f"{number:.0%}" if colours.share else f"{number:,.6g}"

    for place, (lower, upper) in enumerate(pairwise(ends)):
        label = f"{said(lower)} – {said(upper)}"
        if upper == _MOST:
            label = f"> {said(lower)}" if colours.breaks else "≥ 0"
        elif place == 0:
            label = f"≤ {said(upper)}"
        yield (lower, upper, label, ramp(place, colours.breaks, colours.theme))


def _categorised(root: Element, colours: Categories, areas: bool, lang: str) -> None:
    renderer = SubElement(
        root,
        "renderer-v2",
        type="categorizedSymbol",
        attr=colours.column,
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )
    categories, symbols = SubElement(renderer, "categories"), SubElement(renderer, "symbols")
    for place, value in enumerate(colours.values):
        text = plain_text(value)
        SubElement(categories, "category", value=text, symbol=str(place), label=text, render="true")
        tint = _tint(colours.colour, place)
        _symbol(symbols, str(place), tint, areas, mark=_MARKS.get(colours.colour, "circle"))
    last = str(len(colours.values))
    SubElement(categories, "category", value="", symbol=last, label=word("layer_other", lang), render="true")
    _symbol(symbols, last, OTHER, areas)


def _tint(colour: str, place: int) -> str:
    """The colour of a category: each a third nearer to white than the one before.

    >>> _tint("#000000", 0), _tint("#000000", 1)
    ('#000000', '#555555')
    """
    left = (2 / 3) ** min(place, 4)
    parts = (255 - (255 - int(colour[at : at + 2], 16)) * left for at in (1, 3, 5))
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _symbol(
    parent: Element, name: str, colour: str, areas: bool, edge: str = "#ffffff", mark: str = "circle"
) -> None:
    kind = "fill" if areas else "marker"
    symbol = SubElement(parent, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1")
    line = {"outline_style": "solid", "outline_color": _rgba(edge), "outline_width": "0.2"}
    if not areas:
        _symbol_layer(symbol, kind, {**line, "color": _rgba(colour), "name": mark, "size": "2.4"})
        return
    _symbol_layer(symbol, kind, {**line, "color": _rgba(colour), "style": "solid"})
    if colour in _TEXTURES:
        pattern, ink = _TEXTURES[colour]
        _symbol_layer(symbol, kind, {"color": _rgba(ink), "style": pattern, "outline_style": "no"})


def _symbol_layer(symbol: Element, kind: str, looks: Mapping[str, str]) -> None:
    layer = SubElement(symbol, "layer", {"class": _KINDS[kind][1], "pass": "0"}, enabled="1", locked="0")
    for key, value in {**looks, "outline_width_unit": "MM", "size_unit": "MM"}.items():
        SubElement(layer, "prop", k=key, v=value)


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


def _labels(root: Element, style: Style) -> None:
    """Names beside or inside their places, for QGIS 3; and as properties, for QGIS 2."""
    labeling = SubElement(root, "labeling", type="simple")
    settings = SubElement(labeling, "settings")
    text = SubElement(
        settings,
        "text-style",
        fieldName=style.label,
        isExpression="0",
        fontFamily="Microsoft YaHei",
        fontSize="9",
        fontSizeUnit="Point",
        textColor="31,36,48,255",
        textOpacity="1",
    )
    halo = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferOpacity": "1"}
    SubElement(text, "text-buffer", halo, bufferColor="255,255,255,255")
    SubElement(settings, "placement", placement="1" if style.areas else "0", centroidInside="1")
    near = str(int(bool(style.closest)))
    SubElement(settings, "rendering", scaleVisibility=near, scaleMin="1", scaleMax=str(style.closest or 1))
    properties = SubElement(root, "customproperties")
    for key, value in (
        ("labeling", "pal"),
        ("labeling/enabled", "true"),
        ("labeling/fieldName", style.label),
    ):
        SubElement(properties, "property", key=key, value=value)
