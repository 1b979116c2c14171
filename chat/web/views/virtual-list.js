/**
 * A long list of which only what is in view is in the document. Rows may have any height: it is guessed until the row has
 * been rendered, then measured. Whatever changes, the row at the top of the view stays where it is; or the end does, if
 * the list is scrolled to its end and `follow` is set.
 */

import { html, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "/html.js";
import { rowOffsets } from "/lib/row-offsets.js";

const RENDERED = 900; // px that are rendered above and below the view
const SPARE = 350; // px of them that are left when more is rendered
const AT_END = 40; // px from the end that still count as the end
const IN_VIEW = 8; // px of a row that may be out of view for it to count as seen
const NEAR_START = 1200; // px from the start at which more is asked for
const FIRST_ROWS = 30; // rows that are rendered before anything has been measured
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

const Item = memo(({ row, view }) => html`<li data-key=${row.key} class="row"><${view} row=${row} /></li>`);

/**
 * - `rows`: `[{ key, guess }]`; `view` renders a `row`, which is a new object if it should look different.
 * - `goal`: where to scroll to, once for each object: `{ key, at }` (how far down the view, 0 to 1), or `{ end: true }`.
 * - `onStart()` is called near the start.
 * - `onView({ end, last })` is called after each layout and while scrolling: whether the end is in view, and the index of
 *   the last row that is.
 */
export function VirtualList({ rows, view, goal, follow, label, onStart, onView }) {
  const box = useRef();
  const content = useRef();
  const anchor = useRef({ end: true });
  const latest = useRef();
  const heights = useRef(new Map()).current;
  const [, renderAgain] = useState(0);
  const [range, setRange] = useState([Math.max(0, rows.length - FIRST_ROWS), rows.length]);
  const heightOf = ({ key, guess }) => heights.get(key) ?? guess;
  const { offset, rowAt, grow } = useMemo(() => rowOffsets(rows.map(heightOf)), [rows]);
  const indexes = useMemo(() => new Map(rows.map(({ key }, index) => [key, index])), [rows]);

  /** Note what is in view, to hold it there. */
  function look() {
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    const end = scrollHeight - scrollTop - clientHeight < AT_END;
    const first = rowAt(scrollTop);
    anchor.current = { end, key: rows[first].key, delta: scrollTop - offset(first) };
    const bottom = scrollTop + clientHeight;
    const lowest = rowAt(bottom);
    const cut = offset(lowest + 1) > bottom + IN_VIEW && offset(lowest) > scrollTop;
    onView({ end, last: end ? rows.length - 1 : lowest - Number(cut) });
  }

  /** Render the rows that are in view: whether there is something to render. */
  function show() {
    const { scrollTop, clientHeight } = box.current;
    const around = (px) => [rowAt(scrollTop - px), rowAt(scrollTop + clientHeight + px) + 1];
    const [first, last] = around(SPARE);
    const missing = first < range[0] || last > range[1] || range[1] > rows.length;
    if (missing) setRange(around(RENDERED));
    if (scrollTop < NEAR_START) onStart();
    return missing;
  }

  /** Scroll to where the anchor is now. */
  function settle() {
    const { end, key, delta } = anchor.current;
    const stick = end && (follow || !key);
    if (!stick && !indexes.has(key)) return;
    const target = stick ? box.current.scrollHeight : offset(indexes.get(key)) + delta;
    if (Math.abs(box.current.scrollTop - target) > 1) box.current.scrollTop = target;
  }

  /** Measure the rows that are rendered: whether any has another height than was known. */
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
    return changed;
  }

  latest.current = () => {
    if (!box.current) return;
    const measured = measure();
    settle();
    const rendering = show();
    if (measured) renderAgain((count) => count + 1);
    if (!measured && !rendering) look();
  };
  const onScroll = () => {
    look();
    show();
  };

  useLayoutEffect(() => {
    if (goal.end) anchor.current = { end: true };
    else if (indexes.has(goal.key))
      anchor.current = { key: goal.key, delta: -goal.at * box.current.clientHeight };
  }, [goal]);
  useLayoutEffect(() => latest.current());
  useEffect(() => {
    const observer = new ResizeObserver(() => latest.current()); // pictures, the window, the keyboard of a phone
    observer.observe(box.current);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  /** The arrow keys go from row to row. */
  function onKeyDown(event) {
    const stops = [...content.current.querySelectorAll("[data-stop]")];
    const here = stops.findIndex((stop) => stop.contains(event.target));
    const next = here < 0 ? stops.at(-1) : stops[here + STEPS[event.key]];
    if (!next || !STEPS[event.key]) return;
    event.preventDefault();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  const [from, to] = range.map((index) => Math.min(index, rows.length));
  const padding = { paddingTop: `${offset(from)}px`, paddingBottom: `${offset(rows.length) - offset(to)}px` };
  return html`<div
    class="scroll"
    ref=${box}
    tabindex="0"
    role="region"
    aria-label=${label}
    onScroll=${onScroll}
    onKeyDown=${onKeyDown}
  >
    <div class="scroll__push"></div>
    <ol class="messages" ref=${content} style=${padding}>
      ${rows.slice(from, to).map((row) => html`<${Item} key=${row.key} row=${row} view=${view} />`)}
    </ol>
  </div>`;
}
