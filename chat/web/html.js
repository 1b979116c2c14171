/** The view library in one place, and the helpers that many views need. */

import htm from "/vendor/htm.mjs";
import { useEffect, useState } from "/vendor/hooks.mjs";
import { h } from "/vendor/preact.mjs";

const PORTION = 100; // entries of a list that are rendered in one frame

export const html = htm.bind(h);
export { createContext, render } from "/vendor/preact.mjs";
export { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "/vendor/hooks.mjs";

/** The names that are truthy, as one class attribute: `classes("row", open && "row--open")`. */
export const classes = (...names) => names.filter(Boolean).join(" ");

/**
 * How many entries of a long list to render: a portion at once and another one in each frame that follows, so
 * that the page stays responsive.
 */
export function usePortions(total) {
  const [count, setCount] = useState(PORTION);
  useEffect(() => {
    if (count >= total) return undefined;
    const frame = requestAnimationFrame(() => setCount(count + PORTION));
    return () => cancelAnimationFrame(frame);
  }, [count, total]);
  return count;
}

/**
 * A view that is rendered again only if one of its properties changes: for the rows of long lists. Such a
 * view must get everything that it shows as a property.
 */
export function memo(view) {
  return function Memo() {
    this.shouldComponentUpdate = (next) => Object.keys(next).some((name) => next[name] !== this.props[name]);
    return html`<${view} ...${this.props} />`;
  };
}
