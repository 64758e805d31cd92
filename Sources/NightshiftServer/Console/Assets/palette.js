// Ctrl K: to any page, job, queue, kind or schedule.
const dialog = document.getElementById("palette");
const input = dialog?.querySelector("[data-palette-input]");
const list = dialog?.querySelector("[data-palette-list]");
let places = null;
let chosen = 0;

async function load() {
  if (places) return;
  places = [...document.querySelectorAll("nav.side a[data-go]")].map((link) => ({
    name: link.querySelector("span").textContent, path: link.getAttribute("href"), type: "page",
  }));
  show();
  try {
    const answer = await fetch("/console/places", { headers: { Accept: "application/json" } });
    if (answer.ok) places.push(...(await answer.json()).places);
  } catch {
    // The pages alone, then.
  }
  show();
}

function score(place, words) {
  const text = `${place.name} ${place.type}`.toLowerCase();
  let total = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return -1;
    total += at === 0 ? 0 : 1 + at / 100;
  }
  return total;
}

function found() {
  const text = input.value.trim();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = places
    .map((place) => ({ place, score: score(place, words) }))
    .filter((match) => match.score >= 0)
    .sort((left, right) => left.score - right.score)
    .map((match) => match.place);
  if (/^job_[0-9a-z]{13}$/i.test(text)) matches.unshift({ name: text, path: `/jobs/${text}`, type: "job" });
  else if (text) matches.push({ name: text, path: `/jobs?search=${encodeURIComponent(text)}`, type: "search jobs for" });
  return matches.slice(0, 12);
}

function show() {
  const matches = found();
  chosen = Math.min(chosen, Math.max(0, matches.length - 1));
  list.replaceChildren(...matches.map((place, index) => {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `place-${index}`;
    item.ariaSelected = String(index === chosen);
    const link = document.createElement("a");
    link.href = place.path;
    link.tabIndex = -1;
    const type = document.createElement("span");
    type.className = "muted";
    type.textContent = place.type;
    link.append(place.name, " ", type);
    item.append(link);
    return item;
  }));
  input.setAttribute("aria-activedescendant", matches.length ? `place-${chosen}` : "");
}

function open() {
  input.value = "";
  chosen = 0;
  dialog.showModal();
  input.focus();
  load().then(show);
}

export function startPalette() {
  if (!dialog) return;
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  for (const button of document.querySelectorAll("[data-open=palette]")) button.addEventListener("click", open);
  input.addEventListener("input", () => { chosen = 0; if (places) show(); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      chosen = (chosen + step + list.children.length) % Math.max(1, list.children.length);
      show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      list.children[chosen]?.querySelector("a").click();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
