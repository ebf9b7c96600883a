"use strict";

// The flows of a place: yuan a year with their interval, where the register books them, once or again, the worst grade.
function ecoFlows(app) {
  const { say, make, yuan, between } = app.words;

  function table(box, level, row) {
    const flows = app.read.flows[level];
    if (!flows || flows.first[row] === flows.first[row + 1]) return;
    make("p", "eco-sub", say("map_flows") + " · " + app.data.year, box);
    if (app.state.frame >= 0 && !app.state.compare) make("p", "eco-fine", say("map_flows_base"), box);
    const list = make("ul", "eco-flows", null, box), mean = flows.columns.yuan_mean;
    const rows = Array.from({ length: flows.first[row + 1] - flows.first[row] }, (_, i) => flows.first[row] + i)
      .filter((at) => !Number.isNaN(mean[at])).sort((a, b) => Math.abs(mean[b]) - Math.abs(mean[a]));
    rows.forEach((at) => {
      const kind = flows.kinds[flows.kind[at]], item = make("li", "", null, list);
      const mark = make("i", "eco-dot", null, item);
      mark.style.background = app.colours.SITES[kind.livelihood] || "#6b7080";
      make("span", "eco-flow-name", kind.label, item);
      make("span", "eco-flow-yuan", yuan(mean[at]), item);
      const facts = [say("map_class_" + kind.income_class), say(kind.recurrent ? "map_recurrent" : "map_one_off")];
      if (flows.columns.grade[at]) facts.push(say("map_grade") + " " + flows.columns.grade[at]);
      make("small", "eco-flow-facts", facts.join(" · "), item);
      make("small", "eco-flow-range", "P10–P90  " + between(flows.columns.yuan_p10[at], flows.columns.yuan_p90[at]), item);
    });
    make("p", "eco-fine", say("map_grades_why"), box);
    if ((app.data.sources || []).length) app.words.button("eco-link", say("map_sources_see"), box, () => app.showSources());
  }

  return { table: table };
}
