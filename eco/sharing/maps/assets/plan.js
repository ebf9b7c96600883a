"use strict";

// What a plan gives to a place or a household, and what flowers for one more hive would bring at a place for hives.
function ecoPlan(app) {
  const { say, make, yuan, count, percent } = app.words, known = (value) => value !== undefined && !Number.isNaN(value);
  const GIVEN = [
    ["plan_hives", "map_plan_hives", "map_boxes"],
    ["plan_juncao_mu", "map_plan_juncao_mu", "map_mu"],
    ["plan_forest_mu", "map_plan_forest_mu", "map_mu"],
    ["plan_guard_posts", "map_plan_guard_posts", "map_posts"],
  ];

  function given(table, at) {
    GIVEN.filter(([column]) => at(column) > 0).forEach(([column, words, unit]) => app.cards.line(table, say(words), count(at(column)) + " " + say(unit)));
  }

  // The lines of a card; nothing where the map has no plan.
  function block(box, columns, row, heading) {
    const at = (name) => (columns[name] ? columns[name][row] : NaN);
    if (!columns.plan_cost_yuan) return;
    make("p", "eco-sub", heading, box);
    if (at("plan_shown") === 0) make("p", "eco-hidden", say("map_plan_hidden"), box);
    else if (!(at("plan_cost_yuan") > 0)) make("p", "eco-basis", say("map_plan_nothing"), box);
    const table = make("table", "", null, box);
    if (at("plan_cost_yuan") > 0) {
      app.cards.line(table, say("map_plan_cost"), yuan(at("plan_cost_yuan")));
      if (known(at("plan_households"))) app.cards.line(table, say("map_plan_given_to"), count(at("plan_households")));
      given(table, at);
    }
    if (known(at("plan_times_share"))) app.cards.line(table, say("map_plan_times"), percent(at("plan_times_share")));
  }

  // What flowers for one more hive would bring, as a sentence's end; empty where nobody can tell.
  function price(columns, row) {
    const money = columns.forage_yuan_per_hive, value = (money || columns.forage_persons_per_hive)[row];
    if (!known(value)) return say("map_unknown");
    return money ? yuan(value) : app.words.bare("ratio", value) + " " + say("map_persons_unit");
  }

  function yardCard(box, row) {
    const columns = app.read.sites.plan_yards.columns, table = make("table", "", null, box);
    const at = (name) => (columns[name] ? columns[name][row] : NaN);
    app.cards.line(table, say("map_plan_price"), price(columns, row));
    if (known(at("room_colonies"))) app.cards.line(table, say("map_plan_room"), count(at("room_colonies")) + " " + say("map_swarms"));
    given(table, at);
    return box;
  }

  return { block: block, yardCard: yardCard };
}
