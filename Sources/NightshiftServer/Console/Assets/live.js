// Keeps parts of a page as the server would show them now. A part says by `data-live` which events concern it; when one
// comes, the page is fetched once more and what is different is put in place.
import { morph, morphInPlace } from "./morph.js";

const pause = 1000;
let source = null;
let timer = null;
let last = 0;
let isBusy = false;
let isStopped = false;
let isDirty = false;

const parts = () => document.querySelectorAll("[data-live]");

function wanted() {
  const types = new Set(["checkpoint"]);
  for (const part of parts()) for (const type of part.dataset.live.split(" ")) if (type) types.add(type);
  return types;
}

function address() {
  const narrowing = document.querySelector("[data-live-job]");
  return narrowing ? `/api/jobs/${narrowing.dataset.liveJob}/events` : "/api/events";
}

export function announce(text) {
  const place = document.querySelector("[data-announcer]");
  if (place) place.textContent = text;
}

async function refreshBadge() {
  const answer = await fetch("/console/waiting", { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { waiting } = await answer.json();
  for (const badge of document.querySelectorAll("[data-badge]")) {
    badge.hidden = waiting === 0;
    badge.querySelector("[data-badge-count]").textContent = waiting > 99 ? "99+" : String(waiting);
  }
  document.title = document.title.replace(/^(\(\d+\+?\) )?/, waiting > 0 ? `(${waiting > 99 ? "99+" : waiting}) ` : "");
}

/** New items of a list that keeps still come when they are asked for. */
function offer(part, count) {
  const place = document.querySelector(`[data-arrived="${CSS.escape(part.id)}"]`);
  if (!place) return;
  const button = place.querySelector("button");
  const [one, many] = part.dataset.steady.split("|");
  const text = `${count} new ${count === 1 ? one : many} – show`;
  if (count > 0 && (place.hidden || button.textContent !== text)) announce(text);
  button.textContent = text;
  place.hidden = count === 0;
  button.onclick = async () => {
    place.hidden = true;
    await refresh(new Set(part.dataset.live.split(" ")), true);
    part.scrollIntoView({ block: "start" });
    (part.querySelector(".is-new a") ?? part.querySelector("a"))?.focus({ preventScroll: true });
  };
}

async function refresh(types, isAsked = false) {
  if (isBusy) { isDirty = true; return; }
  isBusy = true;
  last = Date.now();
  try {
    if (types.has("checkpoint")) await refreshBadge();
    const concerned = [...parts()].filter((part) => part.dataset.live.split(" ").some((type) => types.has(type)));
    if (concerned.length === 0) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of concerned) {
      const next = page.getElementById(part.id);
      if (!next) continue;
      const before = Number(part.dataset.count ?? 0);
      // Whoever reads further up is not carried away; whoever is at the end stays there.
      const isAtEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 40;
      if (part.hasAttribute("data-steady") && part.querySelector("[data-row]") && !isAsked) {
        offer(part, morphInPlace(part, next));
        continue;
      }
      morph(part, next);
      if (part.hasAttribute("data-steady")) offer(part, 0);
      if (part.hasAttribute("data-tail") && isAtEnd) part.scrollTop = part.scrollHeight;
      const more = Number(part.dataset.count ?? 0) - before;
      if (more > 0 && part.dataset.liveName) announce(`${more} new: ${part.dataset.liveName}`);
    }
    document.dispatchEvent(new CustomEvent("nightshift:changed"));
  } catch {
    // The connection is gone for a moment; the stream says when it is back.
  } finally {
    isBusy = false;
    if (isDirty) { isDirty = false; plan(new Set(["state", "checkpoint", "progress", "log"])); }
  }
}

const waitingTypes = new Set();

function plan(types) {
  for (const type of types) waitingTypes.add(type);
  if (timer !== null || isStopped) return;
  timer = setTimeout(() => {
    timer = null;
    const all = new Set(waitingTypes);
    waitingTypes.clear();
    refresh(all);
  }, Math.max(50, pause - (Date.now() - last)));
}

function showStatus(word) {
  for (const place of document.querySelectorAll("[data-live-status]")) {
    place.textContent = word;
    place.dataset.liveStatus = word;
  }
}

function open() {
  // A hidden tab listens to nothing: browsers allow six connections to a server, over all tabs.
  if (source || isStopped || document.hidden) return;
  const types = wanted();
  source = new EventSource(address());
  source.addEventListener("open", () => showStatus("live"));
  source.addEventListener("error", () => showStatus("connecting…"));
  for (const type of types) {
    source.addEventListener(type, (event) => {
      document.dispatchEvent(new CustomEvent("nightshift:event", { detail: { type, data: JSON.parse(event.data) } }));
      plan(new Set([type]));
    });
  }
  source.addEventListener("reset", () => plan(types));
  // The job is over, and its stream with it.
  source.addEventListener("end", () => { plan(types); source?.close(); showStatus("over"); });
}

function close() {
  source?.close();
  source = null;
  showStatus(isStopped ? "paused" : "asleep");
}

export function toggleLive() {
  isStopped = !isStopped;
  for (const button of document.querySelectorAll("[data-live-toggle]")) {
    button.setAttribute("aria-pressed", String(isStopped));
    button.textContent = isStopped ? "Go on" : "Pause";
  }
  if (isStopped) close();
  else { open(); plan(wanted()); }
}

export function startLive() {
  for (const button of document.querySelectorAll("[data-live-toggle]")) button.addEventListener("click", toggleLive);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    open();
    plan(wanted());
  });
  addEventListener("pagehide", close);
  // What no event tells of is looked at again, for as long as the page says so.
  setInterval(() => {
    if (!document.hidden && !isStopped && document.querySelector("[data-again]")) plan(new Set(["state"]));
  }, 1000);
  for (const tail of document.querySelectorAll("[data-tail]")) tail.scrollTop = tail.scrollHeight;
  open();
}
