"""One HTML file with everything inside: Leaflet, our renderer, the data; and the check that it is sealed.

folium builds the map; its links to script hosts are replaced by the packaged files, pinned by
their SHA-256. Data travels as JSON that no script parses as code and is shown as text only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from importlib.resources import files

import folium
from branca.element import Element, Figure, MacroElement
from jinja2 import Template

from eco.phrases import Phrase
from eco.problems import DataProblem, Finding

LEAFLET = {
    "leaflet.js": "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
    "leaflet.css": "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
}
# Each file declares functions only; the last one is called.
RENDERER = (
    *("unpack.js", "words.js", "colours.js", "paper.js", "marks.js", "labels.js", "cards.js", "flows.js", "plan.js"),
    *("legend.js", "panel.js", "frames.js", "search.js", "keys.js", "print.js", "eco.js"),
)

STYLES = ("eco.css", "print.css")

_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; connect-src 'none'; "
    "base-uri 'none'; form-action 'none'"
)


def json_text(value: object) -> str:
    """JSON that can stand inside a script element: no sign in it can end the element or open a tag."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def data_uri(content: bytes, kind: str) -> str:
    """Bytes as an address that carries its own content, such as a picture's."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


class _Script(Element):
    _template = Template("<script>{{ this.code }}</script>")

    def __init__(self, code: str):
        super().__init__()
        self.code = code


class _Style(Element):
    _template = Template("<style>{{ this.code }}</style>")

    def __init__(self, code: str):
        super().__init__()
        self.code = code


class _Sheet(Figure):
    """A figure that carries the data itself: what passes through a macro is compiled as a template again."""

    _template = Template(
        '<!DOCTYPE html>\n<html lang="{{ this.lang }}">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{{ this.policy }}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{{ this.title | e }}</title>\n{{ this.header.render(**kwargs) }}\n</head>\n"
        "<body>\n{{ this.html.render(**kwargs) }}\n"
        '{% if this.watermark %}<div class="eco-watermark" aria-hidden="true">'
        "{% for _ in range(24) %}<span>{{ this.watermark | e }}</span>{% endfor %}</div>\n{% endif %}"
        '<script type="application/json" id="eco-data">{{ this.data }}</script>\n'
        "<script>{{ this.script.render(**kwargs) }}</script>\n</body>\n</html>\n"
    )

    def __init__(self, data: str, *, title: str, lang: str, watermark: str):
        super().__init__(title=title)
        self.lang = "zh-CN" if lang == "zh" else "en"
        self.data, self.watermark, self.policy = data, watermark, ""
        self.header._children.clear()  # its charset line; ours stands before the policy


class _Renderer(MacroElement):
    """The places our renderer fills, and the call that starts it."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <header id="eco-head"></header><aside id="eco-panel"></aside><footer id="eco-foot"></footer>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        window.eco = ecoMap({{ this._parent.get_name() }},
                            JSON.parse(document.getElementById("eco-data").textContent));
        {% endmacro %}
        """
    )


def sealed_page(payload: Mapping[str, object], *, title: str, lang: str, watermark: str = "") -> str:
    """The finished page of a payload (what `layers` makes), checked by `refuse_outside`.

    `watermark`, when given, is printed across the sheet. The same arguments give the same text.
    """
    sheet = _Sheet(json_text(payload), title=title, lang=lang, watermark=watermark)
    styles = [_Style(_leaflet_css()), *(_Style(_asset(name)) for name in STYLES)]
    scripts = [_Script(_leaflet_js()), *(_Script(_asset(name)) for name in RENDERER)]
    for element in (*styles, *scripts):
        sheet.header.add_child(element)
    chart = folium.Map(
        location=[35.2, 104.6],
        zoom_start=8,
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        max_bounds_viscosity=0.6,
        fade_animation=False,
    )
    chart.default_js, chart.default_css = [], []
    chart._id = "eco"
    renderer = _Renderer()
    renderer._id = "eco"
    chart.add_child(renderer)
    chart.add_to(sheet)
    page = _with_policy(sheet)
    refuse_outside(page)
    return page


def _with_policy(sheet: _Sheet) -> str:
    """The rendered sheet with the hash of each of its scripts and styles as the only ones allowed."""
    sheet.policy = policy_for(sheet.render())
    return sheet.render()


def policy_for(*pages: str) -> str:
    """The Content-Security-Policy under which what stands in these pages may run and style, and nothing else.

    A frame without an address of its own inherits the policy of the page around it: give both.
    """
    scripts, styles = {}, {}
    for page in pages:
        parts = _Parts()
        parts.feed(page)
        scripts.update(dict.fromkeys(_hash(code) for code in parts.scripts))
        styles.update(dict.fromkeys(_hash(code) for code in parts.styles))
    return _POLICY.format(scripts=" ".join(scripts), styles=" ".join(styles))


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return (files("eco.sharing.maps") / "assets" / name).read_text("utf-8").replace("\r\n", "\n")


def _pinned(name: str) -> str:
    """One of Leaflet's packaged files; DataProblem where it is not the file this page was built on."""
    content = (files("xstatic.pkg.leaflet") / "data" / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != LEAFLET[name]:
        raise DataProblem([_finding("E-SEAL-02", name, found, f"sha256 {LEAFLET[name]}")])
    # A browser hashes lines that end in a bare newline.
    return content.decode().replace("\r\n", "\n")


def _leaflet_js() -> str:
    return re.sub(r"//# sourceMappingURL=.*", "", _pinned("leaflet.js"))


def _leaflet_css() -> str:
    """Without its pictures (we draw no marker and no layer button) and without its rule for old browsers."""
    text = re.sub(r"url\(images/[^)]*\)", "none", _pinned("leaflet.css"))
    text = re.sub(r"behavior:[^;]*;", "", text)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


_LOADING_TAGS = {"iframe", "frame", "object", "embed", "applet", "form", "portal", "base", "audio", "video"}
_LOADING_ATTRIBUTES = {
    "src", "srcset", "href", "xlink:href", "data", "action", "formaction", "poster", "background",
    "ping", "manifest", "imagesrcset", "style",
}  # fmt: skip
_LOADING_CODE = re.compile(
    r"\b(fetch|importScripts|XMLHttpRequest|WebSocket|EventSource|sendBeacon|WebTransport|RTCPeerConnection"
    r"|SharedWorker|Worker|import)\s*\(|\bnew\s+(XMLHttpRequest|WebSocket|EventSource|Worker|SharedWorker)\b"
    r"|\bimport\s*[\"'{*]|https?://(?!www\.w3\.org/)|[\"'`]//[^\s/]"
)
_HASH = re.compile(r"'sha256-[^']+'")
_LOADING_STYLE = re.compile(r"@import|url\(\s*[\"']?(?!data:|#)[^)]*\)|src\s*\(|image-set\(\s*[\"']", re.I)


class _Parts(HTMLParser):
    """What a browser would run, style or load, pulled out of a page."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.outside: list[str] = []
        self.policy = ""
        self._open: list[str] | None = None

    def handle_starttag(self, tag, attrs):
        given = {name: (value or "").strip() for name, value in attrs}
        self._open = None
        if tag == "style" or (tag == "script" and "json" not in given.get("type", "")):
            self._open = self.styles if tag == "style" else self.scripts
            self._open.append("")
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = self.policy or given.get("content", "")
        if tag in _LOADING_TAGS or (tag == "meta" and given.get("http-equiv", "").lower() == "refresh"):
            self.outside.append(f"<{tag}>")
        self.outside += [
            f'<{tag} {name}="{value[:60]}">'
            for name, value in given.items()
            if _loads(tag, name, value) or name.startswith("on")
        ]

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open is not None:
            self._open[-1] += data


def _loads(tag: str, name: str, value: str) -> bool:
    if name == "style":
        return bool(_LOADING_STYLE.search(value))
    return name in _LOADING_ATTRIBUTES and not value.startswith(("data:", "#"))


def refuse_outside(page: str, *, inside: str = "") -> None:
    """DataProblem if a browser that opens this page would, or could, ask anyone for anything.

    Parses the finished page: no attribute, style rule or script may name another file or host or
    hold a call that loads (Leaflet itself, known by its hash, is trusted), and the policy that
    forbids it all must stand before the first script. The policy must allow the page's own code and
    that of the page it opens `inside` a frame, by hash, and no other; `inside` is not itself judged here.
    """
    parts = _Parts()
    parts.feed(page)
    outside = list(parts.outside)
    for code in parts.scripts:
        if code != _leaflet_js():
            outside += [match.group()[:60] for match in _LOADING_CODE.finditer(code)]
    for code in parts.styles:
        outside += [match.group()[:60] for match in _LOADING_STYLE.finditer(code)]
    allowed = _HASH.findall(parts.policy)
    outside += [code.strip()[:60] for code in parts.scripts + parts.styles if _hash(code) not in allowed]
    outside += set(allowed) - set(_HASH.findall(policy_for(page, inside)))
    if "default-src 'none'" not in parts.policy or "unsafe" in parts.policy or "http" in parts.policy:
        outside.append(parts.policy[:60] or "no Content-Security-Policy")
    if outside:
        raise DataProblem([_finding("E-SEAL-01", "page", found) for found in dict.fromkeys(outside)])


def _finding(code: str, where: str, found: str, expected: str = "") -> Finding:
    sealed = Phrase("页面不引用外部内容", "a page that refers to nothing outside")
    return Finding(
        code=code,
        level="error",
        table="map",
        where=where,
        column="",
        found=found,
        expected=Phrase(expected, expected) if expected else sealed,
        todo=Phrase("删去该引用或重新安装依赖", "remove the reference, or install the locked packages again"),
    )
