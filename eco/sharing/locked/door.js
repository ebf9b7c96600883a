"use strict";

// The door of a locked page: nothing of what is inside exists here until the passphrase has opened it.
(function () {
  const FORM = ["eco-locked", "1", "AES-256-GCM", "PBKDF2-HMAC-SHA256", "600000", "gzip"];
  const IDLE_MS = 15 * 60 * 1000, LOOK_MS = 5000;
  const at = (name) => document.getElementById("locked-" + name);
  const signs = new TextEncoder();
  let frame = null, seen = 0;

  function show(name) {
    document.querySelectorAll(".locked-fault").forEach((said) => { said.hidden = said.id !== "locked-fault-" + name; });
    ["busy", "shut", "idle"].forEach((state) => { at(state).hidden = state !== name; });
  }

  function able() {
    return typeof crypto === "object" && Boolean(crypto.subtle) && typeof DecompressionStream === "function" &&
      typeof TextDecoder === "function" && "srcdoc" in HTMLIFrameElement.prototype;
  }

  // What the passphrase is, however it was typed: its letters, nothing else.
  function letters(typed) {
    return typed.normalize("NFKD").toLowerCase().replace(/[^a-z]/g, "");
  }

  function bytes(text) {
    return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  }

  // The box as it was written: a changed sign in it is found before anybody types.
  async function box() {
    const { header, text, sha256 } = JSON.parse(at("box").textContent);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", signs.encode(header + "\n" + text)));
    if (btoa(String.fromCharCode(...digest)) !== sha256) throw new Error("changed");
    const parts = header.split(" ");
    if (parts.length !== 8 || FORM.some((part, place) => part !== parts[place])) throw new Error("another form");
    return { header: header, text: text, rounds: Number(parts[4]), salt: bytes(parts[6]), nonce: bytes(parts[7]) };
  }

  async function unlocked(held, typed) {
    const raw = await crypto.subtle.importKey("raw", signs.encode(letters(typed)), "PBKDF2", false, ["deriveKey"]);
    const recipe = { name: "PBKDF2", hash: "SHA-256", salt: held.salt, iterations: held.rounds };
    const key = await crypto.subtle.deriveKey(recipe, raw, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const cipher = { name: "AES-GCM", iv: held.nonce, additionalData: signs.encode(held.header), tagLength: 128 };
    return crypto.subtle.decrypt(cipher, key, bytes(held.text));
  }

  async function unpacked(packed) {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const whole = await new Response(stream).arrayBuffer();
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole);
  }

  function enter(page) {
    const pulse = "<script>" + at("pulse").textContent + "</" + "script>";
    frame = document.createElement("iframe");
    // An origin of its own: it can run and print, and reach neither this page nor any other.
    frame.setAttribute("sandbox", "allow-scripts allow-modals");
    frame.title = at("place").dataset.title;
    frame.srcdoc = page.replace("<head>", () => "<head>" + pulse);
    at("place").append(frame);
    at("word").value = "";
    at("door").hidden = true;
    at("room").hidden = false;
    seen = Date.now();
    frame.focus();
  }

  function lock(why) {
    if (!frame) return;
    frame.remove();
    frame = null;
    at("word").value = "";
    at("room").hidden = true;
    at("door").hidden = false;
    show(why);
    at("word").focus();
  }

  async function open(held) {
    if (at("open").disabled) return;
    at("open").disabled = true;
    show("busy");
    let packed = null;
    try {
      packed = await unlocked(held, at("word").value);
      show("");
    } catch (_) {
      show("wrong");
      at("word").select();
    }
    try {
      if (packed) enter(await unpacked(packed));
    } catch (_) {
      show("damaged");
    }
    at("open").disabled = false;
  }

  function printInside() {
    if (frame) frame.contentWindow.postMessage("eco-print", "*");
  }

  function watch() {
    const alive = () => { seen = Date.now(); };
    const look = () => { if (Math.abs(Date.now() - seen) >= IDLE_MS) lock("idle"); };
    ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"].forEach((name) => addEventListener(name, alive, { passive: true }));
    addEventListener("message", (event) => {
      if (frame && event.source === frame.contentWindow && event.data === "eco-alive") alive();
    });
    // Timers stand still while a computer sleeps: the clock is read again when it wakes.
    setInterval(look, LOOK_MS);
    document.addEventListener("visibilitychange", look);
    addEventListener("pagehide", () => lock("shut"));
  }

  function answer(held) {
    at("form").hidden = false;
    at("open").addEventListener("click", () => open(held));
    at("word").addEventListener("keydown", (event) => { if (event.key === "Enter") open(held); });
    at("seen").addEventListener("change", () => { at("word").type = at("seen").checked ? "text" : "password"; });
    at("lock").addEventListener("click", () => lock("shut"));
    at("print").addEventListener("click", printInside);
    addEventListener("keydown", (event) => {
      if (frame && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "p") {
        event.preventDefault();
        printInside();
      }
    });
    watch();
    at("word").focus();
  }

  document.addEventListener("DOMContentLoaded", async () => {
    show(able() ? "" : "browser");
    if (!able()) return;
    let held = null;
    try {
      held = await box();
    } catch (_) {
      show("damaged");
    }
    if (held) answer(held);
  });
})();
