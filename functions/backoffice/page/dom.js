// The page is made of elements and text, never of HTML: what users wrote stays text.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element with these properties. The children are elements or text. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Sets what is only an attribute, such as aria-label. */
export function setAttributes(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    target.setAttribute(name, value);
  }
}

/** Shows a text in an element, or hides the element if there is none. */
export function showText(target, text) {
  target.hidden = !text;
  setText(target, text ?? "");
}

/** Sets the text of an element, and leaves an equal one alone, which a screen reader would repeat. */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/**
 * Makes the children of a parent those of the items, in their order. An element that stands for the
 * same key before and after is kept, and with it the focus.
 */
export function syncChildren(parent, items, keyOf, make, update) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const after = items.map((item) => {
    const key = keyOf(item);
    const child = before.get(key) ?? make(item);
    child.dataset.key = key;
    update(child, item);
    return child;
  });
  const kept = new Set(after);
  for (const child of before.values()) {
    if (!kept.has(child)) {
      child.remove();
    }
  }
  after.forEach((child, i) => {
    if (parent.children[i] !== child) {
      parent.insertBefore(child, parent.children[i] ?? null);
    }
  });
}
