/** The messages of the open conversation: loading, scrolling, reading. */

import { html, useEffect, useMemo, useRef, useState } from "/html.js";
import { markRead } from "/lib/actions.js";
import { isWatching } from "/lib/attention.js";
import { rowsOf } from "/lib/rows.js";
import { patch, readTo, set, state, titleOf } from "/lib/state.js";
import { load, loadOlder } from "/lib/threads.js";
import { List } from "/views/list.js";
import { Row } from "/views/message.js";
import { Empty, Icon, Skeleton } from "/views/ui.js";

const JUMP_PAGE = 1000; // messages a request, on the way to one far back
const GLOW_MS = 2000;

export function Thread({ talk }) {
  const { conversation, status, messages, unread } = talk;
  const { me, goal: wanted } = state;
  const queue = state.queue.filter((entry) => entry.conversation === conversation);
  const today = new Date().toDateString();
  const before = useRef(new Map());
  const placed = useRef(false);
  const [end, setEnd] = useState(true);
  const [goal, setGoal] = useState({ end: true });
  const watching = end && isWatching(conversation);
  const ready = messages.length > 0 || ["ready", "older"].includes(status);

  const rows = useMemo(() => {
    const rows = rowsOf({ talk, queue, me: me._id, goal: wanted?.id, before: before.current });
    before.current = new Map(rows.map((row) => [row.key, row]));
    return rows;
  }, [talk, state.queue, wanted, today]);

  useEffect(() => {
    patch(conversation, { line: null }); // of an earlier visit
    if (!ready) load(talk); // else it is there, and `sync` keeps it complete
  }, []);
  useEffect(() => setGoal({ end: true }), [talk.sentAt]);

  // What came while nobody looked is under the line; what is looked at is read.
  useEffect(() => {
    if (!ready) return;
    const unseen = ({ seq, senderId }) => seq > readTo(talk) && senderId !== me._id;
    const first = unread && (!watching || !placed.current) && messages.find(unseen);
    if (first && talk.line !== first._id) patch(conversation, { line: first._id });
    if (first && !placed.current) setGoal({ key: "line", at: 0.25 });
    if (watching) markRead(talk);
    placed.current = true;
  }, [ready, watching, messages, unread]);

  // Somebody wants to see one message: load until it is there.
  useEffect(() => {
    if (!wanted || status !== "ready") return;
    const row = rows.find(({ message }) => message?._id === wanted.id);
    if (row) {
      setGoal({ key: row.key, at: 0.35 });
      setTimeout(() => state.goal === wanted && set({ goal: null }), GLOW_MS);
    } else if (talk.older) loadOlder(talk, JUMP_PAGE);
  }, [wanted, status]);

  if (status === "failed" && !messages.length) {
    return html`<${Empty} icon="cloud" title="Not loaded">
      ${talk.error}<br /><button class="button" onClick=${() => load(talk)}>Try again</button>
    <//>`;
  }
  if (!ready) return html`<${Skeleton} of="messages" />`;
  if (!messages.length && !queue.length) {
    return html`<${Empty} icon="wave" title=${`Say hello to ${titleOf(talk)}`}>Nothing has been written here yet.<//>`;
  }
  return html`<div class="thread">
    <${List} rows=${rows} draw=${Row} goal=${goal} label="Messages" onStart=${() => loadOlder(talk)} onEnd=${setEnd} />
    ${!end && html`<button type="button" class="latest" onClick=${() => setGoal({ end: true })}>
      ${unread ? `${unread} new` : "Latest"}<${Icon} name="down" />
    </button>`}
  </div>`;
}
