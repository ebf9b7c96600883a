"use strict";

// What is said of one place, site or household.
function ecoCards(app) {
  const { say, make, yuan, count, percent, between, valued, bare } = app.words;
  const LEVELS = ["county", "township", "village"];
  const BASES = ["none", "inferred", "mostly_inferred", "mostly_recorded", "recorded"];
  const data = app.data, SITES = app.colours.SITES, known = (value) => value !== undefined && !Number.isNaN(value);

  function line(table, label, value, under) {
    const row = make("tr", "", null, table);
    make("th", "", label, row).scope = "row";
    const cell = make("td", "", value, row);
    if (under) make("small", "", under, cell);
  }

  function head(title, kind) {
    const box = make("div", "eco-card");
    make("p", "eco-kind", kind, box);
    make("h2", "", title, box);
    return box;
  }

  function gainBlock(box, mean, low, high, label) {
    const block = make("div", "eco-gain", null, box);
    make("span", "eco-gain-label", label, block);
    make("strong", mean < 0 ? "eco-negative" : "", yuan(mean), block);
    make("span", "eco-interval", "P10–P90  " + between(low, high), block);
  }

  function livelihoodBars(box, columns, row) {
    const parts = Object.keys(SITES).filter((name) => columns[name + "_yuan_mean"]).map((name) => [name, columns[name + "_yuan_mean"][row]]);
    if (!parts.length || parts.some((part) => !known(part[1]))) return;
    const largest = Math.max(1, ...parts.map((part) => Math.abs(part[1])));
    make("p", "eco-sub", say("map_by_livelihood"), box);
    parts.forEach(([name, value]) => {
      const bar = make("div", "eco-bar", null, box);
      make("span", "eco-bar-name", say(name), bar);
      const fill = make("i", value < 0 ? "eco-loss" : "", null, make("span", "eco-track", null, bar));
      fill.style.width = Math.round(Math.abs(value) / largest * 100) + "%";
      if (value >= 0) fill.style.background = SITES[name];
      make("span", "eco-bar-value", yuan(value), bar);
    });
  }

  function basis(box, place) {
    const text = say("map_basis_" + BASES[place]) + say("map_rests_on");
    make("p", "eco-basis", say("map_basis") + (data.lang === "zh" ? "：" : " ") + text, box);
  }

  function placeKind(level, row, frame) {
    const up = LEVELS[LEVELS.indexOf(level) - 1], parent = app.read.places[level].columns.parent[row];
    const parts = [say(level)];
    if (up && parent >= 0) parts.push(app.read.places[up].columns.name[parent]);
    if (frame !== undefined && frame >= 0) parts.push(app.frameLabel(frame));
    return parts.join(" · ");
  }

  function townshipTotals(box, columns, row) {
    const totals = [["forest", "forest_mu", "map_mu"], ["juncao", "juncao_mu_seasons", "map_mu_seasons"], ["bees", "hives", "map_boxes"]]
      .filter(([, column]) => columns[column] && known(columns[column][row]));
    if (!totals.length) return;
    make("p", "eco-sub", say("map_sites_here"), box);
    const table = make("table", "", null, box);
    totals.forEach(([name, column, unit]) => line(table, say(name), count(columns[column][row]) + " " + say(unit)));
  }

  // The theme on both sides of a comparison; no interval of the difference is known, so none is claimed.
  function compared(box, level, row) {
    const theme = app.theme();
    if (!app.state.compare || !theme) return;
    const table = make("table", "eco-compared", null, box);
    make("caption", "eco-sub", say("map_theme_" + theme.key), table);
    [app.state.left, app.state.right].forEach((frame) => {
      const columns = app.columnsOf(level, frame), numbers = columns[theme.column];
      const value = numbers && app.status(columns, row) === "shown" ? numbers[row] : NaN;
      const ends = theme.ends.map((name) => (columns[name] ? columns[name][row] : NaN));
      line(table, app.frameLabel(frame), known(value) ? valued(theme.kind, value) : say("map_unknown"),
           known(value) && ends.length && ends.every(known) ? "P10–P90  " + between(ends[0], ends[1]) : "");
    });
  }

  function measures(table, columns, row) {
    const at = (name) => (columns[name] ? columns[name][row] : NaN);
    if (known(at("gain_yuan_mean"))) line(table, say("map_gain"), yuan(at("gain_yuan_mean")), "P10–P90  " + between(at("gain_yuan_p10"), at("gain_yuan_p90")));
    if (known(at("one_off_share"))) line(table, say("map_theme_one_off"), percent(at("one_off_share")));
    if (known(at("chance_above_line")))
      line(table, say("map_theme_chance"), percent(at("chance_above_line")),
           known(at("chance_above_line_without")) ? say("map_without") + " " + percent(at("chance_above_line_without")) : "");
    if (known(at("households"))) line(table, say("map_households_count"), count(at("households")));
    if (known(at("persons"))) line(table, say("map_persons"), count(at("persons")));
    if (known(at("persons_gaining_mean")))
      line(table, say("map_persons_gaining"), count(at("persons_gaining_mean")),
           "P10–P90  " + between(at("persons_gaining_p10"), at("persons_gaining_p90")));
    if (known(at("persons_left_out")))
      line(table, say("map_persons_left_out"), count(at("persons_left_out")), known(at("left_out_share")) ? percent(at("left_out_share")) : "");
    if (known(at("saturation"))) line(table, say("map_theme_saturation"), bare("ratio", at("saturation")));
  }

  function placeCard(level, row) {
    const frame = app.state.compare ? -1 : app.state.frame, columns = app.columnsOf(level, frame);
    const box = head(columns.name[row], placeKind(level, row, frame)), is = app.status(columns, row);
    if (is === "hidden" || is === "none") {
      make("p", "eco-hidden", say(is === "hidden" ? "map_hidden_why" : "map_no_data"), box);
    } else if (is === "shown") {
      const at = (name) => (columns[name] ? columns[name][row] : NaN);
      if (known(at("gain_per_head_mean")))
        gainBlock(box, at("gain_per_head_mean"), at("gain_per_head_p10"), at("gain_per_head_p90"), say("map_gain_per_head"));
      compared(box, level, row);
      measures(make("table", "", null, box), columns, row);
      livelihoodBars(box, columns, row);
      app.flows.table(box, level, row);
    }
    if (is !== "hidden" && is !== "none") app.plan.block(box, app.columnsOf(level, -1), row, say("map_plan"));
    townshipTotals(box, app.columnsOf(level, -1), row);
    if (is === "shown" && columns.basis) basis(box, columns.basis[row] || 0);
    return box;
  }

  const SITE_LINES = {
    mu: ["map_area", (v) => count(v) + " " + say("map_mu")],
    hives: ["map_hives", (v) => count(v) + " " + say("map_boxes")],
    colonies: ["map_colonies", (v) => count(v) + " " + say("map_swarms")],
    saturation: ["map_theme_saturation", (v) => bare("ratio", v)],
    overlap_mu: ["map_theme_overlap", (v) => count(v) + " " + say("map_mu")],
    species: ["map_species", String],
    planted_year: ["map_planted", String],
    programme: ["map_programme", String],
    season: ["map_season", String],
    use: ["map_use", String],
    started_year: ["map_started", String],
    households_sharing: ["map_sharing", count],
  };

  function siteCard(name, row) {
    const columns = app.read.sites[name].columns;
    const box = head(say("map_" + name), say(name));
    if (name === "plan_yards") return app.plan.yardCard(box, row);
    const table = make("table", "", null, box);
    Object.keys(SITE_LINES).forEach((column) => {
      const value = columns[column] ? columns[column][row] : null;
      if (value === null || value === "") return;
      if (!Number.isNaN(value)) line(table, say(SITE_LINES[column][0]), SITE_LINES[column][1](value));
      else if (column === "saturation") line(table, say(SITE_LINES[column][0]), say("map_unknown"));
    });
    if (columns.in_programme && columns.in_programme[row]) make("p", "eco-basis", say("map_in_programme"), box);
    if (columns.assumed && columns.assumed[row]) make("p", "eco-basis", say("map_assumed"), box);
    return box;
  }

  function householdCard(row) {
    const columns = app.read.households.columns, at = (name) => (columns[name] ? columns[name][row] : NaN);
    const box = head(columns.household_id ? columns.household_id[row] : columns.id[row], say("household"));
    gainBlock(box, at("gain_yuan_mean"), at("gain_yuan_p10"), at("gain_yuan_p90"), say("map_gain"));
    const table = make("table", "", null, box);
    line(table, say("map_persons"), count(at("persons")));
    // What only the locked edition carries: a column and what it is called.
    (data.details || []).filter(([name]) => columns[name]).forEach(([name, label]) => {
      const value = columns[name][row];
      if (value !== null && value !== "" && !Number.isNaN(value)) line(table, label, typeof value === "number" ? count(value) : value);
    });
    if (known(at("one_off_share"))) line(table, say("map_theme_one_off"), percent(at("one_off_share")));
    if (known(at("chance_above_line"))) line(table, say("map_theme_chance"), percent(at("chance_above_line")));
    livelihoodBars(box, columns, row);
    app.plan.block(box, columns, row, say("map_plan_household"));
    if (at("left_out") === 1) make("p", "eco-basis", say("map_not_linked"), box);
    basis(box, at("basis") || 0);
    return box;
  }

  function placeTip(level, row) {
    const frame = app.state.frame, columns = app.columnsOf(level, frame), is = app.coloured(columns, row), theme = app.theme();
    const box = make("div", "eco-tip");
    make("b", "", columns.name[row], box);
    const value = is === "shown" && theme && columns[theme.column] ? columns[theme.column][row] : NaN;
    if (is === "hidden" || is === "none") make("span", "", say(is === "hidden" ? "map_hidden" : "map_no_data"), box);
    else if (known(value)) make("span", "", valued(theme.kind, value), box);
    return box;
  }

  return { LEVELS: LEVELS, line: line, placeKind: placeKind, placeTip: placeTip, placeCard: placeCard, siteCard: siteCard, householdCard: householdCard };
}
