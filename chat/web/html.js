/** The view library in one place, and the two helpers that many views need. */

import htm from "/vendor/htm.mjs";
import { h } from "/vendor/preact.mjs";

export const html = htm.bind(h);
export { render } from "/vendor/preact.mjs";
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "/vendor/hooks.mjs";

/** The names that are truthy, as one class attribute: `classes("row", open && "row--open")`. */
export const classes = (...names) => names.filter(Boolean).join(" ");

/** A view that is drawn again only where one of its properties is another one than before: for the rows of long lists. */
export function memo(view) {
  return function Memo() {
    this.shouldComponentUpdate = (next) => Object.keys(next).some((name) => next[name] !== this.props[name]);
    return html`<${view} ...${this.props} />`;
  };
}
