// Copies what is shown once.
export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      // Without TLS browsers give no access to the clipboard: then it is chosen, and Ctrl C copies it.
      getSelection().selectAllChildren(source);
      button.textContent = "Press Ctrl C";
    }
  });
}
