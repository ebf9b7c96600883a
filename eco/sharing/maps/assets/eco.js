"use strict";

// The map: what is shown, at which level, in which colours; and what a click opens. The rooms round it are its parts.
function ecoMap(map, data) {
  const app = {
    map: map, data: data, read: ecoUnpack(data), words: ecoWords(data), colours: ecoColours(), home: L.latLngBounds(data.bounds),
    state: { level: "auto", shown: null, theme: data.themes.length ? data.themes[0].key : "", frame: -1, left: -1, right: -1,
      compare: false, swipe: 0.5, on: {}, chosen: null },
  };
  const { say, make } = app.words, state = app.state;
  const POPUP = { maxWidth: Math.min(370, window.innerWidth - 60), minWidth: 250, autoPanPadding: [24, 24], closeOnEscapeKey: false };
  let fitted = 8;

  // ---- what the parts ask

  app.fitted = () => fitted;
  app.theme = () => data.themes.find((theme) => theme.key === state.theme) || null;
  app.sides = () => (state.compare ? [state.left, state.right] : [state.frame]);
  app.columnsOf = (level, frame) => app.frames.columnsOf(level, frame);
  app.frameLabel = (frame) => app.frames.label(frame);
  app.status = (columns, row) => (!columns.shown ? "plain" : Number.isNaN(columns.shown[row]) ? "none" : columns.shown[row] ? "shown" : "hidden");
  // How a place is coloured: a theme may be told where others are not, and the other way round.
  app.coloured = (columns, row) => {
    const theme = app.theme(), own = theme && theme.shown && columns[theme.shown], is = app.status(columns, row);
    if (!own || is === "hidden" || is === "none") return is;
    return Number.isNaN(own[row]) ? "none" : own[row] ? "shown" : "hidden";
  };
  app.siteNames = () => Object.keys(app.colours.SITES).filter((name) => data.sites[name] && data.sites[name].rows);
  app.redraw = () => {
    app.papers.forEach((paper) => paper.draw());
    app.legend.fill();
  };
  app.chooseTheme = (key) => {
    state.theme = key;
    document.getElementById("eco-theme").value = key;
    const theme = app.theme();
    if (theme && theme.breaks.plan_yards && !state.on.plan_yards) document.querySelector("input[data-layer=plan_yards]").click();
    app.redraw();
  };
  app.show = (level) => { state.level = level; showLevel(); };
  app.tell = (text) => { app.said.textContent = text; };
  app.showSources = () => { app.small.open = true; app.small.querySelector(".eco-sources").focus(); };
  app.hideSources = () => { app.small.open = false; };

  app.toggle = (name, on) => {
    state.on[name] = on;
    app.redraw();
  };

  // Opens the card of a place and brings it into view; walking keeps the zoom as it is.
  app.select = (level, row, walking) => {
    const shape = app.read.places[level].shapes[row];
    if (!shape) return false;
    if (state.level !== "auto" && state.level !== level) state.level = level;
    const corner = (x, y) => map.unproject([x, y], 0);
    const bounds = L.latLngBounds(corner(shape.box[0], shape.box[1]), corner(shape.box[2], shape.box[3]));
    const closest = level === "village" ? fitted + 4 : fitted + 2;
    if (!walking || (state.level === "auto" && level !== state.shown)) map.fitBounds(bounds, { maxZoom: closest, padding: [40, 40], animate: false });
    if (state.level === "auto" && state.shown !== level) setShown(level);
    card(map.unproject([shape.x, shape.y], 0), app.cards.placeCard(level, row), { level: level, row: row });
    return true;
  };

  function card(at, content, chosen) {
    content.tabIndex = 0;
    map.closePopup();
    state.chosen = chosen;
    L.popup(POPUP).setLatLng(at).setContent(content).openOn(map);
    app.marks.draw();
    app.tell(Array.from(content.querySelectorAll(".eco-kind, h2, .eco-gain > *, .eco-hidden"), (node) => node.textContent).join(" "));
  }

  // ---- levels

  function autoLevel() {
    const zoom = map.getZoom();
    if (zoom < fitted - 0.6) return "county";
    return zoom < fitted + 2.25 ? "township" : "village";
  }

  function setShown(level) {
    state.shown = level;
    app.redraw();
  }

  function showLevel() {
    const level = state.level === "auto" ? autoLevel() : state.level;
    if (level !== state.shown) setShown(level);
  }

  // ---- pointer

  function under(event) {
    const scale = map.getZoomScale(map.getZoom(), 0), point = map.project(event.latlng).divideBy(scale);
    const mark = app.markLayer.at(point.x, point.y, 1 / scale);
    return mark || { level: state.shown, row: app.placeLayer.at(state.shown, point.x, point.y, 9 / scale) };
  }

  function clicked(event) {
    const found = under(event);
    if (found.name) card(event.latlng, found.name === "households" ? app.cards.householdCard(found.row) : app.cards.siteCard(found.name, found.row), null);
    else if (found.row >= 0) card(event.latlng, app.cards.placeCard(found.level, found.row), { level: found.level, row: found.row });
  }

  const tip = L.tooltip({ className: "eco-tooltip", direction: "right", offset: [14, 0] });
  let waiting = false;
  function moved(event) {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const found = under(event);
      map.getContainer().style.cursor = found.row >= 0 ? "pointer" : "";
      if (found.name || found.row < 0 || map.dragging.moving()) return map.closeTooltip(tip);
      tip.setLatLng(event.latlng).setContent(app.cards.placeTip(found.level, found.row));
      return map.openTooltip(tip);
    });
  }

  // ---- start

  function showAll(animate) {
    const beside = map.getSize().x > 900 ? document.getElementById("eco-panel").offsetWidth + 30 : 12;
    const below = document.getElementById("eco-years") ? 66 : 12;
    map.fitBounds(app.home, { paddingTopLeft: [12, 12], paddingBottomRight: [beside, below], animate: animate });
  }

  function north() {
    const control = L.control({ position: "topleft" });
    control.onAdd = () => {
      const box = make("div", "eco-north");
      make("i", "", null, box);
      make("span", "", say("map_north"), box);
      return box;
    };
    control.addTo(map);
  }

  function controls() {
    north();
    const zoom = L.control.zoom({ position: "topleft", zoomInTitle: say("map_zoom_in"), zoomOutTitle: say("map_zoom_out") }).addTo(map);
    const back = make("a", "eco-home", "⤢", zoom.getContainer());
    back.href = "#";
    back.title = say("map_whole");
    back.setAttribute("role", "button");
    back.setAttribute("aria-label", say("map_whole"));
    L.DomEvent.disableClickPropagation(back);
    back.addEventListener("click", (event) => { event.preventDefault(); showAll(true); });
    L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
  }

  function layers() {
    const above = map.createPane("eco-marks");
    above.style.zIndex = 430;
    above.style.pointerEvents = "none";
    above.classList.add("eco-marks");
    app.placeLayer = ecoGround(app);
    app.markLayer = ecoMarks(app);
    const labels = ecoLabels(app);
    const marks = (view) => {
      labels.lines(view);
      app.markLayer.paint(view);
      labels.chosen(view);
      labels.names(view);
    };
    app.ground = new EcoPaper(app.placeLayer.paint, { over: marks });
    app.marks = new EcoPaper(marks, { pane: "eco-marks" });
    app.papers = [app.ground, app.marks];
  }

  function furnish() {
    const container = map.getContainer(), head = document.getElementById("eco-head");
    document.body.insertBefore(head, document.body.firstChild);
    app.said = make("div", "eco-said", null, document.body);
    app.said.setAttribute("role", "status");
    app.said.setAttribute("aria-live", "polite");
    app.frames = ecoFrames(app);
    app.flows = ecoFlows(app);
    app.plan = ecoPlan(app);
    app.cards = ecoCards(app);
    app.legend = ecoLegend(app);
    app.search = ecoSearch(app);
    app.print = ecoPrint(app);
    const panel = ecoPanel(app);
    panel.heading();
    panel.panel();
    app.small = panel.footing();
    document.body.insertBefore(container, document.getElementById("eco-panel"));
  }

  app.siteNames().forEach((name) => { state.on[name] = name !== "plan_yards"; });
  layers();
  furnish();
  ecoKeys(app);
  map.invalidateSize({ animate: false });
  map.setMinZoom(5).setMaxZoom(17);
  app.frames.bar();
  showAll(false);
  fitted = map.getZoom();
  map.setMaxBounds(app.home.pad(0.7));
  state.shown = autoLevel();
  state.on.relief = Boolean(data.relief);
  app.papers.forEach((paper) => paper.addTo(map));
  controls();
  app.legend.fill();
  map.on({ zoomend: showLevel, click: clicked, mousemove: moved, mouseout: () => map.closeTooltip(tip) });
  map.on("move", () => { if (state.compare) app.ground.draw(); });
  map.on("popupopen", (event) => event.popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", say("map_close")));
  map.on("popupclose", () => { state.chosen = null; app.marks.draw(); });

  const openAtCentre = (content) => card(map.getCenter(), content, null);
  return {
    map: map, data: data, app: app, toggle: app.toggle, show: app.show, select: app.select, find: app.search.find, theme: app.chooseTheme,
    frame: app.frames.choose, compare: app.frames.compare, paper: app.print.choose,
    level: () => state.shown,
    drawn: () => app.read.places[state.shown].shapes.filter((shape) => shape).length,
    rows: (name) => (name in data.sites ? data.sites[name].rows : data.households ? data.households.rows : 0),
    on: (name) => Boolean(state.on[name]),
    open: (level, row) => openAtCentre(app.cards.placeCard(level, row)),
    openSite: (name, row) => openAtCentre(name === "households" ? app.cards.householdCard(row) : app.cards.siteCard(name, row)),
  };
}
