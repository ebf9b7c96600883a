"use strict";

// Sites and households: ready-made stamps on one canvas, and a grid that finds the mark under the pointer.
function ecoMarks(app) {
  const colours = app.colours, SITES = colours.SITES;
  const layers = {}, MANY = 5000;
  let stamps = {}, stampDots = 0;

  function layerOf(name) {
    if (!layers[name]) {
      const source = name === "households" ? app.read.households : app.read.sites[name];
      layers[name] = Object.assign({ name: name, classes: {} }, source);
      layers[name].radius = radii(layers[name]);
    }
    return layers[name];
  }

  function radii(layer) {
    const amount = layer.columns.mu || layer.columns.hives;
    if (layer.name === "households" || !amount) return null;
    const largest = amount.reduce((most, value) => (value > most ? value : most), 1);
    return Float64Array.from(amount, (value) => 1.6 + 3.2 * Math.sqrt((value || 0) / largest));
  }

  function valuesOf(layer, theme) {
    const columns = layer.columns;
    if (layer.name !== "households") return columns[theme.column];
    if (theme.key === "per_head") return columns.gain_yuan_mean.map((yuan, row) => yuan / columns.persons[row]);
    return columns[theme.key === "left_out" ? "left_out" : theme.column];
  }

  // The class of each mark under a theme, -9 where it has no number; null where the theme does not colour this layer.
  function classesOf(layer, theme) {
    const breaks = theme && theme.breaks[layer.name], values = breaks && valuesOf(layer, theme);
    if (!values) return null;
    if (!layer.classes[theme.key]) {
      const linked = layer.name !== "households" || !theme.of_links ? null : layer.columns.basis;
      layer.classes[theme.key] = Int8Array.from(values, (value, row) =>
        (Number.isNaN(value) || (linked && linked[row] === 0) ? -9 : colours.classOf(value, breaks)));
    }
    return layer.classes[theme.key];
  }

  function stamp(view, name, radius, how) {
    if (stampDots !== view.dots) {
      stamps = {};
      stampDots = view.dots;
    }
    const size = Math.round(radius * 2) / 2, key = [name, size, how.colour, how.line, how.cross].join(" ");
    if (!stamps[key]) {
      const half = Math.ceil(size * 1.3 + 2), canvas = document.createElement("canvas");
      canvas.width = canvas.height = Math.ceil(2 * half * view.dots);
      const pen = canvas.getContext("2d");
      pen.scale(view.dots, view.dots);
      colours.sign(pen, name, half, half, size);
      pen.fillStyle = how.colour;
      pen.fill();
      pen.strokeStyle = how.line;
      pen.lineWidth = how.width || 0.8;
      pen.stroke();
      if (how.cross) {  // a loss: a bar across, for eyes that see no hue
        pen.strokeStyle = "#5c2a14";
        pen.lineWidth = 1.1;
        pen.beginPath();
        pen.moveTo(half - size, half);
        pen.lineTo(half + size, half);
        pen.stroke();
      }
      stamps[key] = { canvas: canvas, half: half };
    }
    return stamps[key];
  }

  function look(layer, theme, position) {
    const house = layer.name === "households", breaks = theme ? theme.breaks[layer.name] : null;
    if (position === null) return { colour: house ? "#4569a4" : SITES[layer.name], line: "#ffffff" };
    if (position === -9) return { colour: house ? "rgba(255, 255, 255, 0.75)" : "#b8b3a9", line: house ? "#77736b" : "#ffffff" };
    return { colour: colours.ramp(theme.key, position, breaks.length + 1), line: house ? "#3b3f4a" : "#2b2f3a", cross: position < 0 };
  }

  // Many marks of one size: their stamps are copied dot by dot into one picture, ten times as fast as drawing each.
  function blit(view, layer, classes, radius) {
    const dots = view.dots, wide = Math.round(view.size.x * dots), high = Math.round(view.size.y * dots);
    const picture = new ImageData(wide, high), out = new Uint32Array(picture.data.buffer), ready = {};
    for (let row = 0; row < layer.rows; row++) {
      const position = classes ? classes[row] : null;
      let seal = ready[position];
      if (!seal) seal = ready[position] = dotsOf(stamp(view, layer.name, radius, look(layer, app.theme(), position)), wide, dots);
      const x = Math.round(view.x(layer.x[row]) * dots) - seal.half, y = Math.round(view.y(layer.y[row]) * dots) - seal.half;
      if (x < 0 || y < 0 || x + seal.size > wide || y + seal.size > high) continue;
      const from = y * wide + x, places = seal.places, colours = seal.colours;
      for (let i = 0; i < places.length; i++) out[from + places[i]] = colours[i];
    }
    const aside = document.createElement("canvas");
    aside.width = wide;
    aside.height = high;
    aside.getContext("2d").putImageData(picture, 0, 0);
    view.pen.drawImage(aside, 0, 0, view.size.x, view.size.y);
  }

  // The dots of a stamp that are more than half there, and where they lie in a picture of a given width.
  function dotsOf(seal, wide, dots) {
    const size = seal.canvas.width, seen = new Uint32Array(seal.canvas.getContext("2d").getImageData(0, 0, size, size).data.buffer);
    const places = [], colours = [];
    seen.forEach((colour, i) => {
      if (colour >>> 24 < 110) return;
      places.push(Math.floor(i / size) * wide + i % size);
      colours.push((colour | 0xff000000) >>> 0);
    });
    return { places: Int32Array.from(places), colours: Uint32Array.from(colours), size: size, half: Math.round(seal.half * dots) };
  }

  function near() { return app.map.getZoom() >= app.fitted() + 3; }

  function paintLayer(view, name) {
    const layer = layerOf(name), theme = app.theme(), pen = view.pen;
    const classes = classesOf(layer, theme), special = theme && (theme.key === "saturation" || theme.key === "overlap" || Boolean(theme.breaks.plan_yards));
    pen.globalAlpha = special && !classes && name !== "households" ? 0.3 : 1;
    if (!layer.radius && layer.rows > MANY) return blit(view, layer, classes, 2.6);
    const close = near() && name !== "households", looks = {};
    for (let row = 0; row < layer.rows; row++) {
      const x = view.x(layer.x[row]), y = view.y(layer.y[row]);
      if (x < -60 || y < -60 || x > view.size.x + 60 || y > view.size.y + 60) continue;
      const position = classes ? classes[row] : null;
      const how = looks[position] || (looks[position] = look(layer, theme, position));
      if (close && outline(view, layer, row, how)) continue;
      let radius = layer.radius ? layer.radius[row] : name === "households" ? 2.6 : 3;
      if (special && classes) radius = Math.max(radius, 2.6) + 0.8;
      if (close) radius += 2;
      const seal = stamp(view, name, radius, how);
      pen.drawImage(seal.canvas, x - seal.half, y - seal.half, seal.canvas.width / view.dots, seal.canvas.height / view.dots);
    }
    pen.globalAlpha = 1;
    return undefined;
  }

  // From near a plot shows its outline, or a circle of the same area; false where it has neither.
  function outline(view, layer, row, how) {
    const pen = view.pen, shape = layer.shapes && layer.shapes[row], mu = layer.columns.mu;
    if (shape && shape.rings.length) ecoTrace(view, shape);
    else if (mu) {
      pen.beginPath();
      pen.arc(view.x(layer.x[row]), view.y(layer.y[row]), circle(layer, row) * view.scale, 0, 2 * Math.PI);
    } else return false;
    const alpha = pen.globalAlpha;
    pen.globalAlpha = alpha * 0.65;
    pen.fillStyle = how.colour;
    pen.fill();
    pen.globalAlpha = alpha;
    pen.strokeStyle = SITES[layer.name];
    pen.lineWidth = 1.4;
    pen.stroke();
    return true;
  }

  // Radius in Mercator's square of a circle of as many mu (2000/3 m2 each).
  function circle(layer, row) {
    const metres = Math.sqrt((layer.columns.mu[row] || 0) * 2000 / 3 / Math.PI);
    return metres * Math.cosh((0.5 - layer.y[row] / 256) * 2 * Math.PI) / 6378137 / (2 * Math.PI) * 256;
  }

  function paint(view) {
    Object.keys(SITES).forEach((name) => { if (app.state.on[name]) paintLayer(view, name); });
    if (app.state.on.households) paintLayer(view, "households");
  }

  // ---- what lies under the pointer

  function gridOf(layer) {
    if (layer.grid) return layer.grid;
    const side = Math.max(1, Math.ceil(Math.sqrt(layer.rows / 2)));
    const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity), most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
    const x0 = least(layer.x), y0 = least(layer.y), wide = (most(layer.x) - x0) / side || 1, high = (most(layer.y) - y0) / side || 1;
    const clip = (value) => Math.max(0, Math.min(side - 1, value));
    const cell = (x, y) => clip(Math.floor((y - y0) / high)) * side + clip(Math.floor((x - x0) / wide));
    const first = new Uint32Array(side * side + 1), rows = new Uint32Array(layer.rows);
    for (let row = 0; row < layer.rows; row++) first[cell(layer.x[row], layer.y[row]) + 1]++;
    for (let i = 0; i < side * side; i++) first[i + 1] += first[i];
    const next = first.slice();
    for (let row = 0; row < layer.rows; row++) rows[next[cell(layer.x[row], layer.y[row])]++] = row;
    layer.grid = { x0: x0, y0: y0, wide: wide, high: high, side: side, first: first, rows: rows, clip: clip };
    return layer.grid;
  }

  function nearest(layer, x, y, reach) {
    const grid = gridOf(layer);
    const column = (value) => grid.clip(Math.floor((value - grid.x0) / grid.wide)), line = (value) => grid.clip(Math.floor((value - grid.y0) / grid.high));
    let found = -1, best = reach;
    for (let j = line(y - reach); j <= line(y + reach); j++) {
      for (let i = column(x - reach); i <= column(x + reach); i++) {
        const cell = j * grid.side + i;
        for (let k = grid.first[cell]; k < grid.first[cell + 1]; k++) {
          const row = grid.rows[k], distance = Math.hypot(layer.x[row] - x, layer.y[row] - y);
          if (distance <= best) { best = distance; found = row; }
        }
      }
    }
    return found;
  }

  function at(x, y, pixel) {
    const names = ["households"].concat(Object.keys(SITES).reverse()).filter((name) => app.state.on[name]);
    for (const name of names) {
      const layer = layerOf(name);
      if (!layer.rows) continue;
      let row = nearest(layer, x, y, 5.5 * pixel);
      if (row < 0 && near() && layer.shapes) row = layer.shapes.findIndex((shape) => shape && ecoInside(shape, x, y));
      else if (row < 0 && near() && layer.columns.mu) row = layer.x.findIndex((east, i) => Math.hypot(east - x, layer.y[i] - y) < circle(layer, i));
      if (row >= 0) return { name: name, row: row };
    }
    return null;
  }

  return { paint: paint, at: at, layerOf: layerOf, sign: colours.sign };
}
