// Runs before anything is drawn, so that a page does not first appear in the other colours.
try {
  const theme = localStorage.getItem("nightshift.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing for us shows the system's colours.
}
document.documentElement.classList.add("scripted");
