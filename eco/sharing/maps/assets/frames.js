"use strict";

// Other years and other estimates of the same places: a slider through the years, and two of them side by side.
function ecoFrames(app) {
  const { say, make, button } = app.words, data = app.data, frames = app.read.frames;
  const years = frames.map((frame, at) => [frame.year, at]).filter(([, at]) => !frames[at].scenario)
    .concat([[data.year, -1]]).sort((a, b) => a[0] - b[0]);
  const order = years.map(([, at]) => at).concat(frames.map((_, at) => at).filter((at) => frames[at].scenario));
  const cache = {};
  let slider = null, output = null, player = null, timer = null, swipe = null;

  function label(frame) { return frame < 0 ? String(data.year) : frames[frame].label; }

  // The numbers of one frame beside the names of the places, which no frame changes.
  function columnsOf(level, frame) {
    const base = app.read.places[level].columns;
    if (frame < 0) return base;
    const key = level + frame;
    if (!cache[key]) {
      const numbers = frames[frame].places[level] || { shown: new Float64Array(app.read.places[level].rows).fill(NaN) };
      cache[key] = Object.assign({ name: base.name, parent: base.parent }, numbers);
    }
    return cache[key];
  }

  function choose(frame) {
    app.state.frame = frame;
    const place = years.findIndex(([, at]) => at === frame);
    if (slider && place >= 0) {
      slider.value = place;
      slider.setAttribute("aria-valuetext", String(years[place][0]));
    }
    if (output) output.textContent = label(frame);
    app.redraw();
  }

  function step(by) {
    const place = years.findIndex(([, at]) => at === app.state.frame);
    const next = Math.max(0, Math.min(years.length - 1, (place < 0 ? 0 : place) + by));
    if (years.length > 1) choose(years[next][1]);
    return next;
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    if (player) {
      player.textContent = "▶";
      player.setAttribute("aria-label", say("map_play"));
    }
  }

  function play() {
    if (years.length < 2) return;
    if (timer) return stop();
    if (step(0) === years.length - 1) choose(years[0][1]);
    player.textContent = "❚❚";
    player.setAttribute("aria-label", say("map_pause"));
    timer = setInterval(() => { if (step(1) === years.length - 1) stop(); }, 1100);
  }

  function bar() {
    if (years.length < 2) return;
    const box = make("div", "", null, app.map.getContainer().parentNode);
    box.id = "eco-years";
    player = button("eco-play", "▶", box, play);
    player.setAttribute("aria-label", say("map_play"));
    slider = make("input", "", null, box);
    slider.type = "range";
    slider.min = 0;
    slider.max = years.length - 1;
    slider.step = 1;
    slider.setAttribute("aria-label", say("map_year"));
    slider.addEventListener("input", () => { stop(); choose(years[Number(slider.value)][1]); });
    slider.value = years.findIndex(([, at]) => at < 0);
    slider.setAttribute("aria-valuetext", label(-1));
    output = make("output", "", label(-1), box);
  }

  // ---- side by side

  function place(share) {
    app.state.swipe = Math.max(0.05, Math.min(0.95, share));
    swipe.style.left = app.state.swipe * 100 + "%";
    swipe.setAttribute("aria-valuenow", String(Math.round(app.state.swipe * 100)));
    app.ground.draw();
  }

  function divider() {
    swipe = make("div", "", null, app.map.getContainer());
    swipe.id = "eco-swipe";
    swipe.tabIndex = 0;
    swipe.setAttribute("role", "slider");
    swipe.setAttribute("aria-label", say("map_compare_slide"));
    swipe.setAttribute("aria-valuemin", "5");
    swipe.setAttribute("aria-valuemax", "95");
    make("b", "eco-left", "", swipe);
    make("i", "", "◂ ▸", swipe);
    make("b", "eco-right", "", swipe);
    L.DomEvent.disableClickPropagation(swipe);
    swipe.addEventListener("pointerdown", (event) => { event.preventDefault(); swipe.setPointerCapture(event.pointerId); swipe.focus(); });
    swipe.addEventListener("pointermove", (event) => {
      const box = app.map.getContainer().getBoundingClientRect();
      if (swipe.hasPointerCapture(event.pointerId)) place((event.clientX - box.left) / box.width);
    });
    swipe.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.04, ArrowRight: 0.04 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      place(app.state.swipe + by);
    });
  }

  function compare(on) {
    stop();
    app.state.compare = on;
    if (!swipe) divider();
    swipe.hidden = !on;
    swipe.querySelector(".eco-left").textContent = label(app.state.left);
    swipe.querySelector(".eco-right").textContent = label(app.state.right);
    const bar = document.getElementById("eco-years");
    if (bar) bar.hidden = on;
    place(app.state.swipe);
    app.redraw();
  }

  function controls(box, parts) {
    if (!frames.length) return;
    const list = parts.field(box, say("map_frames")), options = order.map((at) => [at, label(at)]);
    const others = options.filter(([at]) => at >= 0 && frames[at].scenario);
    if (others.length)
      parts.select(list, say("map_scenario"), [[-1, say("map_as_estimated")]].concat(others), -1, (at) => { stop(); choose(Number(at)); }).id = "eco-scenario";
    const sides = make("div", "eco-sides", null, list);
    const ticked = parts.check(list, say("map_compare"), false, (on) => { sides.hidden = !on; compare(on); });
    ticked.id = "eco-compare";
    list.insertBefore(ticked.parentNode, sides);
    sides.hidden = true;
    ["left", "right"].forEach((side) => {
      parts.select(sides, say("map_" + side), options, app.state[side], (at) => { app.state[side] = Number(at); compare(true); }).id = "eco-" + side;
    });
  }

  app.state.left = order.length > 1 && order[0] !== -1 ? order[0] : -1;
  app.state.right = order.length > 1 && order[0] === -1 ? order[1] : -1;
  const foreseen = frames.findIndex((frame) => frame.scenario);
  if (foreseen >= 0) {
    app.state.left = -1;
    app.state.right = foreseen;
  }

  return { label: label, columnsOf: columnsOf, choose: choose, step: step, play: play, bar: bar, compare: compare, controls: controls, years: years };
}
