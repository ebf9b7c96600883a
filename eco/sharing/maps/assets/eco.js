"use strict";

// The map: layers, panel, search. What is read comes from unpack.js, what is said from cards.js.
function ecoMap(map, data) {
  const { readPoints, readShapes } = ecoUnpack(data);
  const { LEVELS, SITES, LOSS, say, make, short, between, status, placeKind, placeTip, placeCard, siteCard, householdCard } = ecoCards(data);
  const CLASSES = ["#e4edf4", "#bdd4e7", "#90b5d7", "#6390c0", "#4569a4", "#33417f"];
  const HIDDEN = "#dedbd4", UNLINKED = "#8d8a84", NOBODY = "#f3f1ec";
  const canvas = L.canvas({ padding: 0.3, tolerance: 3 });
  const state = { level: "auto", shown: null, measure: "gain_per_head_mean", groups: {}, overlays: {}, on: {} };
  const home = L.latLngBounds(data.bounds);
  let fitted = 8;

  // ---- colours

  function classOf(value, breaks) {
    if (value < 0) return -1;
    let place = 0;
    while (place < breaks.length && value > breaks[place]) place++;
    return place;
  }

  function ramp(position, breaks) {
    if (position < 0) return LOSS;
    if (breaks.length === 0) return CLASSES[0];
    return CLASSES[Math.round(position * (CLASSES.length - 1) / breaks.length)];
  }

  function placeStyle(level, row) {
    const layer = data.places[level], columns = layer.columns;
    const style = { color: "#ffffff", weight: level === "village" ? 0.6 : 1, opacity: 0.95, fillOpacity: 0.86 };
    const is = status(columns, row);
    const value = is === "shown" ? columns[state.measure][row] : null;
    if (is === "hidden") return Object.assign(style, { fillColor: HIDDEN, fillOpacity: 0.75 });
    if (value === null) return Object.assign(style, { fillColor: NOBODY, fillOpacity: 0.5, color: "#cfcac0" });
    return Object.assign(style, { fillColor: ramp(classOf(value, layer.breaks[state.measure]), layer.breaks[state.measure]) });
  }

  // ---- layers

  // One popup a group, not one a mark: 20,000 marks open in half the time.
  function cardsOn(group, card) {
    return group.bindPopup((layer) => card(layer.row), { maxWidth: 300, minWidth: 240, autoPanPadding: [24, 24] });
  }

  function mark(layer, row, group) {
    layer.row = row;
    group.addLayer(layer);
  }

  function placeGroup(level) {
    if (state.groups[level]) return state.groups[level];
    const group = L.featureGroup();
    readShapes(data.places[level]).forEach((shape, row) => {
      if (!shape) return;
      const options = Object.assign({ renderer: canvas }, placeStyle(level, row));
      const layer = shape.parts ? L.polygon(shape.parts, options)
        : L.circleMarker(shape.point, Object.assign(options, { radius: level === "village" ? 4 : 8 }));
      mark(layer, row, group);
    });
    cardsOn(group, (row) => placeCard(level, row));
    group.bindTooltip((layer) => placeTip(level, layer.row, state.measure), { sticky: true, className: "eco-tooltip" });
    state.groups[level] = group;
    return group;
  }

  function autoLevel() {
    const zoom = map.getZoom();
    if (zoom < fitted - 0.6) return "county";
    return zoom < fitted + 2.25 ? "township" : "village";
  }

  function showLevel() {
    const level = state.level === "auto" ? autoLevel() : state.level;
    if (level !== state.shown) {
      if (state.shown) map.removeLayer(state.groups[state.shown]);
      state.shown = level;
      recolour();
      placeGroup(level).addTo(map);
      Object.keys(state.overlays).forEach((name) => {
        if (state.on[name] && name !== "relief") state.overlays[name].eachLayer((layer) => layer.bringToFront && layer.bringToFront());
      });
      legend();
    }
    labels();
  }

  function recolour() {
    const level = state.shown;
    if (state.groups[level]) state.groups[level].eachLayer((layer) => layer.setStyle(placeStyle(level, layer.row)));
  }

  function outlines() {
    map.createPane("eco-lines").style.zIndex = 430;
    map.getPane("eco-lines").style.pointerEvents = "none";
    const drawing = L.canvas({ pane: "eco-lines", padding: 0.3 });
    readShapes(data.places.county).forEach((shape) => {
      if (shape && shape.parts)
        L.polygon(shape.parts, { renderer: drawing, pane: "eco-lines", interactive: false, fill: false, color: "#4a5160", weight: 1.4, opacity: 0.75 }).addTo(map);
    });
    state.halo = L.polygon([], { renderer: drawing, pane: "eco-lines", interactive: false, fill: false, color: "#c2410c", weight: 3 }).addTo(map);
  }

  function labels() {
    const close = map.getZoom() >= fitted + 1.75;
    const level = close ? "township" : "county";
    if (state.labelled === level) return;
    state.labelled = level;
    if (state.names) map.removeLayer(state.names);
    state.names = L.layerGroup();
    placeGroup(level).eachLayer((layer) => {
      const centre = layer.getBounds ? layer.getBounds().getCenter() : layer.getLatLng();
      L.tooltip({ permanent: true, direction: "center", className: "eco-name eco-name-" + level, interactive: false, offset: [0, 0] })
        .setLatLng(centre)
        .setContent(make("span", "", data.places[level].columns.name[layer.row]))
        .addTo(state.names);
    });
    state.names.addTo(map);
  }

  function siteGroup(name) {
    const layer = data.sites[name], columns = layer.columns;
    const points = readPoints(layer), shapes = layer.shapes ? readShapes(layer) : [];
    const amount = columns.mu || columns.hives || [];
    const largest = Math.max(1, ...amount.map((value) => value || 0));
    const near = L.featureGroup(), far = L.featureGroup();
    points.forEach((point, row) => {
      const style = { renderer: canvas, color: "#ffffff", weight: 0.7, fillColor: SITES[name], fillOpacity: 0.95 };
      const sheer = Object.assign({}, style, { fillOpacity: 0.7 });
      const radius = 1.7 + 3.6 * Math.sqrt((amount[row] || 0) / largest);
      const shape = shapes[row];
      mark(L.circleMarker(point, Object.assign({ radius: radius }, style)), row, far);
      if (shape && shape.parts) mark(L.polygon(shape.parts, Object.assign(sheer, { color: SITES[name], weight: 1.4 })), row, near);
      else if (columns.mu) mark(L.circle(point, Object.assign({ radius: Math.sqrt((columns.mu[row] || 0) * 2000 / 3 / Math.PI) }, sheer)), row, near);
      else mark(L.circleMarker(point, Object.assign({ radius: radius + 2 }, style)), row, near);
    });
    cardsOn(far, (row) => siteCard(name, row));
    cardsOn(near, (row) => siteCard(name, row));
    return byZoom(far, near);
  }

  // One group that shows marks from afar and true shapes from near.
  function byZoom(far, near) {
    const group = L.featureGroup();
    group.far = far;
    group.near = near;
    group.choose = () => {
      const wanted = map.getZoom() >= fitted + 3 ? near : far;
      if (group.hasLayer(wanted)) return;
      group.clearLayers();
      group.addLayer(wanted);
    };
    return group;
  }

  function householdGroup() {
    const layer = data.households, columns = layer.columns, breaks = layer.breaks.gain_per_head_mean;
    const group = L.featureGroup();
    readPoints(layer).forEach((point, row) => {
      const linked = columns.basis[row] > 0;
      const perHead = columns.gain_yuan_mean[row] / columns.persons[row];
      mark(L.circleMarker(point, {
        renderer: canvas, radius: 2.8, weight: linked ? 0.8 : 1, color: linked ? "#3b3f4a" : UNLINKED,
        fillColor: linked ? ramp(classOf(perHead, breaks), breaks) : "#ffffff", fillOpacity: linked ? 1 : 0.5,
      }), row, group);
    });
    return cardsOn(group, householdCard);
  }

  function reliefLayer() {
    map.createPane("eco-relief").style.zIndex = 420;
    map.getPane("eco-relief").style.pointerEvents = "none";
    map.getPane("eco-relief").classList.add("eco-relief");
    return L.imageOverlay(data.relief.png, data.relief.bounds, { pane: "eco-relief", interactive: false });
  }

  function overlay(name) {
    if (!state.overlays[name]) {
      if (name === "relief") state.overlays[name] = reliefLayer();
      else if (name === "households") state.overlays[name] = householdGroup();
      else state.overlays[name] = siteGroup(name);
    }
    return state.overlays[name];
  }

  function toggle(name, on) {
    state.on[name] = on;
    const layer = overlay(name);
    if (layer.choose) layer.choose();
    if (on) layer.addTo(map);
    else map.removeLayer(layer);
    legend();
  }

  // ---- what stands round the map

  function choice(parent, label, options, chosen, act) {
    const field = make("fieldset", "eco-choice", null, parent);
    make("legend", "", label, field);
    const row = make("div", "eco-segments", null, field);
    options.forEach(([value, text]) => {
      const button = make("button", value === chosen ? "on" : "", text, row);
      button.type = "button";
      button.setAttribute("aria-pressed", String(value === chosen));
      button.addEventListener("click", () => {
        Array.from(row.children).forEach((other) => {
          other.className = other === button ? "on" : "";
          other.setAttribute("aria-pressed", String(other === button));
        });
        act(value);
      });
    });
  }

  function check(parent, name, text, on, swatch) {
    const label = make("label", "eco-check", null, parent);
    const box = make("input", "", null, label);
    box.type = "checkbox";
    box.checked = on;
    box.dataset.layer = name;
    const mark = make("i", "eco-dot", null, label);
    mark.style.background = swatch;
    make("span", "", text, label);
    box.addEventListener("change", () => toggle(name, box.checked));
  }

  function swatchRow(parent, colour, text) {
    const row = make("div", "eco-class", null, parent);
    const mark = make("i", "", null, row);
    mark.style.background = colour;
    make("span", "", text, row);
  }

  function legend() {
    const box = document.getElementById("eco-legend");
    if (!box || !state.shown) return;
    box.textContent = "";
    const layer = data.places[state.shown], breaks = (layer.breaks || {})[state.measure];
    if (breaks) {
      make("p", "eco-sub", say(state.measure === "gain_yuan_mean" ? "map_legend_total" : "map_legend_per_head") + " · " + say(state.shown), box);
      if (layer.columns[state.measure].some((value) => value !== null && value < 0)) swatchRow(box, LOSS, say("map_loss"));
      for (let i = 0; i <= breaks.length; i++) {
        const text = breaks.length === 0 ? "≥ 0"
          : i === 0 ? short(breaks[0]) + " " + say("map_below")
          : i === breaks.length ? short(breaks[i - 1]) + " " + say("map_above")
          : between(breaks[i - 1], breaks[i]);
        swatchRow(box, ramp(i, breaks), text);
      }
      if (layer.columns.shown.some((value) => value !== null && !value)) swatchRow(box, HIDDEN, say("map_hidden"));
      if (layer.columns.shown.includes(null)) swatchRow(box, NOBODY, say("map_no_data"));
    }
    if (state.on.households) {
      swatchRow(box, UNLINKED, say("map_not_linked"));
    }
    if (data.edition === "public") make("p", "eco-fine", say("map_equal_area"), box);
  }

  function panel() {
    const box = document.getElementById("eco-panel");
    const open = make("button", "eco-open", say("map_panel"), document.body);
    open.type = "button";
    open.addEventListener("click", () => box.classList.toggle("open"));
    const shut = make("button", "eco-shut", "×", box);
    shut.type = "button";
    shut.setAttribute("aria-label", say("map_close"));
    shut.addEventListener("click", () => box.classList.remove("open"));
    choice(box, say("map_level"), [["auto", say("map_auto")]].concat(LEVELS.map((level) => [level, say(level)])), "auto", (value) => {
      state.level = value;
      showLevel();
    });
    if (data.places.township.breaks && data.places.township.breaks.gain_per_head_mean)
      choice(box, say("map_measure"), [["gain_per_head_mean", say("map_per_head")], ["gain_yuan_mean", say("map_total")]], state.measure, (value) => {
        state.measure = value;
        recolour();
        legend();
      });
    const layers = make("fieldset", "eco-choice", null, box);
    make("legend", "", say("map_layers"), layers);
    Object.keys(SITES).filter((name) => data.sites[name].rows).forEach((name) => check(layers, name, say("map_" + name), true, SITES[name]));
    if (data.households) check(layers, "households", say("map_households"), false, CLASSES[4]);
    if (data.relief) check(layers, "relief", say("map_relief"), true, "#b9b4aa");
    make("div", "", null, box).id = "eco-legend";
  }

  function heading() {
    const box = document.getElementById("eco-head");
    const title = make("div", "eco-title", null, box);
    make("h1", "", data.heading, title);
    const under = make("p", "", data.project + " · " + data.label, title);
    make("span", "eco-stamp", data.stamp, under);
    const search = make("div", "eco-search", null, box);
    const input = make("input", "", null, search);
    input.type = "search";
    input.placeholder = say("map_search");
    input.setAttribute("aria-label", say("map_search"));
    const list = make("ul", "", null, search);
    list.hidden = true;
    input.addEventListener("input", () => suggest(input.value, list));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        const found = find(input.value);
        if (found.length) select(found[0], list);
      }
      if (event.key === "Escape") list.hidden = true;
    });
  }

  function footing() {
    const box = document.getElementById("eco-foot");
    const more = make("details", "", null, box);
    const few = data.notes.length > 3 ? 3 : 1;
    make("summary", "", data.notes.slice(0, few).join(" · "), more);
    make("p", "", data.notes.slice(few).join(" · "), more);
  }

  // ---- search

  function find(text) {
    const asked = text.trim().toLowerCase();
    if (!asked) return [];
    const names = data.places.township.columns.name;
    return names.map((name, row) => row).filter((row) => names[row].toLowerCase().includes(asked)).slice(0, 8);
  }

  function suggest(text, list) {
    const found = find(text);
    list.textContent = "";
    list.hidden = !text.trim();
    if (!found.length) make("li", "eco-none", say("map_search_none"), list);
    found.forEach((row) => {
      const item = make("li", "", null, list);
      const button = make("button", "", data.places.township.columns.name[row], item);
      button.type = "button";
      make("small", "", placeKind("township", row).split(" · ")[1] || "", button);
      button.addEventListener("click", () => select(row, list));
    });
  }

  function select(row, list) {
    if (list) list.hidden = true;
    let target = null;
    placeGroup("township").eachLayer((layer) => { if (layer.row === row) target = layer; });
    if (!target) return false;
    const bounds = target.getBounds ? target.getBounds() : target.getLatLng().toBounds(8000);
    state.halo.setLatLngs(target.getLatLngs ? target.getLatLngs() : []);
    map.fitBounds(bounds, { maxZoom: fitted + 2, padding: [40, 40], animate: false });
    L.popup({ maxWidth: 300, minWidth: 240 }).setLatLng(bounds.getCenter()).setContent(placeCard("township", row)).openOn(map);
    return true;
  }

  // ---- start

  function showAll(animate) {
    const panel = document.getElementById("eco-panel").offsetWidth;
    const beside = map.getSize().x > 900 ? panel + 30 : 12;
    map.fitBounds(home, { paddingTopLeft: [12, 12], paddingBottomRight: [beside, 12], animate: animate });
  }

  function controls() {
    const zoom = L.control.zoom({ position: "bottomright", zoomInTitle: say("map_zoom_in"), zoomOutTitle: say("map_zoom_out") }).addTo(map);
    const back = make("a", "eco-home", "⤢", zoom.getContainer());
    back.href = "#";
    back.title = say("map_whole");
    back.setAttribute("role", "button");
    L.DomEvent.disableClickPropagation(back);
    back.addEventListener("click", (event) => { event.preventDefault(); showAll(true); });
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  }

  heading();
  panel();
  footing();
  map.invalidateSize({ animate: false });
  map.setMinZoom(5).setMaxZoom(17);
  showAll(false);
  fitted = map.getZoom();
  map.setMaxBounds(home.pad(0.7));
  controls();
  outlines();
  showLevel();
  Object.keys(SITES).filter((name) => data.sites[name].rows).forEach((name) => toggle(name, true));
  if (data.relief) toggle("relief", true);
  map.on("zoomend", () => {
    showLevel();
    Object.keys(SITES).forEach((name) => state.on[name] && state.overlays[name].choose());
  });
  map.on("popupclose", () => state.halo.setLatLngs([]));

  return {
    map: map,
    level: () => state.shown,
    drawn: () => state.groups[state.shown].getLayers().length,
    rows: (name) => (name in data.sites ? data.sites[name].rows : data.households ? data.households.rows : 0),
    on: (name) => Boolean(state.on[name]),
    toggle: toggle,
    show: (level) => { state.level = level; showLevel(); },
    open: (level, row) => {
      L.popup({ maxWidth: 300, minWidth: 240 }).setLatLng(map.getCenter()).setContent(placeCard(level, row)).openOn(map);
    },
    openSite: (name, row) => {
      L.popup({ maxWidth: 300, minWidth: 240 }).setLatLng(map.getCenter())
        .setContent(name === "households" ? householdCard(row) : siteCard(name, row)).openOn(map);
    },
    find: find,
    select: select,
    data: data,
  };
}
