"use strict";

// Stands first in the opened page: tells the door that somebody is there, and prints when asked.
(function () {
  const EVERY_MS = 2000;
  let told = 0;
  function alive() {
    if (Math.abs(Date.now() - told) < EVERY_MS) return;
    told = Date.now();
    parent.postMessage("eco-alive", "*");
  }
  ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "scroll"].forEach((name) =>
    addEventListener(name, alive, { capture: true, passive: true }));
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "p") {
      event.preventDefault();
      print();
    }
  });
  addEventListener("message", (event) => {
    if (event.source === parent && event.data === "eco-print") print();
  });
})();
