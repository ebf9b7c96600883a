"use strict";

// Words, numbers and popups. Data is only ever shown as text: make() sets textContent.
function ecoCards(data) {
  const LEVELS = ["county", "township", "village"];
  const BASES = ["none", "inferred", "mostly_inferred", "mostly_recorded", "recorded"];
  const SITES = { forest: "#2f7d4f", juncao: "#a9bf2c", bees: "#e39a1f" };
  const LOSS = "#d9a18a";
  const place = data.lang === "zh" ? "zh-CN" : "en-GB";
  const numbers = new Intl.NumberFormat(place, { maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(place, { maximumFractionDigits: 0 });

  function say(key) {
    if (!(key in data.words)) throw new Error("no word " + key);
    return data.words[key];
  }

  function make(tag, name, text, parent) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined && text !== null) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  }

  function short(value) {
    const wan = data.lang === "zh" && Math.abs(value) >= 1e5;
    const text = wan ? numbers.format(value / 1e4) + say("map_wan") : whole.format(value);
    return text.replace("-", "\u2212");
  }

  function yuan(value) {
    return short(value) + " " + say("map_yuan");
  }

  function between(low, high) {
    return short(low) + " – " + short(high);
  }

  function count(value) {
    return numbers.format(value);
  }

  function status(columns, row) {
    if (!columns.shown) return "plain";
    if (columns.shown[row] === null) return "none";
    return columns.shown[row] ? "shown" : "hidden";
  }

  function line(table, label, value, under) {
    const row = make("tr", "", null, table);
    make("th", "", label, row);
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
    const parts = ["forest", "juncao", "bees"].filter((name) => columns[name + "_yuan_mean"])
      .map((name) => [name, columns[name + "_yuan_mean"][row]]);
    if (!parts.length) return;
    if (parts.some((part) => part[1] === null)) return;
    const largest = Math.max(1, ...parts.map((part) => Math.abs(part[1])));
    make("p", "eco-sub", say("map_by_livelihood"), box);
    parts.forEach(([name, value]) => {
      const bar = make("div", "eco-bar", null, box);
      make("span", "eco-bar-name", say(name), bar);
      const track = make("span", "eco-track", null, bar);
      const fill = make("i", "", null, track);
      fill.style.width = Math.round(Math.abs(value) / largest * 100) + "%";
      fill.style.background = value < 0 ? LOSS : SITES[name];
      make("span", "eco-bar-value", yuan(value), bar);
    });
  }

  function basis(box, code) {
    const text = say("map_basis_" + BASES[code]) + (code > 0 ? say("map_rests_on") : "");
    make("p", "eco-basis", say("map_basis") + (data.lang === "zh" ? "：" : " ") + text, box);
  }

  function placeKind(level, row) {
    const up = LEVELS[LEVELS.indexOf(level) - 1];
    const parent = data.places[level].columns.parent[row];
    return up && parent >= 0 ? say(level) + " · " + data.places[up].columns.name[parent] : say(level);
  }

  function townshipTotals(box, columns, row) {
    const totals = [["forest", "forest_mu", "map_mu"], ["juncao", "juncao_mu_seasons", "map_mu_seasons"], ["bees", "hives", "map_boxes"]]
      .filter(([, column]) => columns[column] && columns[column][row] !== null);
    if (!totals.length) return;
    make("p", "eco-sub", say("map_sites_here"), box);
    const table = make("table", "", null, box);
    totals.forEach(([name, column, unit]) => line(table, say(name), count(columns[column][row]) + " " + say(unit)));
  }

  function placeCard(level, row) {
    const columns = data.places[level].columns;
    const box = head(columns.name[row], placeKind(level, row));
    const is = status(columns, row);
    if (is === "hidden" || is === "none") {
      make("p", "eco-hidden", say(is === "hidden" ? "map_hidden_why" : "map_no_data"), box);
    } else if (is === "shown") {
      const at = (name) => columns[name][row];
      if (at("gain_per_head_mean") !== null)
        gainBlock(box, at("gain_per_head_mean"), at("gain_per_head_p10"), at("gain_per_head_p90"), say("map_gain_per_head"));
      const table = make("table", "", null, box);
      line(table, say("map_gain"), yuan(at("gain_yuan_mean")), "P10–P90  " + between(at("gain_yuan_p10"), at("gain_yuan_p90")));
      line(table, say("map_households_count"), count(at("households")));
      line(table, say("map_persons"), count(at("persons")));
      if (columns.persons_gaining_mean)
        line(table, say("map_persons_gaining"), count(at("persons_gaining_mean")),
             "P10–P90  " + between(at("persons_gaining_p10"), at("persons_gaining_p90")));
      livelihoodBars(box, columns, row);
    }
    townshipTotals(box, columns, row);
    if (is === "shown") basis(box, columns.basis[row] || 0);
    return box;
  }

  const SITE_LINES = {
    mu: ["map_area", (v) => count(v) + " " + say("map_mu")],
    hives: ["map_hives", (v) => count(v) + " " + say("map_boxes")],
    colonies: ["map_colonies", (v) => count(v) + " " + say("map_swarms")],
    species: ["map_species", String],
    planted_year: ["map_planted", String],
    programme: ["map_programme", String],
    season: ["map_season", String],
    use: ["map_use", String],
    started_year: ["map_started", String],
    households_sharing: ["map_sharing", count],
  };

  function siteCard(name, row) {
    const columns = data.sites[name].columns;
    const box = head(say("map_" + name), say(name));
    const table = make("table", "", null, box);
    Object.keys(SITE_LINES).forEach((column) => {
      const value = columns[column] ? columns[column][row] : null;
      if (value !== null && value !== "") line(table, say(SITE_LINES[column][0]), SITE_LINES[column][1](value));
    });
    if (columns.in_programme && columns.in_programme[row]) make("p", "eco-basis", say("map_in_programme"), box);
    if (columns.assumed && columns.assumed[row]) make("p", "eco-basis", say("map_assumed"), box);
    return box;
  }

  function householdCard(row) {
    const columns = data.households.columns;
    const box = head(columns.id[row], say("household"));
    gainBlock(box, columns.gain_yuan_mean[row], columns.gain_yuan_p10[row], columns.gain_yuan_p90[row], say("map_gain"));
    const table = make("table", "", null, box);
    line(table, say("map_persons"), count(columns.persons[row]));
    basis(box, columns.basis[row]);
    return box;
  }

  function placeTip(level, row, measure) {
    const columns = data.places[level].columns;
    const box = make("div", "eco-tip");
    make("b", "", columns.name[row], box);
    const is = status(columns, row);
    const value = is === "shown" ? columns[measure][row] : null;
    if (is !== "plain") make("span", "", value !== null ? yuan(value) : say(is === "hidden" ? "map_hidden" : "map_no_data"), box);
    return box;
  }

  return {
    LEVELS: LEVELS, SITES: SITES, LOSS: LOSS, say: say, make: make, short: short, between: between, status: status,
    placeKind: placeKind, placeTip: placeTip, placeCard: placeCard, siteCard: siteCard, householdCard: householdCard,
  };
}
