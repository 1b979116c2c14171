/**
 * Drafts: what a user has written in a conversation but not sent. Texts are in localStorage, which keeps them even if
 * the page is closed at once; pictures, which are too large for it, in IndexedDB.
 */

import { database } from "/lib/database.js";

const pictures = database("chat-drafts");
const textKey = (userId, conversationId) => `chat:draft:${userId}:${conversationId}`;
const picturesKey = (userId, conversationId) => `${userId}:${conversationId}`;

export const loadText = (userId, conversationId) =>
  localStorage.getItem(textKey(userId, conversationId)) ?? "";

export function saveText(userId, conversationId, text) {
  const key = textKey(userId, conversationId);
  if (text) localStorage.setItem(key, text);
  else localStorage.removeItem(key);
}

/** The pictures of a draft, as data URIs. */
export const loadPictures = async (userId, conversationId) =>
  (await pictures.get(picturesKey(userId, conversationId))) ?? [];

export const savePictures = (userId, conversationId, uris) =>
  pictures.put(picturesKey(userId, conversationId), uris);

/** Remove all drafts of a user. */
export function removeDrafts(userId) {
  const texts = Object.keys(localStorage).filter((key) => key.startsWith(textKey(userId, "")));
  for (const key of texts) localStorage.removeItem(key);
  return pictures.removePrefix(picturesKey(userId, ""));
}
