"use strict";

// One sheet of A3 or A4, landscape: before printing the page takes the sheet's shape and the map is fitted anew.
function ecoPrint(app) {
  const { say, make, button } = app.words, map = app.map, root = document.documentElement;
  const SHARP = { a3: 2.5, a4: 3 };
  let paper = "a3", rule = null, menu = null, opener = null, before = null;

  // The size of the sheet is a rule of the style sheet; changing a rule needs no style in the page.
  function choose(size) {
    paper = size;
    Array.from(document.styleSheets).forEach((sheet) => {
      const rules = Array.from(sheet.cssRules), at = rules.findIndex((one) => one.cssText.startsWith("@page"));
      if (at < 0) return;
      sheet.deleteRule(at);
      sheet.insertRule("@page { size: " + size.toUpperCase() + " landscape; margin: 8mm; }", at);
      rule = sheet.cssRules[at];
    });
    return rule ? rule.cssText : "";
  }

  function enter() {
    if (before) return;
    const whole = map.getZoom() <= app.fitted() + 0.3;
    before = { centre: map.getCenter(), zoom: map.getZoom(), snap: map.options.zoomSnap, open: app.small.open, bounds: whole ? app.home : map.getBounds() };
    root.classList.add("eco-printing", "eco-" + paper);
    app.small.open = true;
    map.closePopup();
    map.options.zoomSnap = 0.02;
    app.papers.forEach((one) => { one.sharp = SHARP[paper]; });
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(before.bounds, { padding: [14, 14], animate: false });
    app.redraw();
  }

  function leave() {
    if (!before) return;
    root.classList.remove("eco-printing", "eco-a3", "eco-a4");
    app.small.open = before.open;
    app.papers.forEach((one) => { one.sharp = 0; });
    map.options.zoomSnap = before.snap;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(before.centre, before.zoom, { animate: false });
    before = null;
    app.redraw();
  }

  function shut() {
    if (!menu || menu.hidden) return;
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  }

  function place(parent) {
    const box = make("div", "eco-print", null, parent);
    opener = button("eco-print-open", say("map_print"), box, () => {
      menu.hidden = !menu.hidden;
      opener.setAttribute("aria-expanded", String(!menu.hidden));
    });
    opener.setAttribute("aria-expanded", "false");
    menu = make("div", "eco-print-menu", null, box);
    menu.hidden = true;
    ["a3", "a4"].forEach((size) => button("", say("map_print_" + size), menu, () => {
      shut();
      choose(size);
      window.print();
    }));
  }

  window.addEventListener("beforeprint", enter);
  window.addEventListener("afterprint", leave);
  return { button: place, choose: choose, enter: enter, leave: leave, shut: shut };
}
