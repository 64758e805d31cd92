// What forms have beyond what browsers do by themselves.

/** Boxes that choose all others of their form. */
function startChoosing() {
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-choose-all]");
    if (all) {
      for (const box of document.querySelectorAll(`input[name="${CSS.escape(all.dataset.chooseAll)}"]`)) box.checked = all.checked;
      for (const other of document.querySelectorAll("[data-choose-all]")) other.checked = all.checked;
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

/** Lists in a form: what is typed into an empty item adds it, and there is always room for one more. */
function startLists() {
  document.addEventListener("input", (event) => {
    const item = event.target.closest(".item");
    const box = item?.querySelector(":scope > .check > input[name^='p/']");
    if (box && box !== event.target) box.checked = true;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-item]");
    if (button) addItem(button);
  });
}

const mostItems = 50;

/** An empty item like the last one, with the next number in its names. */
function addItem(button) {
  const items = button.closest("fieldset").querySelectorAll(":scope > .item");
  const number = items.length;
  if (number === 0 || number >= mostItems) return;
  const last = items[number - 1];
  const added = last.cloneNode(true);
  const former = `${button.dataset.addItem}/${number - 1}`;
  const place = `${button.dataset.addItem}/${number}`;
  const moved = (text) => (text === former || text.startsWith(`${former}/`) ? place + text.slice(former.length) : text);
  for (const part of [added, ...added.querySelectorAll("*")]) {
    for (const name of ["name", "id", "for"]) {
      const text = part.getAttribute(name);
      if (text) part.setAttribute(name, text[0] + moved(text.slice(1)));
    }
    if (part.dataset.addItem !== undefined) part.dataset.addItem = moved(part.dataset.addItem);
    if (part.matches("input[type=checkbox]")) part.checked = part.defaultChecked;
    else if (part.matches("input, textarea")) part.value = part.defaultValue;
    else if (part.matches("option")) part.selected = part.defaultSelected;
    for (const text of part.childNodes) {
      if (text.nodeType === Node.TEXT_NODE && text.nodeValue.trim() === `${number}`) text.nodeValue = ` ${number + 1} `;
    }
  }
  last.after(added);
  added.querySelector("input:not([type=checkbox]), textarea, select")?.focus();
  if (number + 1 >= mostItems) button.remove();
}

export function startForms() {
  startLists();
  startDiffs();
  startChoosing();
  startSending();
  startFilters();
  startShortAddresses();
}
