"use strict";

// Colours that the colour-blind can read: one hue from light to dark, two hues about 1 where 1 is the limit. Loss is
// hatched and what is hidden dotted, so that neither hangs on a hue.
function ecoColours() {
  const RAMPS = {
    per_head: ["#e4edf4", "#bdd4e7", "#90b5d7", "#6390c0", "#4569a4", "#33417f"],
    chance: ["#e9f2df", "#c3dfc9", "#8fc5b2", "#57a59f", "#30818a", "#1d566f"],
    one_off: ["#f0ecf6", "#d8cde7", "#b9a6d3", "#9880bb", "#76599f", "#52317b"],
    left_out: ["#faecdc", "#f3d1a6", "#e6ae6d", "#cf8541", "#aa5e29", "#793a1b"],
    saturation: ["#1f6f82", "#73b0b8", "#d2e5e3", "#f4dbb9", "#dd9b55", "#a24f17"],
    overlap: ["#e4e1d9", "#e79bb4", "#c4427a", "#7a104a"],
    plan: ["#ecebe4", "#f2c9d6", "#df9db4", "#cb7393", "#aa4a70", "#822a4f", "#561232"],
    plan_times: ["#eceae3", "#cfe0ae", "#96c06c", "#4f9048", "#1c5228"],
    forage_yuan: ["#f0ede6", "#fbdb8c", "#efb644", "#cf8f22", "#a76d12", "#7b4d0c", "#4f2f07"],
    forage_persons: ["#f0ede6", "#fbdb8c", "#efb644", "#cf8f22", "#a76d12", "#7b4d0c", "#4f2f07"],
  };
  RAMPS.total = RAMPS.per_head;
  const LOSS = "#e0a88f", LOSS_LINE = "#a4552f", HIDDEN = "#dedbd4", DOT = "#a8a399", NOBODY = "#f3f1ec", UNKNOWN = "#e9e6df";
  const SITES = { forest: "#20734a", juncao: "#8fa51a", bees: "#d98310", plan_yards: "#7d5a2b" };

  // Position among the classes; -1 is a loss.
  function classOf(value, breaks) {
    if (value < 0) return -1;
    let place = 0;
    while (place < breaks.length && value > breaks[place]) place++;
    return place;
  }

  function ramp(key, position, classes) {
    const colours = RAMPS[key];
    if (position < 0) return LOSS;
    if (classes <= 1) return colours[Math.min(1, colours.length - 1)];
    return colours[Math.round(position * (colours.length - 1) / (classes - 1))];
  }

  // What a place or a mark is filled with: a colour, and a texture where the colour alone must not carry it.
  function fill(theme, breaks, value) {
    if (!breaks || Number.isNaN(value)) return { colour: UNKNOWN, texture: "" };
    const position = classOf(value, breaks);
    return { colour: ramp(theme.key, position, breaks.length + 1), texture: position < 0 ? "loss" : "" };
  }

  function texture(context, kind, scale) {
    const tile = document.createElement("canvas"), size = Math.round(7 * scale);
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    if (kind === "loss") {
      pen.strokeStyle = LOSS_LINE;
      pen.lineWidth = 0.9 * scale;
      pen.beginPath();
      for (let from = -size; from <= size; from += size) {
        pen.moveTo(from - 1, size + 1);
        pen.lineTo(from + size + 1, -1);
      }
      pen.stroke();
    } else {
      pen.fillStyle = DOT;
      pen.fillRect(size / 2, size / 2, 1.3 * scale, 1.3 * scale);
    }
    return context.createPattern(tile, "repeat");
  }

  // The sign of a livelihood, told apart by shape too: tree, blade, comb; a box for a place where hives may stand.
  function sign(pen, name, x, y, radius) {
    const corners = { forest: 3, juncao: 4, bees: 6, plan_yards: 4 }[name] || 0, first = name === "plan_yards" ? Math.PI / 4 : 0;
    pen.beginPath();
    if (!corners) pen.arc(x, y, radius, 0, 2 * Math.PI);
    for (let corner = 0; corner < corners; corner++) {
      const turn = first - Math.PI / 2 + corner * 2 * Math.PI / corners, reach = radius * (corners === 3 ? 1.3 : corners === 4 ? 1.15 : 1.05);
      pen.lineTo(x + reach * Math.cos(turn), y + reach * Math.sin(turn));
    }
    pen.closePath();
  }

  return { SITES: SITES, LOSS: LOSS, HIDDEN: HIDDEN, NOBODY: NOBODY, UNKNOWN: UNKNOWN, RAMPS: RAMPS,
    classOf: classOf, ramp: ramp, fill: fill, texture: texture, sign: sign };
}
