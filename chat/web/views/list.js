/**
 * A long list of which only what is in view is in the document. Rows may have any height: it is guessed until the row
 * has been drawn, then measured. Whatever changes, the row at the top of the view stays where it is; or the end does,
 * while the list is scrolled to its end.
 */

import { html, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "/html.js";
import { topsOf } from "/lib/tops.js";

const DRAWN = 900; // px drawn above and below the view
const SPARE = 350; // px of them that are left when rows are drawn anew
const AT_END = 40; // px from the end that still count as the end
const NEAR_START = 1200; // px from the start at which more is asked for
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

const Item = memo(({ row, draw }) => html`<li data-key=${row.key} class="row"><${draw} row=${row} /></li>`);

/**
 * `rows`: `[{ key, guess }]`; `draw` is the view of a `row`, which is a new object where it should look different.
 * `goal`: where to scroll to, once for each object: `{ key, at }` (how far down the view, 0 to 1), or `{ end: true }`.
 * `onStart()` is called near the start; `onEnd(whether)` as the end comes into view and leaves it.
 */
export function List({ rows, draw, goal, label, onStart, onEnd }) {
  const box = useRef();
  const content = useRef();
  const anchor = useRef({ end: true });
  const latest = useRef();
  const heights = useRef(new Map()).current;
  const [, redraw] = useState(0);
  const [range, setRange] = useState([Math.max(0, rows.length - 30), rows.length]);
  const heightOf = ({ key, guess }) => heights.get(key) ?? guess;
  const { top, rowAt, grow } = useMemo(() => topsOf(rows.map(heightOf)), [rows]);
  const indexes = useMemo(() => new Map(rows.map(({ key }, index) => [key, index])), [rows]);

  function onScroll() {
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    const end = scrollHeight - scrollTop - clientHeight < AT_END;
    const first = rowAt(scrollTop);
    anchor.current = { end, key: rows[first].key, delta: scrollTop - top(first) };
    onEnd(end);
    show();
  }

  /** Draw the rows that are in view. */
  function show() {
    const { scrollTop, clientHeight } = box.current;
    const around = (px) => [rowAt(scrollTop - px), rowAt(scrollTop + clientHeight + px) + 1];
    const [first, last] = around(SPARE);
    if (first < range[0] || last > range[1] || range[1] > rows.length) setRange(around(DRAWN));
    if (scrollTop < NEAR_START) onStart();
  }

  /** Put the view where its anchor is now. */
  function settle() {
    const { end, key, delta } = anchor.current;
    if (!end && !indexes.has(key)) return;
    const target = end ? box.current.scrollHeight : top(indexes.get(key)) + delta;
    if (Math.abs(box.current.scrollTop - target) > 1) box.current.scrollTop = target;
  }

  function measure() {
    let changed = false;
    for (const row of content.current.children) {
      const index = indexes.get(row.dataset.key);
      const { height } = row.getBoundingClientRect();
      const more = height - heightOf(rows[index]);
      if (Math.abs(more) < 0.5) continue;
      heights.set(row.dataset.key, height);
      grow(index, more);
      changed = true;
    }
    if (changed) redraw((count) => count + 1);
  }

  latest.current = () => box.current && (measure(), settle(), show());
  useLayoutEffect(() => {
    if (goal.end) anchor.current = { end: true };
    else if (indexes.has(goal.key)) anchor.current = { key: goal.key, delta: -goal.at * box.current.clientHeight };
  }, [goal]);
  useLayoutEffect(() => latest.current());
  useEffect(() => {
    const observer = new ResizeObserver(() => latest.current()); // pictures, the window, the keyboard of a phone
    observer.observe(box.current);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  /** The arrow keys go from message to message. */
  function walk(event) {
    const stops = [...content.current.querySelectorAll("[data-stop]")];
    const here = stops.findIndex((stop) => stop.contains(event.target));
    const next = here < 0 ? stops.at(-1) : stops[here + STEPS[event.key]];
    if (!next || !STEPS[event.key]) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  const [from, to] = range.map((index) => Math.min(index, rows.length));
  const drawn = rows.slice(from, to).map((row) => html`<${Item} key=${row.key} row=${row} draw=${draw} />`);
  const pad = { paddingTop: `${top(from)}px`, paddingBottom: `${top(rows.length) - top(to)}px` };
  return html`<div class="scroll" ref=${box} tabindex="0" role="region" aria-label=${label} onScroll=${onScroll} onKeyDown=${walk}>
    <div class="scroll__push"></div>
    <ol class="messages" ref=${content} style=${pad}>${drawn}</ol>
  </div>`;
}
