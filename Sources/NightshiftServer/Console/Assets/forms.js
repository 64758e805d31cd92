// What forms have beyond what browsers do by themselves.

/** Boxes that choose all others of their form. */
function startChoosing() {
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-choose-all]");
    if (all) {
      for (const box of document.querySelectorAll(`input[name="${CSS.escape(all.dataset.chooseAll)}"]`)) box.checked = all.checked;
    }
    showCount();
  });
  document.addEventListener("nightshift:changed", showCount);
  showCount();
}

function showCount() {
  const count = document.querySelectorAll("[data-row] input[type=checkbox]:checked").length;
  for (const bar of document.querySelectorAll("[data-bulk]")) {
    bar.classList.toggle("is-open", count > 0);
    bar.querySelector("[data-bulk-count]").textContent = count === 0 ? "Choose jobs for an action" : `${count} chosen`;
  }
}

/** A form that is under way is not sent twice by a second tap. */
function startSending() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 3000);
  });
}

/** A list that is chosen from sends its form. */
function startFilters() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
  });
}

/** Empty filters do not go into the address. */
function startShortAddresses() {
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
}

/** While data are edited, what is different is shown below them: the server's own words, as they come before the yes. */
function startDiffs() {
  for (const form of document.querySelectorAll("form[data-live-diff]")) {
    const place = document.getElementById(form.dataset.liveDiff);
    let timer = null;
    let round = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const mine = ++round;
        const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (mine !== round) return;
        const found = page.querySelector("#review-result, .notice.bad");
        place.replaceChildren(...(found ? [document.importNode(found, true)] : []));
        place.firstElementChild?.removeAttribute("id");
      }, 400);
    });
  }
}

export function startForms() {
  startDiffs();
  startChoosing();
  startSending();
  startFilters();
  startShortAddresses();
}
