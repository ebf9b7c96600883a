"use strict";

// Two sheets of canvas over the map, places with their relief and marks above, painted in one go each.
const EcoPaper = L.Renderer.extend({
  options: { padding: 0.12, pane: "overlayPane" },

  initialize(paint, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this._paint = paint;
    this.sharp = 0;  // canvas dots a pixel; 0 asks the screen
  },

  _initContainer() {
    this._container = L.DomUtil.create("canvas", "eco-paper");
    this._container.setAttribute("aria-hidden", "true");
    this._pen = this._container.getContext("2d");
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
  },

  _updatePaths() {},

  _update() {
    if (this._map._animatingZoom) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize(), canvas = this._container;
    const dots = this.sharp || Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(canvas, this._bounds.min);
    canvas.width = Math.round(size.x * dots);
    canvas.height = Math.round(size.y * dots);
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
    this._dots = dots;
    this.draw();
  },

  draw() {
    if (!this._container || !this._bounds) return;
    const canvas = this._container;
    if (!this.sharp) {
      this._pen.setTransform(1, 0, 0, 1, 0, 0);
      this._pen.clearRect(0, 0, canvas.width, canvas.height);
      this._paint(this._view(this._pen));
    } else if (this.options.over) this._print();
  },

  // On paper a browser replays each stroke: textures and blends are lost, and a second sheet is laid over the first as
  // an opaque one. So places are painted aside and laid down as a picture, and the marks drawn upon it.
  _print() {
    const aside = document.createElement("canvas");
    aside.width = this._container.width;
    aside.height = this._container.height;
    this._paint(this._view(aside.getContext("2d")));
    this._pen.setTransform(1, 0, 0, 1, 0, 0);
    this._pen.fillStyle = "#ffffff";
    this._pen.fillRect(0, 0, aside.width, aside.height);
    this._pen.drawImage(aside, 0, 0);
    this.options.over(this._view(this._pen));
  },

  _view(pen) {
    const size = this._bounds.getSize();
    pen.setTransform(this._dots, 0, 0, this._dots, 0, 0);
    const origin = this._map.getPixelOrigin().add(this._bounds.min), scale = this._map.getZoomScale(this._zoom, 0);
    return {
      pen: pen, size: size, scale: scale, dots: this._dots, x0: origin.x, y0: origin.y,
      x: (x) => x * scale - origin.x,
      y: (y) => y * scale - origin.y,
      seen: (box) => box[2] * scale - origin.x >= -20 && box[0] * scale - origin.x <= size.x + 20
        && box[3] * scale - origin.y >= -20 && box[1] * scale - origin.y <= size.y + 20,
      // From the left edge of the window to the left edge of the canvas.
      shift: this._map.layerPointToContainerPoint(this._bounds.min),
    };
  },
});

// Outlines of one place, ready to fill or stroke.
function ecoTrace(view, shape) {
  const pen = view.pen, scale = view.scale, x0 = view.x0, y0 = view.y0;
  pen.beginPath();
  shape.rings.forEach((ring) => {
    pen.moveTo(ring[0] * scale - x0, ring[1] * scale - y0);
    for (let i = 2; i < ring.length; i += 2) pen.lineTo(ring[i] * scale - x0, ring[i + 1] * scale - y0);
    pen.closePath();
  });
}

function ecoInside(shape, x, y) {
  const box = shape.box;
  if (x < box[0] || x > box[2] || y < box[1] || y > box[3]) return false;
  let inside = false;
  shape.rings.forEach((ring) => {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      if (ring[i + 1] > y !== ring[j + 1] > y
        && x < (ring[j] - ring[i]) * (y - ring[i + 1]) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
    }
  });
  return inside;
}

// Places in the colours of a theme, once for each side of a comparison.
function ecoGround(app) {
  const colours = app.colours;
  let patterns = {}, patternDots = 0, relief = null;
  if (app.data.relief) {
    relief = new Image();
    relief.addEventListener("load", () => app.ground.draw());
    relief.src = app.data.relief.png;
  }

  function fillOf(level, frame, row) {
    const columns = app.columnsOf(level, frame), theme = app.theme(), is = app.coloured(columns, row);
    if (theme && !theme.breaks[level]) return { colour: colours.UNKNOWN, texture: "" };
    if (is === "hidden") return { colour: colours.HIDDEN, texture: "dots" };
    if (is === "none") return { colour: colours.NOBODY, texture: "" };
    const numbers = theme && columns[theme.column];
    if (!numbers) return { colour: colours.UNKNOWN, texture: "" };
    return colours.fill(theme, theme.breaks[level], numbers[row]);
  }

  function texture(view, kind) {
    if (patternDots !== view.dots) {
      patterns = {};
      patternDots = view.dots;
    }
    if (!patterns[kind]) {
      patterns[kind] = colours.texture(view.pen, kind, view.dots);
      patterns[kind].setTransform(new DOMMatrix([1 / view.dots, 0, 0, 1 / view.dots, 0, 0]));
    }
    return patterns[kind];
  }

  function paintFrame(view, level, frame) {
    const pen = view.pen, shapes = app.read.places[level].shapes;
    pen.lineJoin = "round";
    pen.strokeStyle = "rgba(255, 255, 255, 0.95)";
    pen.lineWidth = level === "village" ? 0.6 : 1;
    shapes.forEach((shape, row) => {
      if (!shape || !view.seen(shape.box)) return;
      const how = fillOf(level, frame, row);
      if (shape.rings.length) ecoTrace(view, shape);
      else {
        pen.beginPath();
        pen.arc(view.x(shape.x), view.y(shape.y), level === "village" ? 4 : 8, 0, 2 * Math.PI);
      }
      pen.fillStyle = how.colour;
      pen.fill();
      if (how.texture) {
        pen.fillStyle = texture(view, how.texture);
        pen.fill();
      }
      pen.stroke();
    });
  }

  // The ground's shade is multiplied into the colours on the same canvas: layers that blend are lost on paper.
  function shade(view) {
    const pen = view.pen, [[low, west], [high, east]] = app.data.relief.bounds;
    const from = app.map.project([high, west], 0), to = app.map.project([low, east], 0);
    pen.save();
    pen.globalCompositeOperation = "multiply";
    pen.globalAlpha = 0.55;
    pen.drawImage(relief, view.x(from.x), view.y(from.y), (to.x - from.x) * view.scale, (to.y - from.y) * view.scale);
    pen.restore();
  }

  function paint(view) {
    paintPlaces(view, app.state.shown);
    if (relief && relief.complete && app.state.on.relief) shade(view);
  }

  function paintPlaces(view, level) {
    if (!app.state.compare) {
      paintFrame(view, level, app.state.frame);
      return;
    }
    const cut = app.state.swipe * app.map.getSize().x - view.shift.x;
    [[0, cut, app.state.left], [cut, view.size.x - cut, app.state.right]].forEach(([from, width, frame]) => {
      view.pen.save();
      view.pen.beginPath();
      view.pen.rect(from, 0, width, view.size.y);
      view.pen.clip();
      paintFrame(view, level, frame);
      view.pen.restore();
    });
  }

  // The row of the place under a point of Mercator's square, or -1.
  function at(level, x, y, reach) {
    const shapes = app.read.places[level].shapes;
    let found = -1;
    shapes.forEach((shape, row) => {
      if (!shape) return;
      if (shape.rings.length ? ecoInside(shape, x, y) : Math.hypot(shape.x - x, shape.y - y) < reach) found = row;
    });
    return found;
  }

  return { paint: paint, at: at, fillOf: fillOf };
}
