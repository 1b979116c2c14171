/** What is written and not sent yet, by conversation. It survives a reload: texts in localStorage, pictures in IndexedDB. */

import { useEffect, useState } from "/html.js";
import { readImage } from "/lib/images.js";
import { attempt, state } from "/lib/state.js";
import { outbox } from "/sync.js";

const pictures = outbox("chat-drafts");
const textKey = (conversation) => `chat:draft:${state.me._id}:${conversation}`;

export const draftOf = (conversation) => localStorage.getItem(textKey(conversation)) ?? "";
export const keepDraft = (conversation, text) => localStorage.setItem(textKey(conversation), text);

/** The pictures to send, as data URIs; what replaces them; and what adds files to them. */
export function usePictures(conversation) {
  const userId = state.me._id;
  const [images, show] = useState([]);
  useEffect(() => {
    pictures.all(userId).then((all) => show(all.find((one) => one.clientId === conversation)?.images ?? []));
  }, []);
  const keep = (images) => {
    show(images);
    pictures.put({ clientId: conversation, userId, images });
  };
  const add = async (files) => {
    const more = await Promise.all(files.map((file) => attempt(() => readImage(file))));
    keep([...images, ...more.filter(Boolean)]);
  };
  return [images, keep, add];
}
