// Makes an element's content equal to new markup with as few changes as possible: what did not change stays the same
// node, so that focus, selection and scrolling survive. Children with `data-key` are matched by it, others by place.

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined;
}

function sameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function attributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function node(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  attributes(from, to);
  children(from, to);
}

function children(from, to) {
  const keyed = new Map();
  for (const child of from.childNodes) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  const wantedKeys = new Set([...to.childNodes].map(keyOf));
  for (const [key, child] of keyed) {
    if (!wantedKeys.has(key)) child.remove();
  }
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = keyOf(wanted);
    let found = key === undefined ? place : keyed.get(key);
    if (found && !sameKind(found, wanted)) found = undefined;
    // What has no key makes room for what has one: the other way round it would be moved, and lose the focus.
    while (found && key !== undefined && place !== found && place && keyOf(place) === undefined) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
    if (!found) {
      from.insertBefore(wanted, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else from.insertBefore(found, place);
    node(found, wanted);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

export function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const focused = document.activeElement;
  children(element, template.content);
  if (focused !== document.activeElement && element.contains(focused)) focused.focus({ preventScroll: true });
}
