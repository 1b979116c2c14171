/** Messages of conversations: loaded from the history, merged from everywhere, counted. */

import { requestPage } from "/lib/api.js";
import { conversationOf, patch, readTo, state } from "/lib/state.js";

const FIRST_PAGE = 60;
const NEXT_PAGE = 200;
const PATIENCE_MS = 5000; // before an older page that did not come is asked for again

/** Load the newest messages of a talk. */
export const load = (talk) => fetchPage(talk, FIRST_PAGE);

/** Load the messages before those that are there, if there are any. */
export async function loadOlder({ conversation }, limit = NEXT_PAGE) {
  const talk = state.talks[conversation];
  if (talk.older && talk.status === "ready") await fetchPage(talk, limit, talk.older);
}

async function fetchPage({ conversation, _id, members }, limit, before) {
  patch(conversation, { status: before ? "older" : "loading", error: null });
  const base = members ? `/api/rooms/${_id}/messages` : `/api/messages/${_id}`;
  try {
    const { messages, older } = await requestPage(`${base}?limit=${limit}${before ? `&before=${before}` : ""}`);
    let known = state.talks[conversation]?.messages ?? [];
    // What came through the socket meanwhile stays; what is before a newest page goes, for there may be a hole between.
    if (!before) known = known.filter((one) => messages.length && inOrder(one, messages[0]) >= 0);
    patch(conversation, { messages: merged(known, messages), older, status: "ready" });
  } catch (error) {
    patch(conversation, { status: before ? "older" : "failed", error: error.message });
    if (before) setTimeout(() => patch(conversation, { status: "ready" }), PATIENCE_MS);
  }
}

/** Both lists as one, in order, each message once and in its newest form. */
function merged(known, more) {
  const byId = new Map(known.map((message) => [message._id, message]));
  for (const message of more) {
    const old = byId.get(message._id);
    if (!old || (message.rev ?? 0) >= (old.rev ?? 0)) byId.set(message._id, message);
  }
  return [...byId.values()].sort(inOrder);
}

function inOrder(a, b) {
  if (a.seq && b.seq) return a.seq - b.seq;
  return a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt);
}

/** Take in new and changed messages of any conversations; those that are new to the user. */
export function receive(messages) {
  const fresh = [];
  for (const [conversation, ours] of Map.groupBy(messages, conversationOf)) {
    const talk = { ...state.talks[conversation] };
    if (!talk.conversation) continue; // somebody new
    if (talk.status !== "none") talk.messages = merged(talk.messages, ours.filter(within(talk)));
    fresh.push(...ours.filter((message) => noted(talk, message)));
    patch(conversation, talk);
  }
  return fresh;
}

/** Keeps out what is older than the pages that are loaded: it comes with its own page. */
const within = ({ messages, older }) => (message) => !older || !message.seq || message.seq >= (messages[0]?.seq ?? 0);

/** Show a message as a talk's last one, if it is, and count it; whether it is a new one of somebody else. */
function noted(talk, message) {
  const { lastMessage: last, listed, counted } = talk;
  const { seq, rev = 0, senderId, deletedAt, system } = message;
  const newer = last?._id === message._id ? rev >= (last.rev ?? 0) : !last || inOrder(last, message) < 0;
  if (newer) talk.lastMessage = message;
  talk.typing = { ...talk.typing, [senderId]: 0 };
  const old = counted.has(seq) || seq <= Math.max(listed, readTo(talk));
  if (old || senderId === state.me._id || deletedAt || system) return false;
  talk.counted = new Set(counted).add(seq); // what was missed comes after what is newer: a number tells, the order does not
  talk.unread += 1;
  return true;
}

/** Take in how far somebody has read. */
export function receiveRead({ conversation, userId, seq }) {
  const talk = state.talks[conversation];
  if (!talk || seq <= readTo(talk, userId)) return;
  const changes = { cursors: { ...talk.cursors, [userId]: seq } };
  if (userId === state.me._id && seq >= talk.listed) changes.unread = [...talk.counted].filter((one) => one > seq).length;
  patch(conversation, changes);
}
