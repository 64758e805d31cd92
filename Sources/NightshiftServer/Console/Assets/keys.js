// Shortcuts. None works while somebody types, and none decides anything by itself: they press the buttons of the page.
import { announce, toggleLive } from "./live.js";

let isGoing = false;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
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
  const row = document.activeElement?.closest("[data-row]") ?? marked() ?? (rows().length === 1 ? rows()[0] : null);
  const button = row?.querySelector(`[data-key-${name}]`);
  if (!button) return false;
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

// After a decision the page comes anew: whoever works by keyboard goes on with the next in the list.
const placeKey = "nightshift-place";

function rememberPlaces() {
  document.addEventListener("submit", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || !row.contains(document.activeElement) && row !== marked()) return;
    sessionStorage.setItem(placeKey, JSON.stringify({ path: location.pathname, index: rows().indexOf(row) }));
  });
  const kept = JSON.parse(sessionStorage.getItem(placeKey) ?? "null");
  sessionStorage.removeItem(placeKey);
  const all = rows();
  if (kept?.path === location.pathname && all.length > 0) mark(all[Math.min(all.length - 1, Math.max(0, kept.index))]);
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
  return target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
}

export function startKeys() {
  rememberPlaces();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) return;
    // A focused button answers to Space itself.
    if (event.key === " " && event.target.closest("button, summary")) return;
    if (isGoing) {
      isGoing = false;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const action = actions[event.key];
    if (action && action() !== false) event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-open]:not([data-open=palette])")) {
    button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
  }
}
