"use strict";

// Everything by keyboard: pan, zoom, search, walk from place to place with the card read out.
function ecoKeys(app) {
  const PAN = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };
  const map = app.map, container = map.getContainer();

  // The next place of the shown level that has an outline or a point, in the order of the codes.
  function walk(by) {
    const level = app.state.shown, shapes = app.read.places[level].shapes, chosen = app.state.chosen;
    let row = chosen && chosen.level === level ? chosen.row : by > 0 ? -1 : shapes.length;
    for (row += by; row >= 0 && row < shapes.length; row += by) if (shapes[row]) return app.select(level, row, true);
    return false;
  }

  function close() {
    app.search.shut();
    app.print.shut();
    app.hideSources();
    document.getElementById("eco-panel").classList.remove("open");
    map.closePopup();
  }

  function pressed(event) {
    const on = event.target, writes = /^(INPUT|SELECT|TEXTAREA)$/.test(on.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "Escape") { close(); return true; }
    if (writes && !(on.type === "checkbox" && event.key !== " ")) return false;
    if (PAN[event.key] && (on === container || on === document.body)) { map.panBy(PAN[event.key], { animate: false }); return true; }
    const acts = {
      "/": () => app.search.focus(),
      "+": () => map.zoomIn(1, { animate: false }), "=": () => map.zoomIn(1, { animate: false }),
      "-": () => map.zoomOut(1, { animate: false }), "_": () => map.zoomOut(1, { animate: false }),
      n: () => walk(1), p: () => walk(-1), N: () => walk(1), P: () => walk(-1),
      "[": () => app.frames.step(-1), "]": () => app.frames.step(1),
    };
    if (on === container) acts[" "] = () => app.frames.play();
    if (!acts[event.key]) return false;
    acts[event.key]();
    return true;
  }

  map.keyboard.disable();
  container.tabIndex = 0;
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", app.words.say("map_keys_label"));
  document.addEventListener("keydown", (event) => { if (pressed(event)) event.preventDefault(); });

  return { walk: walk };
}
