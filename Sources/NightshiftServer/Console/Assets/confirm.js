// Asks before what cannot be taken back. Without scripts the server asks the same, on a page of its own.
const dialog = document.getElementById("confirm");
const asked = new WeakSet();

function ask(form, button) {
  dialog.querySelector("[data-confirm-text]").textContent = button.dataset.confirm;
  const yes = dialog.querySelector("[data-confirm-yes]");
  yes.textContent = button.textContent.trim();
  yes.onclick = () => {
    dialog.close();
    asked.add(form);
    const said = document.createElement("input");
    said.type = "hidden";
    said.name = "confirmed";
    said.value = "yes";
    form.append(said);
    form.requestSubmit(button);
    // A form that is refused or left may be sent once more, and is asked about again.
    said.remove();
    asked.delete(form);
  };
  dialog.addEventListener("close", () => button.focus(), { once: true });
  dialog.showModal();
  dialog.querySelector("[data-confirm-no]").focus();
}

export function startConfirming() {
  if (!dialog) return;
  // Before all others that listen: for them nothing is sent yet.
  addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.dataset.confirm || asked.has(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(event.target, button);
  }, { capture: true });
  dialog.querySelector("[data-confirm-no]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
