// Looks at a page as somebody who cannot see it, or cannot see it well: the faults that it finds, as texts.
(() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const where = (element) => {
    const text = (element.innerText || element.value || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.tagName.toLowerCase()}${element.id ? ` id=${element.id}` : ""}${element.className && element.className.length ? ` class=${element.className}` : ""}> “${text}”`;
  };

  // Names of what can be used.
  const named = (element) => {
    const by = (element.getAttribute("aria-labelledby") || "").split(/\s+/).map((id) => document.getElementById(id)?.textContent || "").join("");
    const label = [...(element.labels || [])].map((it) => it.textContent).join("");
    const image = [...element.querySelectorAll?.("img[alt], svg title") || []].map((it) => it.getAttribute("alt") || it.textContent).join("");
    return [by, element.getAttribute("aria-label"), label, element.textContent, image, element.title].some((it) => (it || "").trim());
  };
  for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]")) {
    if (!shown(element)) continue;
    const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
    const isNamed = isField
      ? element.labels?.length > 0 || element.getAttribute("aria-label") || element.getAttribute("aria-labelledby")
      : named(element);
    if (!isNamed) faults.push(`has no name: ${where(element)}`);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) faults.push(`has no alternative text: ${image.src}`);

  // The page's skeleton.
  if (!document.documentElement.lang) faults.push("the page does not say its language");
  if (document.querySelectorAll("main").length !== 1) faults.push("there is not exactly one main");
  if (document.querySelectorAll("h1").length !== 1) faults.push(`there are ${document.querySelectorAll("h1").length} h1`);
  const ids = new Map();
  for (const element of document.querySelectorAll("[id]")) ids.set(element.id, (ids.get(element.id) || 0) + 1);
  for (const [id, count] of ids) if (count > 1) faults.push(`the id ${id} is there ${count} times`);

  // Contrast (WCAG 2.2, 1.4.3). Colours come as the browser has worked them out, drawn on what lies below.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = "#000";
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((value, i) => value * top[3] + below[i] * (1 - top[3]));
  const ground = (element) => {
    const layers = [];
    for (let it = element; it; it = it.parentElement) {
      const style = getComputedStyle(it);
      if (style.backgroundImage !== "none" && it !== document.body) return null;
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.nodeValue.trim() || seen.has(element) || element.closest("svg, script, style, :disabled, .unseen") || !shown(element)) continue;
    seen.add(element);
    const below = ground(element);
    if (!below) continue;
    const style = getComputedStyle(element);
    const a = light(over(rgba(style.color), below));
    const b = light(below);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5) - 0.01) faults.push(`contrast ${ratio.toFixed(2)}: ${where(element)}`);
  }
  return [...new Set(faults)].slice(0, 20);
})();
