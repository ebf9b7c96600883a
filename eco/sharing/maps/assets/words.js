"use strict";

// Words and numbers as people of one language write them. Data is only ever shown as text: make() sets textContent.
function ecoWords(data) {
  const place = data.lang === "zh" ? "zh-CN" : "en-GB";
  const one = new Intl.NumberFormat(place, { maximumFractionDigits: 1 });
  const two = new Intl.NumberFormat(place, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat(place, { maximumFractionDigits: 0 });
  const minus = (text) => text.replace("-", "\u2212");

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

  function button(name, text, parent, act) {
    const node = make("button", name, text, parent);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  }

  function short(value) {
    const wan = data.lang === "zh" && Math.abs(value) >= 1e5;
    return minus(wan ? one.format(value / 1e4) + say("map_wan") : whole.format(value));
  }

  function yuan(value) { return short(value) + " " + say("map_yuan"); }

  function count(value) { return minus(one.format(value)); }

  function percent(value) { return one.format(value * 100) + "%"; }

  // A number as its theme writes it, without its unit (the legend says it once).
  function bare(kind, value) {
    return { yuan: short, share: percent, ratio: (ratio) => two.format(ratio), mu: count }[kind](value);
  }

  function valued(kind, value) {
    return { yuan: yuan, share: percent, ratio: (ratio) => two.format(ratio), mu: (mu) => count(mu) + " " + say("map_mu") }[kind](value);
  }

  function between(low, high, write) { return (write || short)(low) + " – " + (write || short)(high); }

  return { say: say, make: make, button: button, short: short, yuan: yuan, count: count, percent: percent, bare: bare, valued: valued, between: between };
}
