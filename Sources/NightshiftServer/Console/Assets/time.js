// Keeps "3 min ago" true, in the words of the server; and shows exact times in the reader's own zone.
const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export function about(moment, now = Date.now()) {
  const seconds = (moment - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [count, unit] =
    size < 60 ? [size, "s"]
    : size < 3600 ? [size / 60, "min"]
    : size < 86400 * 2 ? [size / 3600, "h"]
    : size < 86400 * 60 ? [size / 86400, "d"]
    : [size / (86400 * 30.44), "mo"];
  const text = `${Math.floor(count)} ${unit}`;
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

function refresh() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[datetime]")) {
    const moment = Date.parse(element.dateTime);
    if (Number.isNaN(moment) || element.hasAttribute("data-exact")) continue;
    const text = about(moment, now);
    if (element.textContent !== text) element.textContent = text;
    if (!element.dataset.zoned) {
      element.dataset.zoned = "yes";
      element.title = `${zoned.format(moment)}\n${element.title}`;
    }
    const end = element.closest("[data-expires]");
    if (end) end.classList.toggle("is-urgent", moment - now < 15 * 60 * 1000);
  }
}

export function refreshTimes() {
  refresh();
  setInterval(refresh, 5000);
  document.addEventListener("nightshift:changed", refresh);
}
