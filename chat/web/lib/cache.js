/**
 * What a user saw last, in IndexedDB, so that the page shows it without a connection. It is removed when the user logs
 * out.
 */

import { database } from "/lib/database.js";

const EVERY_MS = 500; // so that a burst of messages is few writes
const kept = database("chat-cache");
const pauses = new Map(); // key → { timer, value }: `value` is to be written after the pause

/** The lists of a user: `{ me, limits, people, rooms }`, or undefined. */
export const cachedLists = (userId) => kept.get(`${userId}:lists`);
export const cacheLists = (userId, lists) => kept.put(`${userId}:lists`, lists);

/** The newest messages of a conversation, in order, or undefined. */
export const cachedMessages = (userId, conversationId) => kept.get(`${userId}:messages:${conversationId}`);

export function cacheMessages(userId, conversationId, messages) {
  const key = `${userId}:messages:${conversationId}`;
  if (pauses.has(key)) pauses.get(key).value = messages;
  else write(key, messages);
}

function write(key, value) {
  kept.put(key, value);
  pauses.set(key, { timer: setTimeout(writeNext, EVERY_MS, key) });
}

function writeNext(key) {
  const { value } = pauses.get(key);
  pauses.delete(key);
  if (value) write(key, value);
}

/** Remove all that is kept for a user. */
export function clearCache(userId) {
  for (const { timer } of pauses.values()) clearTimeout(timer);
  pauses.clear();
  return kept.removePrefix(`${userId}:`);
}
