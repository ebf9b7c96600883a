"use strict";

// County outlines, the place chosen, and names that stand where they have room.
function ecoLabels(app) {
  const FONT = "\"Microsoft YaHei\", \"PingFang SC\", \"Noto Sans CJK SC\", sans-serif";
  const STYLE = { county: ["600 14px ", 2, 0], township: ["500 11.5px ", 0.2, 0.9], village: ["400 11px ", 0, 0.9] };

  function lines(view) {
    const pen = view.pen;
    pen.lineJoin = "round";
    pen.strokeStyle = "rgba(66, 74, 90, 0.8)";
    pen.lineWidth = 1.5;
    app.read.places.county.shapes.forEach((shape) => {
      if (!shape || !shape.rings.length || !view.seen(shape.box)) return;
      ecoTrace(view, shape);
      pen.stroke();
    });
  }

  function chosen(view) {
    if (!app.state.chosen) return;
    const shape = app.read.places[app.state.chosen.level].shapes[app.state.chosen.row];
    if (!shape) return;
    const pen = view.pen;
    if (shape.rings.length) ecoTrace(view, shape);
    else {
      pen.beginPath();
      pen.arc(view.x(shape.x), view.y(shape.y), 11, 0, 2 * Math.PI);
    }
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 5.5;
    pen.stroke();
    pen.strokeStyle = "#b83a0a";
    pen.lineWidth = 3;
    pen.stroke();
  }

  function names(view) {
    const pen = view.pen, taken = [], far = app.map.getZoom() < app.fitted() + 1.75;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const levels = far ? ["county", "township"] : ["township"];
    if (app.state.shown === "village") levels.push("village");
    levels.forEach((level) => {
      const [font, apart, room] = STYLE[level], places = app.read.places[level];
      if (level === "township" && app.state.shown === "county") return;
      pen.font = font + FONT;
      if ("letterSpacing" in pen) pen.letterSpacing = apart + "px";
      places.shapes.forEach((shape, row) => {
        if (!shape || !view.seen(shape.box)) return;
        const text = places.columns.name[row], x = view.x(shape.x), y = view.y(shape.y);
        const wide = pen.measureText(text).width + 6, high = 17;
        if (room && shape.rings.length && wide > (shape.box[2] - shape.box[0]) * view.scale * room) return;
        const box = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];
        if (level !== "county" && taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
        taken.push(box);
        pen.strokeStyle = "rgba(255, 255, 255, 0.9)";
        pen.lineWidth = level === "county" ? 4 : 3;
        pen.strokeText(text, x, y);
        pen.fillStyle = level === "county" ? "#1a1f2b" : "#2c3240";
        pen.fillText(text, x, y);
      });
    });
    if ("letterSpacing" in pen) pen.letterSpacing = "0px";
  }

  return { lines: lines, chosen: chosen, names: names };
}
