// The browser's time zone for pages that show times in it, and the next times of a schedule while it is typed.

/** Tells the server the browser's zone; a page that was made without it is made once more. */
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = document.querySelector("[data-viewer-zone]");
  if (!zone || !(zone.includes("/") || zone === "UTC")) return;
  const wanted = `nightshift_zone=${encodeURIComponent(zone)}`;
  if (document.cookie.split("; ").includes(wanted)) return;
  document.cookie = `${wanted}; Path=/; Max-Age=31536000; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  if (shown && shown.textContent !== zone && !new URLSearchParams(location.search).has("zone")) location.reload();
}

/** The form itself is sent for a preview: the server's own words and times, as the button without scripts shows them. */
function startPreview() {
  const form = document.querySelector("[data-schedule-form]");
  if (!form) return;
  const place = document.getElementById("schedule-preview");
  let timer = null;
  let round = 0;
  const look = async () => {
    const mine = ++round;
    const query = new URLSearchParams({ expression: form.expression.value, zone: form.zone.value || "UTC", count: "5" });
    if (!form.expression.value.trim()) return;
    const answer = await fetch(`/api/schedules/preview?${query}`, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (mine !== round) return;
    place.replaceChildren(...(answer.ok ? times(found) : [fault(words(found))]));
  };
  for (const name of ["expression", "zone"]) {
    form[name].addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => look().catch(() => {}), 300);
    });
  }
}

/** Another kind has another payload: its fields come from the server, and the rest of the form stays as it is. */
function startKind() {
  const form = document.querySelector("[data-schedule-form]");
  if (!form) return;
  let round = 0;
  form.kind.addEventListener("change", async () => {
    const mine = ++round;
    const body = new URLSearchParams(new FormData(form));
    body.set("verb", "preview");
    const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
    if (!answer || mine !== round) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.getElementById("schedule-payload");
    if (made && mine === round) document.getElementById("schedule-payload").replaceWith(document.importNode(made, true));
  });
}

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function times({ words, times }) {
  const here = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const rows = times.map(({ utc, local, note }) => {
    const mark = note ? [" ", element("span", "tag tag-warm", note.split(":")[0])] : [];
    return element("li", "", element("strong", "", local.replace("T", " ").slice(0, 16)),
      element("span", "muted", ` ${local.slice(19)} · here ${here.format(new Date(utc))}`), ...mark);
  });
  return [element("p", "lead", words), element("ol", "preview-times", ...rows)];
}

/** What is wrong, in words of the form and not of the request. */
function words({ errors, detail }) {
  const names = { expression: "When", zone: "Time zone" };
  return errors?.map((error) => `${names[error.parameter] ?? ""} ${error.detail}`.trim()).join("; ") ?? detail;
}

function fault(text) {
  return element("p", "fault", text ?? "This cannot be read.");
}

export function startSchedules() {
  tellZone();
  startPreview();
  startKind();
}
