/** The view library in one place, and the two helpers that many views need. */

import htm from "/vendor/htm.mjs";
import { h } from "/vendor/preact.mjs";

export const html = htm.bind(h);
export { render } from "/vendor/preact.mjs";
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "/vendor/hooks.mjs";

/** The names that are truthy, as one class attribute: `classes("row", open && "row--open")`. */
export const classes = (...names) => names.filter(Boolean).join(" ");

/** `draw`, called once for each object: what is still the same object is not drawn again. */
export function once(draw) {
  const drawn = new WeakMap();
  return (item) => drawn.get(item) ?? drawn.set(item, draw(item)).get(item);
}
