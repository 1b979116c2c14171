/**
 * Histories: the messages of conversations that are loaded, from pages of the server, the socket and catch-ups.
 *
 * A history always reaches to the newest message; `older` says whether there is more before it.
 */

import { requestPage } from "/lib/api.js";
import { cachedMessages, cacheMessages } from "/lib/cache.js";
import {
  compare,
  conversationIdOf,
  readUpTo,
  targetId,
  withMessage,
  withReading,
} from "/lib/conversations.js";
import { set, state, updateConversation } from "/lib/state.js";

const FIRST_PAGE = 60;
const NEXT_PAGE = 200;
const RETRY_MS = 5000; // before a failed older page is asked for again

export const NEW_HISTORY = {
  messages: [], // in order
  older: undefined, // the `before` of the page before them
  status: "none", // none | loading | ready | older (an older page is loading) | failed | cached
  error: null, // why the last page was not loaded
};

/** Whether there is something to show. */
export const isLoaded = ({ status, messages }) => messages.length > 0 || ["ready", "older", "cached"].includes(status);

const historyOf = (id) => state.histories[id] ?? NEW_HISTORY;

function update(id, changes) {
  const history = { ...historyOf(id), ...changes };
  set({ histories: { ...state.histories, [id]: history } });
  if (changes.messages && state.me) cacheMessages(state.me._id, id, history.messages.slice(-FIRST_PAGE));
}

/** Forget the messages of a conversation. */
export function forgetHistory(id) {
  const { [id]: _, ...histories } = state.histories;
  set({ histories });
  cacheMessages(state.me._id, id, []);
}

/** Load the newest messages of a conversation; without a connection, those that were seen last. */
export async function load(conversation) {
  await fetchPage(conversation, FIRST_PAGE);
  const { status, messages } = historyOf(conversation.id);
  if (status !== "failed" || messages.length || !state.me) return;
  const cached = await cachedMessages(state.me._id, conversation.id);
  if (cached && historyOf(conversation.id).status === "failed") {
    update(conversation.id, { messages: cached, status: "cached" });
  }
}

/** Load the messages before those that are loaded, if there are any. */
export async function loadOlder(conversation, limit = NEXT_PAGE) {
  const { older, status } = historyOf(conversation.id);
  if (older && status === "ready") await fetchPage(conversation, limit, older);
}

/** Have what came from the cache loaded from the server when it is shown. */
export function expireCached() {
  for (const [id, { status }] of Object.entries(state.histories)) {
    if (["cached", "failed"].includes(status)) update(id, { status: "none" });
  }
}

async function fetchPage(conversation, limit, before) {
  const { id, room } = conversation;
  const userId = state.me._id;
  update(id, { status: before ? "older" : "loading", error: null });
  const base = room ? `/api/rooms/${room._id}/messages` : `/api/messages/${targetId(conversation)}`;
  try {
    const page = await requestPage(`${base}?limit=${limit}${before ? `&before=${before}` : ""}`);
    if (state.me?._id !== userId) return; // logged out meanwhile
    const { messages: known } = historyOf(id);
    // What came through the socket meanwhile stays. What is before a newest page goes: there may be a gap between.
    const kept = before
      ? known
      : known.filter((one) => page.messages.length && compare(one, page.messages[0]) >= 0);
    update(id, { messages: merged(kept, page.messages), older: page.older, status: "ready" });
  } catch (error) {
    if (state.me?._id !== userId) return;
    update(id, { status: before ? "older" : "failed", error: error.message });
    if (before)
      setTimeout(() => historyOf(id).status === "older" && update(id, { status: "ready" }), RETRY_MS);
  }
}

/** Both lists as one, in order, with each message once and in its newest form. */
function merged(known, more) {
  const byId = new Map(known.map((message) => [message._id, message]));
  for (const message of more) {
    const old = byId.get(message._id);
    if (!old || (message.rev ?? 0) >= (old.rev ?? 0)) byId.set(message._id, message);
  }
  return [...byId.values()].sort(compare);
}

/** Take in new and changed messages of listed conversations: those that are new to the user. */
export function receive(messages) {
  const fresh = [];
  for (const [id, received] of groupByConversation(messages)) {
    let conversation = state.conversations[id];
    if (!conversation) continue;
    const { status, messages: known, older } = historyOf(id);
    if (status !== "none") {
      // Older messages than those that are loaded come with their own page.
      const fits = ({ seq }) => !older || !seq || seq >= (known[0]?.seq ?? 0);
      update(id, { messages: merged(known, received.filter(fits)) });
    }
    for (const message of received) {
      let isNew;
      [conversation, isNew] = withMessage(conversation, message, state.me);
      if (isNew) fresh.push(message);
    }
    updateConversation(id, conversation);
  }
  return fresh;
}

function groupByConversation(messages) {
  const groups = new Map();
  for (const message of messages) {
    const id = conversationIdOf(message);
    if (groups.has(id)) groups.get(id).push(message);
    else groups.set(id, [message]);
  }
  return groups;
}

/**
 * Take in how far a user has read: `{ conversation, userId, seq }`. Returns false if how much is unread then has to be
 * asked of the server.
 */
export function receiveReading(reading) {
  const conversation = state.conversations[reading.conversation];
  if (!conversation || reading.seq <= readUpTo(conversation, reading.userId)) return true;
  const unread = unreadAfter(reading.seq, historyOf(conversation.id));
  updateConversation(conversation.id, withReading(conversation, reading, state.me, unread));
  return reading.userId !== state.me._id || unread !== undefined || reading.seq >= conversation.listedSeq;
}

/** How many messages of others follow a `seq`; undefined if not all of them are loaded. */
function unreadAfter(seq, { messages, status, older }) {
  if (!["ready", "older"].includes(status) || (older && !(messages[0]?.seq <= seq + 1))) return undefined;
  const counts = (one) => one.seq > seq && one.senderId !== state.me._id && !one.deletedAt && !one.system;
  return messages.filter(counts).length;
}
