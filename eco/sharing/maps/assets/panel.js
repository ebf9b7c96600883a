"use strict";

// What stands round the map: heading, panel of choices, small print.
function ecoPanel(app) {
  const { say, make, button } = app.words, data = app.data, colours = app.colours;

  function field(parent, label) {
    const box = make("fieldset", "eco-choice", null, parent);
    make("legend", "", label, box);
    return box;
  }

  function select(parent, label, options, chosen, act) {
    const row = make("label", "eco-select", null, parent);
    make("span", "", label, row);
    const list = make("select", "", null, row);
    options.forEach(([value, text]) => { make("option", "", text, list).value = value; });
    list.value = chosen;
    list.addEventListener("change", () => act(list.value));
    return list;
  }

  function segments(parent, label, options, chosen, act) {
    const row = make("div", "eco-segments", null, field(parent, label));
    options.forEach(([value, text]) => {
      const choice = button(value === chosen ? "on" : "", text, row, () => {
        Array.from(row.children).forEach((other) => {
          other.className = other === choice ? "on" : "";
          other.setAttribute("aria-pressed", String(other === choice));
        });
        act(value);
      });
      choice.setAttribute("aria-pressed", String(value === chosen));
    });
  }

  function check(parent, text, on, act) {
    const label = make("label", "eco-check", null, parent), box = make("input", "", null, label);
    box.type = "checkbox";
    box.checked = on;
    make("span", "", text, label);
    box.addEventListener("change", () => act(box.checked));
    return box;
  }

  function layers(box) {
    const list = field(box, say("map_layers"));
    const add = (name, on) => { check(list, say("map_" + name), on, (value) => app.toggle(name, value)).dataset.layer = name; };
    app.siteNames().forEach((name) => add(name, app.state.on[name]));
    if (data.households) add("households", false);
    if (data.relief) add("relief", true);
  }

  function keysHelp(box) {
    const more = make("details", "eco-keys", null, box);
    make("summary", "", say("map_keys"), more);
    const table = make("table", "", null, more);
    [["/", "map_key_search"], ["N  P", "map_key_walk"], ["← ↑ → ↓", "map_key_pan"], ["+  −", "map_key_zoom"], ["[  ]", "map_key_year"], ["Esc", "map_key_close"]]
      .forEach(([key, text]) => app.cards.line(table, key, say(text)));
  }

  function panel() {
    const box = document.getElementById("eco-panel");
    box.setAttribute("aria-label", say("map_panel"));
    const open = button("eco-open", say("map_panel"), document.body, () => { box.classList.toggle("open"); open.setAttribute("aria-expanded", String(box.classList.contains("open"))); });
    open.setAttribute("aria-expanded", "false");
    button("eco-shut", "×", box, () => { box.classList.remove("open"); open.setAttribute("aria-expanded", "false"); open.focus(); }).setAttribute("aria-label", say("map_close"));
    if (data.themes.length)
      select(box, say("map_measure"), data.themes.map((theme) => [theme.key, say("map_theme_" + theme.key)]), app.state.theme, (key) => app.chooseTheme(key)).id = "eco-theme";
    make("div", "", null, box).id = "eco-legend";
    segments(box, say("map_level"), [["auto", say("map_auto")]].concat(app.cards.LEVELS.map((level) => [level, say(level)])), "auto", (value) => app.show(value));
    layers(box);
    app.frames.controls(box, { field: field, select: select, check: check });
    keysHelp(box);
  }

  function heading() {
    const box = document.getElementById("eco-head"), title = make("div", "eco-title", null, box);
    make("h1", "", data.heading, title);
    make("span", "eco-stamp", data.stamp, make("p", "", data.project + " · " + data.label, title));
    app.search.box(box);
    app.print.button(box);
  }

  function sources(more) {
    if (!data.sources.length) return;
    const counts = {};
    data.sources.forEach(([, , grade]) => { if (grade) counts[grade] = (counts[grade] || 0) + 1; });
    const told = Object.keys(counts).sort().map((grade) => grade + " " + counts[grade]).join(" · ");
    make("p", "eco-grades", say("map_sources") + " " + data.sources.length + (told ? " · " + say("map_grade") + " " + told : ""), more);
    const box = make("div", "eco-sources", null, more);
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", say("map_sources"));
    const table = make("table", "", null, box);
    data.sources.forEach((cells) => {
      const row = make("tr", "", null, table);
      cells.forEach((text) => make("td", "", text, row));
    });
  }

  function footing() {
    const box = document.getElementById("eco-foot"), more = make("details", "", null, box);
    const few = data.notes.length > 3 ? 3 : 1;
    make("summary", "", data.notes.slice(0, few).join(" · "), more);
    make("p", "", data.notes.slice(few).join(" · "), more);
    sources(more);
    return more;
  }

  return { heading: heading, panel: panel, footing: footing };
}
