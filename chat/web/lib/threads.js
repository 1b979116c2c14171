/** Messages of conversations: loaded from the history, merged from everywhere, counted. */

import { requestPage } from "/lib/api.js";
import { conversationOf, entryOf, patch, set, state } from "/lib/state.js";

const FIRST_PAGE = 60;
const NEXT_PAGE = 200;
const EMPTY = { messages: [], older: undefined, status: "none", error: null, line: null };

export const threadOf = (conversation) => state.threads[conversation] ?? EMPTY;

/** Load the newest messages of an open conversation `{kind, id, conversation}`; the highest `rev` among them. */
export async function load({ kind, id, conversation }) {
  return fetchPage(conversation, kind, id, FIRST_PAGE);
}

/** Load the messages before those that are there, if there are any. */
export async function loadOlder({ kind, id, conversation }, limit = NEXT_PAGE) {
  const { older, status } = threadOf(conversation);
  if (older && status === "ready") await fetchPage(conversation, kind, id, limit, older);
}

async function fetchPage(conversation, kind, id, limit, before) {
  patch("threads", conversation, { ...threadOf(conversation), status: before ? "older" : "loading", error: null });
  const base = kind === "rooms" ? `/api/rooms/${id}/messages` : `/api/messages/${id}`;
  try {
    const { messages, older } = await requestPage(`${base}?limit=${limit}${before ? `&before=${before}` : ""}`);
    let known = threadOf(conversation).messages;
    // What came through the socket meanwhile stays; what is before a newest page goes, for there may be a hole between.
    if (!before) known = known.filter((one) => messages.length && inOrder(one, messages[0]) >= 0);
    patch("threads", conversation, { messages: merged(known, messages), older, status: "ready" });
    return Math.max(0, ...messages.map((message) => message.rev ?? 0));
  } catch (error) {
    patch("threads", conversation, { status: before ? "ready" : "failed", error: error.message });
    return undefined;
  }
}

/** Both lists as one, in order, each message once and in its newest form. */
export function merged(known, more) {
  const byId = new Map(known.map((message) => [message._id, message]));
  for (const message of more) {
    const old = byId.get(message._id);
    if (!old || (message.rev ?? 0) >= (old.rev ?? 0)) byId.set(message._id, message);
  }
  return [...byId.values()].sort(inOrder);
}

const inOrder = (a, b) =>
  a.seq && b.seq ? a.seq - b.seq : a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0;

/** Take in new and changed messages of any conversations; those that are new to the user. */
export function receive(messages) {
  const threads = { ...state.threads };
  const lists = { people: { ...state.people }, rooms: { ...state.rooms } };
  const fresh = [];
  for (const conversation of new Set(messages.map(conversationOf))) {
    const group = messages.filter((message) => conversationOf(message) === conversation);
    const thread = threads[conversation];
    if (thread) threads[conversation] = { ...thread, messages: merged(thread.messages, group.filter(within(thread))) };
    const [list, id] = entryOf(conversation) ?? [];
    if (!list) continue;
    const entry = { ...lists[list][id] };
    for (const message of group) if (note(entry, message)) fresh.push(message);
    lists[list][id] = entry;
  }
  set({ threads, ...lists });
  return fresh;
}

/** Keeps out what is older than the pages that are loaded: it comes with its own page. */
function within({ messages, older }) {
  return (message) => !older || !message.seq || message.seq >= (messages[0]?.seq ?? 0);
}

/** Show a message in its sidebar entry; whether it is a new one of somebody else. */
function note(entry, message) {
  const last = entry.lastMessage;
  if (last && inOrder(last, message) > 0) return false;
  const isNew = last?._id !== message._id;
  if (!isNew && (message.rev ?? 0) < (last.rev ?? 0)) return false;
  entry.lastMessage = message;
  if (!isNew || message.senderId === state.me._id || message.deletedAt) return false;
  if (message.seq && message.seq <= (entry.cursors?.[state.me._id] ?? 0)) return false;
  entry.unread = (entry.unread ?? 0) + 1;
  return true;
}

/** Take in how far somebody has read. */
export function receiveRead({ conversation, userId, seq }) {
  const [list, id] = entryOf(conversation) ?? [];
  if (!list) return;
  const entry = state[list][id];
  if (seq <= (entry.cursors?.[userId] ?? 0)) return;
  const changes = { cursors: { ...entry.cursors, [userId]: seq } };
  if (userId === state.me._id) changes.unread = unreadAfter(seq, entry, threadOf(conversation).messages);
  patch(list, id, changes);
}

function unreadAfter(seq, entry, messages) {
  if (seq >= (entry.lastMessage?.seq ?? 0)) return 0;
  const unread = messages.filter((one) => one.seq > seq && one.senderId !== state.me._id && !one.deletedAt);
  return Math.min(entry.unread, unread.length || entry.unread);
}
