// Shortcuts. None works while somebody types, and none decides anything by itself: they press the buttons of the page.
import { announce, toggleLive } from "./live.js";

let isGoing = false;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null && !row.inert);
const marked = () => document.querySelector("[data-row].is-marked");

function mark(row) {
  marked()?.classList.remove("is-marked");
  row.classList.add("is-marked");
  row.scrollIntoView({ block: "nearest" });
  const link = row.querySelector("[data-row-link], a");
  (link ?? row).focus({ preventScroll: true });
}

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const focused = document.activeElement?.closest("[data-row]");
  const place = all.indexOf(focused ?? marked());
  mark(all[place < 0 ? 0 : Math.min(all.length - 1, Math.max(0, place + step))]);
}

function press(name) {
  const row = document.activeElement?.closest("[data-row]") ?? marked() ?? document.querySelector("[data-row=alone]");
  const button = row?.querySelector(`[data-key-${name}]`);
  if (!button || row.inert) return false;
  // One key is soon pressed by mistake: what cannot be taken back takes it twice.
  if (button.hasAttribute("data-twice") && armed !== button) { arm(button, name); return true; }
  disarm();
  button.click();
  return true;
}

let armed = null;

function arm(button, key) {
  disarm();
  armed = button;
  button.dataset.armed = `${key} once more`;
  announce(`Press ${key} once more: ${button.textContent.trim()}. It cannot be taken back.`);
  setTimeout(() => { if (armed === button) disarm(); }, 4000);
}

function disarm() {
  armed?.removeAttribute("data-armed");
  armed = null;
}

// After a decision the page comes anew: whoever works by keyboard goes on with the one that came next in the list. If that
// one is gone nothing is marked, so that no key means a question that nobody has chosen.
const placeKey = "nightshift-place";
const nameOf = (row) => row?.id || row?.dataset.key || null;

function rememberPlaces() {
  document.addEventListener("submit", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || !row.contains(document.activeElement) && row !== marked()) return;
    const all = rows();
    const next = nameOf(all[all.indexOf(row) + 1]);
    if (next) sessionStorage.setItem(placeKey, JSON.stringify({ path: location.pathname, next }));
  });
  const kept = JSON.parse(sessionStorage.getItem(placeKey) ?? "null");
  sessionStorage.removeItem(placeKey);
  const row = kept?.path === location.pathname ? rows().find((row) => nameOf(row) === kept.next) : null;
  if (row) mark(row);
}

// A key that is held repeats, and goes on repeating on the page that comes of what it did. Only a fresh press acts: one
// that is no repeat, of a key that was let go of before, on a page that has stood for a moment.
const settling = 500;
const held = new Set();
const repeatable = new Set(["j", "k"]);
const deciding = new Set(["a", "x", "e"]);

function isFresh(event) {
  const key = event.key.toLowerCase();
  const wasHeld = held.has(key);
  held.add(key);
  if (repeatable.has(event.key)) return true;
  return !event.repeat && !wasHeld && !(deciding.has(event.key) && performance.now() < settling);
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => {
    const field = document.querySelector("[data-search]");
    field?.focus();
    field?.select();
    return Boolean(field);
  },
  "?": () => document.getElementById("shortcuts").showModal(),
  ".": () => document.querySelector("[data-live-toggle]") && toggleLive(),
  a: () => press("a"),
  x: () => press("x"),
  e: () => press("e"),
  g: () => {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
  },
  " ": () => {
    const box = (document.activeElement?.closest("[data-row]") ?? marked())?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  },
};

function isTyping(target) {
  // A box that is ticked takes no letters.
  const field = target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  return field || document.querySelector("dialog[open]");
}

export function startKeys() {
  rememberPlaces();
  document.addEventListener("keyup", (event) => held.delete(event.key.toLowerCase()));
  // Of a key that is let go of elsewhere nobody tells.
  addEventListener("blur", () => held.clear());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const mayAct = isFresh(event);
    if (isTyping(event.target)) return;
    // A focused button or box answers to Space itself.
    if (event.key === " " && event.target.closest("button, summary, input")) return;
    if (isGoing && mayAct) {
      isGoing = false;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const action = actions[event.key];
    if (!action) return;
    if (!mayAct) event.preventDefault();
    else if (action() !== false) event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-open]:not([data-open=palette])")) {
    button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
  }
}
