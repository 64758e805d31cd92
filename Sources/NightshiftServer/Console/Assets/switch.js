// The switch between the system's colours, light and dark.
const order = ["system", "light", "dark"];

function current() {
  return document.documentElement.dataset.theme ?? "system";
}

function apply(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("nightshift.theme");
    else localStorage.setItem("nightshift.theme", theme);
  } catch {
    // Then it holds for this page.
  }
}

export function startTheme() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    const show = () => {
      const text = `Colours: ${current()}`;
      button.querySelector("[data-theme-name]").textContent = text;
      button.title = text;
    };
    button.addEventListener("click", () => {
      apply(order[(order.indexOf(current()) + 1) % order.length]);
      show();
    });
    show();
  }
}
