"use strict";

// Search by sign, by pinyin, by its initials or all mixed: 凤翔, fengxiang, fxz, feng翔, Fengxiang Town.
function ecoSearch(app) {
  const { say, make, button } = app.words, MOST = 8;
  const NOISE = /[\s'’.·-]+/g, KIND = /\s+(sub-?district|district|county|township|town|village|city|street)s?$/;
  const readings = {};
  let input = null, list = null, entries = null;

  Object.keys(app.data.pinyin || {}).forEach((syllable) => {
    const known = syllable.includes("v") ? [syllable, syllable.replace("v", "u"), syllable.replace("v", "yu")] : [syllable];
    Array.from(app.data.pinyin[syllable]).forEach((sign) => { readings[sign] = (readings[sign] || []).concat(known); });
  });

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();
  }

  // Whether the rest of what is asked can be read from this sign on: whole syllables, initials, a last one begun.
  function reads(signs, i, asked, k) {
    if (k === asked.length) return true;
    if (i === signs.length) return false;
    if (asked.startsWith(signs[i], k) && reads(signs, i + 1, asked, k + signs[i].length)) return true;
    const rest = asked.slice(k);
    return (readings[signs[i]] || []).some((syllable) => syllable.startsWith(rest)
      || (rest.startsWith(syllable) && reads(signs, i + 1, asked, k + syllable.length))
      || (rest[0] === syllable[0] && reads(signs, i + 1, asked, k + 1)));
  }

  function places() {
    if (entries) return entries;
    entries = [];
    app.cards.LEVELS.forEach((level, rank) => app.read.places[level].columns.name.forEach((name, row) => {
      entries.push({ level: level, row: row, rank: rank, name: name, signs: Array.from(plain(name).replace(NOISE, "")) });
    }));
    return entries;
  }

  // Places that match, best first: those that begin with it, then larger ones, then shorter names.
  function find(text) {
    const asked = plain(text).replace(KIND, "").replace(NOISE, "");
    if (!asked) return [];
    const found = [];
    places().forEach((entry) => {
      for (let from = 0; from < entry.signs.length; from++) {
        if (!reads(entry.signs, from, asked, 0)) continue;
        found.push([from > 0 ? 1 : 0, entry.rank, entry.signs.length, entry]);
        break;
      }
    });
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    return found.slice(0, MOST).map((one) => one[3]);
  }

  function shut() {
    if (list) list.hidden = true;
    if (input) input.setAttribute("aria-expanded", "false");
  }

  function choose(entry) {
    shut();
    app.select(entry.level, entry.row);
  }

  function suggest() {
    const found = find(input.value);
    list.textContent = "";
    list.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (!found.length) make("li", "eco-none", say("map_search_none"), list);
    found.forEach((entry) => {
      const choice = button("", entry.name, make("li", "", null, list), () => choose(entry));
      make("small", "", app.cards.placeKind(entry.level, entry.row).split(" · ")[1] || say(entry.level), choice);
    });
    app.tell(found.length ? found.length + " " + say("map_search_found") : say("map_search_none"));
  }

  function move(event) {
    const choices = Array.from(list.querySelectorAll("button")), at = choices.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && choices.length) choices[Math.min(choices.length - 1, at + 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (at === 0 ? input : choices[at - 1]).focus();
    else if (event.key === "Escape") { shut(); input.focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function box(parent) {
    const search = make("div", "eco-search", null, parent);
    search.setAttribute("role", "search");
    input = make("input", "", null, search);
    input.type = "search";
    input.placeholder = say("map_search");
    input.autocomplete = "off";
    input.setAttribute("aria-label", say("map_search"));
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", "eco-found");
    input.setAttribute("role", "combobox");
    list = make("ul", "", null, search);
    list.id = "eco-found";
    list.hidden = true;
    input.addEventListener("input", suggest);
    input.addEventListener("keydown", (event) => {
      const found = event.key === "Enter" ? find(input.value) : [];
      if (found.length) choose(found[0]);
    });
    search.addEventListener("keydown", move);
    search.addEventListener("focusout", (event) => { if (!search.contains(event.relatedTarget)) shut(); });
  }

  return { box: box, find: find, shut: shut, focus: () => input.focus() };
}
