/** Messages of conversations: loaded from the history, merged from everywhere, counted. */

import { requestPage } from "/lib/api.js";
import { conversationOf, patch, set, state } from "/lib/state.js";

const FIRST_PAGE = 60;
const NEXT_PAGE = 200;

/** Load the newest messages of a talk; the highest `rev` among them, or undefined where that failed. */
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
    return Math.max(0, ...messages.map((message) => message.rev ?? 0));
  } catch (error) {
    patch(conversation, { status: before ? "ready" : "failed", error: error.message });
    return undefined;
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
  const talks = { ...state.talks };
  const fresh = [];
  for (const conversation of new Set(messages.map(conversationOf))) {
    if (!talks[conversation]) continue;
    const talk = { ...talks[conversation] };
    const ours = messages.filter((message) => conversationOf(message) === conversation);
    if (talk.status !== "none") talk.messages = merged(talk.messages, ours.filter(within(talk)));
    for (const message of ours) if (noted(talk, message)) fresh.push(message);
    talks[conversation] = talk;
  }
  set({ talks });
  return fresh;
}

/** Keeps out what is older than the pages that are loaded: it comes with its own page. */
const within = ({ messages, older }) => (message) => !older || !message.seq || message.seq >= (messages[0]?.seq ?? 0);

/** Show a message as a talk's last one, if it is; whether it is a new one of somebody else. */
function noted(talk, message) {
  const last = talk.lastMessage;
  if (last && inOrder(last, message) > 0) return false;
  const isNew = last?._id !== message._id;
  if (!isNew && (message.rev ?? 0) < (last.rev ?? 0)) return false;
  talk.lastMessage = message;
  if (!isNew || message.senderId === state.me._id || message.deletedAt) return false;
  if (message.seq && message.seq <= (talk.cursors?.[state.me._id] ?? 0)) return false;
  talk.unread += 1;
  return true;
}

/** Take in how far somebody has read. */
export function receiveRead({ conversation, userId, seq }) {
  const talk = state.talks[conversation];
  if (!talk || seq <= (talk.cursors?.[userId] ?? 0)) return;
  const changes = { cursors: { ...talk.cursors, [userId]: seq } };
  if (userId === state.me._id) changes.unread = unreadAfter(seq, talk);
  patch(conversation, changes);
}

function unreadAfter(seq, { lastMessage, messages, unread }) {
  if (seq >= (lastMessage?.seq ?? 0)) return 0;
  const after = messages.filter((one) => one.seq > seq && one.senderId !== state.me._id && !one.deletedAt);
  return Math.min(unread, after.length || unread);
}
