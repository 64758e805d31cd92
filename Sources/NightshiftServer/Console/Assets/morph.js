// Makes one tree like another and touches only what is different, so that the reader keeps the focus, the selection, what
// is typed and what is open.
const kept = new Set(["open"]);

function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || null : null;
}

function alike(left, right) {
  return left.nodeType === right.nodeType && left.nodeName === right.nodeName && key(left) === key(right);
}

function copyAttributes(from, to) {
  const isMarked = to.classList.contains("is-marked");
  for (const { name } of [...to.attributes]) {
    if (!from.hasAttribute(name) && !kept.has(name) && name !== "aria-selected") to.removeAttribute(name);
  }
  for (const { name, value } of from.attributes) {
    if (to.getAttribute(name) !== value && !kept.has(name)) to.setAttribute(name, value);
  }
  if (isMarked) to.classList.add("is-marked");
}

function isEdited(element) {
  if (element.matches("input[type=checkbox], input[type=radio]")) return element.checked !== element.defaultChecked;
  return element.matches("input, textarea") && element.value !== element.defaultValue;
}

function morphNode(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  if (old.isEqualNode(next) || old.hasAttribute("data-keep")) return;
  // A form that somebody is filling in stays as it is.
  if (old.matches("form") && [...old.elements].some((field) => field === document.activeElement || isEdited(field))) return;
  if (old.matches("input, textarea, select") && (old === document.activeElement || isEdited(old))) return;
  copyAttributes(next, old);
  morphChildren(old, next);
}

function morphChildren(old, next) {
  const keyed = new Map();
  for (const child of old.children) if (key(child)) keyed.set(key(child), child);
  let place = old.firstChild;
  for (const wanted of [...next.childNodes]) {
    const found = key(wanted) ? keyed.get(key(wanted)) : place && !key(place) && alike(place, wanted) ? place : null;
    if (found && found.nodeName === wanted.nodeName) {
      if (found !== place) old.insertBefore(found, place);
      else place = place.nextSibling;
      keyed.delete(key(wanted));
      morphNode(found, wanted);
    } else {
      const fresh = document.importNode(wanted, true);
      if (fresh.nodeType === Node.ELEMENT_NODE && key(fresh)) fresh.classList.add("is-new");
      old.insertBefore(fresh, place);
    }
  }
  while (place) {
    const rest = place.nextSibling;
    place.remove();
    place = rest;
  }
}

export function morph(old, next) {
  copyAttributes(next, old);
  morphChildren(old, next);
}

/**
 * Like `morph`, for a list whose items are pressed: nothing moves under the pointer. Items stay where they are, what is gone
 * stays as a shadow that cannot be pressed, and what is new is left out.
 *
 * @returns {number} How many are new.
 */
export function morphInPlace(old, next) {
  copyAttributes(next, old);
  const wanted = new Map([...next.children].filter(key).map((child) => [key(child), child]));
  const items = [...old.children].filter(key);
  const fresh = wanted.size - items.filter((item) => wanted.has(key(item))).length;
  // A list that is cut drops one from its end for each that comes: those are not gone.
  let end = items.length;
  while (end > 0 && items.length - end < fresh && !wanted.has(key(items[end - 1]))) end -= 1;
  items.forEach((item, place) => {
    const found = wanted.get(key(item));
    const isGone = !found && place < end;
    item.classList.toggle("is-gone", isGone);
    item.inert = isGone;
    if (found) morphNode(item, found);
  });
  return fresh;
}
