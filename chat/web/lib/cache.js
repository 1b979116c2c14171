/**
 * What a user saw last, in IndexedDB, so that the page shows it without a connection. It is removed when the user logs
 * out.
 */

import { database } from "/lib/database.js";

const WAIT_MS = 500; // so that a burst of messages is one write
const kept = database("chat-cache");
const waiting = new Map(); // key → timer

/** The lists of a user: `{ me, limits, people, rooms }`, or undefined. */
export const cachedLists = (userId) => kept.get(`${userId}:lists`);
export const cacheLists = (userId, lists) => kept.put(`${userId}:lists`, lists);

/** The newest messages of a conversation, in order, or undefined. */
export const cachedMessages = (userId, conversationId) => kept.get(`${userId}:messages:${conversationId}`);

export function cacheMessages(userId, conversationId, messages) {
  const key = `${userId}:messages:${conversationId}`;
  clearTimeout(waiting.get(key));
  waiting.set(
    key,
    setTimeout(() => kept.put(key, messages), WAIT_MS),
  );
}

/** Remove all that is kept for a user. */
export function clearCache(userId) {
  for (const timer of waiting.values()) clearTimeout(timer);
  waiting.clear();
  return kept.removePrefix(`${userId}:`);
}
