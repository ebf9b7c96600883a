"use strict";

// What the colours mean: the theme's unit, its classes, one sentence that says what it is, and the signs of the sites.
function ecoLegend(app) {
  const { say, make, bare, between } = app.words, colours = app.colours;

  function swatch(parent, colour, texture, text) {
    const row = make("div", "eco-class", null, parent);
    const mark = make("i", texture ? "eco-texture-" + texture : "", null, row);
    mark.style.backgroundColor = colour;
    make("span", "", text, row);
  }

  function signRow(parent, name) {
    const row = make("div", "eco-class", null, parent), canvas = make("canvas", "eco-sign", null, row), dots = 3;
    canvas.width = 24 * dots;
    canvas.height = 14 * dots;
    const pen = canvas.getContext("2d");
    pen.scale(dots, dots);
    colours.sign(pen, name, 12, name === "forest" ? 8 : 7, 4.6);
    pen.fillStyle = name === "households" ? "#4569a4" : colours.SITES[name];
    pen.fill();
    make("span", "", say("map_" + name), row);
  }

  function bounds(theme, breaks, i) {
    const write = (value) => bare(theme.kind, value);
    if (breaks.length === 0) return "≥ 0";
    if (i === 0) return breaks[0] === 0 ? say("map_none") : write(breaks[0]) + " " + say("map_below");
    if (i === breaks.length) return write(breaks[i - 1]) + " " + say("map_above");
    return between(breaks[i - 1], breaks[i], write);
  }

  // Places where they have the number, else the sites that have it.
  function breaksOf(theme) {
    const level = app.state.shown;
    if (theme.breaks[level]) return [theme.breaks[level], say(level)];
    const site = Object.keys(colours.SITES).find((name) => theme.breaks[name]);
    return site ? [theme.breaks[site], say("map_" + site)] : [null, ""];
  }

  function classes(box, theme) {
    const [breaks, of] = breaksOf(theme), level = app.state.shown;
    make("p", "eco-legend-title", say("map_theme_" + theme.key), box);
    make("p", "eco-sub", [say("map_theme_" + theme.key + "_unit"), of].filter(Boolean).join(" · "), box);
    if (breaks) {
      const losses = app.sides().some((frame) => {
        const numbers = app.columnsOf(level, frame)[theme.column];
        return numbers && numbers.some((value) => value < 0);
      });
      if (losses) swatch(box, colours.LOSS, "loss", say("map_loss"));
      for (let i = 0; i <= breaks.length; i++) swatch(box, colours.ramp(theme.key, i, breaks.length + 1), "", bounds(theme, breaks, i));
    } else make("p", "eco-fine", say("map_not_at_level"), box);
    const unknown = theme.breaks[level] && app.sides().some((frame) => {
      const columns = app.columnsOf(level, frame), numbers = columns[theme.column];
      return numbers && numbers.some((value, row) => Number.isNaN(value) && app.coloured(columns, row) === "shown");
    });
    if (theme.kind === "ratio" || unknown) swatch(box, colours.UNKNOWN, "", say("map_unknown"));
  }

  function fill() {
    const box = document.getElementById("eco-legend");
    if (!box || !app.state.shown) return;
    box.textContent = "";
    const theme = app.theme(), told = app.columnsOf(app.state.shown, app.sides()[0]);
    if (theme) {
      classes(box, theme);
      const states = theme.breaks[app.state.shown] ? Array.from(told.name, (_, row) => app.coloured(told, row)) : [];
      if (states.includes("hidden")) swatch(box, colours.HIDDEN, "dots", say("map_hidden"));
      if (states.includes("none")) swatch(box, colours.NOBODY, "", say("map_no_data"));
      if (app.state.on.households && theme.of_links) swatch(box, "#ffffff", "", say("map_not_linked"));
      make("p", "eco-fine", say("map_theme_" + theme.key + "_says"), box);
    }
    const signs = Object.keys(colours.SITES).filter((name) => app.state.on[name]);
    if (signs.length || app.state.on.households) {
      const list = make("div", "eco-signs", null, box);
      signs.forEach((name) => signRow(list, name));
      if (app.state.on.households) signRow(list, "households");
    }
    if (app.data.edition === "public" && signs.length) make("p", "eco-fine", say("map_equal_area"), box);
  }

  return { fill: fill };
}
