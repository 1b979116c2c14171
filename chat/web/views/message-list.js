/** The messages of the open conversation: loading, scrolling, reading. */

import { html, useEffect, useMemo, useRef, useState } from "/html.js";
import { markRead } from "/lib/actions.js";
import { isClosed, readUpTo, titleOf } from "/lib/conversations.js";
import { isLoaded, load, loadOlder } from "/lib/history.js";
import { rowsOf } from "/lib/rows.js";
import { set, state } from "/lib/state.js";
import { MessageRow } from "/views/message.js";
import { Empty, Icon, Skeleton } from "/views/ui.js";
import { VirtualList } from "/views/virtual-list.js";

const JUMP_PAGE = 1000; // messages a request, on the way to one far back
const POINTED_OUT_MS = 2000;
const LINE_AT = 0.25; // how far down the view the line "New" is put
const GOAL_AT = 0.35; // the same of a message that was asked for

/**
 * `waiting`: the entries of the queue for this conversation; `attentive`: whether the user can be looking.
 */
export function MessageList({ conversation, history, waiting, uploads, sentAt, goal, attentive, me, users }) {
  const { status, messages } = history;
  const { unread } = conversation;
  const today = new Date().toDateString();
  const rowsBefore = useRef(new Map());
  const view = useRef(null); // what is in view: { end, last }
  const opened = useRef(false); // whether the first position has been chosen
  const holding = useRef(false); // whether the line is held in view, because the user is not looking
  const [line, setLine] = useState(null); // the id of the message under the line "New"
  const [end, setEnd] = useState(true);
  const [position, setPosition] = useState({ end: true });
  const ready = isLoaded(history);
  const start = startOf(history);

  const rows = useMemo(() => {
    const before = rowsBefore.current;
    const rows = rowsOf({
      conversation,
      messages,
      start,
      waiting,
      uploads,
      line,
      goal: goal?.id,
      me,
      users,
      before,
    });
    rowsBefore.current = new Map(rows.map((row) => [row.key, row]));
    return rows;
  }, [
    conversation.cursors,
    conversation.room,
    messages,
    start,
    waiting,
    uploads,
    line,
    goal,
    me,
    users,
    today,
  ]);

  useEffect(() => {
    if (status === "none") load(conversation);
  }, [status]);

  useEffect(() => {
    if (!sentAt) return;
    setLine(null);
    scrollTo({ end: true });
  }, [sentAt]);

  // What comes while the user is not looking is put under the line "New", which stays in view.
  useEffect(() => {
    if (!ready) return;
    const isNew = ({ seq, senderId }) => seq > readUpTo(conversation, me._id) && senderId !== me._id;
    const first = unread && (!attentive || !opened.current) && messages.find(isNew);
    if (first) setLine(first._id);
    if (first && (!opened.current || view.current?.end || holding.current)) {
      scrollTo({ key: "line", at: LINE_AT });
      holding.current = true;
    }
    if (attentive) holding.current = false;
    opened.current = true;
  }, [ready, attentive, messages, unread]);

  useEffect(readWhatIsInView, [attentive, rows]);

  // A message was asked for: load until it is there.
  useEffect(() => {
    if (!goal || status !== "ready") return;
    const row = rows.find(({ message }) => message?._id === goal.id);
    if (row) {
      scrollTo({ key: row.key, at: GOAL_AT });
      setTimeout(() => state.goal === goal && set({ goal: null }), POINTED_OUT_MS);
    } else if (history.older) loadOlder(conversation, JUMP_PAGE);
  }, [goal, status]);

  function scrollTo(goal) {
    view.current = null; // until the list is there: what is in view on the way counts for nothing
    setPosition(goal);
  }

  function onView(current) {
    view.current = current;
    setEnd(current.end);
    readWhatIsInView();
  }

  function readWhatIsInView() {
    if (!attentive || !opened.current || !view.current) return;
    for (let index = Math.min(view.current.last, rows.length - 1); index >= 0; index--) {
      const seq = rows[index].message?.seq;
      if (seq) return markRead(conversation, seq);
    }
  }

  if (status === "failed" && !messages.length && !waiting.length) {
    return html`<${Empty} icon="cloud" title="Couldn't load messages">
      ${history.error}<br /><button class="button" onClick=${() => load(conversation)}>Try again</button>
    <//>`;
  }
  if (!ready && !waiting.length) return html`<${Skeleton} of="messages" />`;
  if (!messages.length && !waiting.length) {
    const hello = `Say hello ${conversation.room ? "in" : "to"} ${titleOf(conversation, users)}`;
    const title = isClosed(conversation, users) ? "No messages" : hello;
    return html`<${Empty} icon="wave" title=${title}>There are no messages yet.<//>`;
  }
  return html`<div class="history">
    <${VirtualList}
      rows=${rows}
      view=${MessageRow}
      goal=${position}
      follow=${attentive}
      label="Messages"
      onStart=${() => loadOlder(conversation)}
      onView=${onView}
    />
    ${
      !end &&
      html`<button type="button" class="latest" onClick=${() => scrollTo({ end: true })}>
        ${unread ? `${unread} new` : "Latest"}<${Icon} name="down" />
      </button>`
    }
  </div>`;
}

/** What is said above the first message that is loaded. */
function startOf({ older, error, status }) {
  if (older) return error ?? "Loading older messages …";
  return status === "ready" ? "Beginning of your conversation" : error;
}
