/** What the user does in a conversation. */

import { request } from "/lib/api.js";
import { readImage } from "/lib/images.js";
import { showRoom, socket, sync } from "/lib/live.js";
import { attempt, conversationOf, go, patch, pathOf, readTo, set, state } from "/lib/state.js";
import { receive, receiveRead } from "/lib/threads.js";
import { outbox } from "/sync.js";

const TYPING_EVERY_MS = 2000;
const drafts = outbox("chat-drafts"); // of pictures, which are too large for localStorage
let typedAt = 0;

const target = ({ _id, members }) => (members ? { room: _id } : { to: _id });

/** Replace the pictures that wait to be sent in a conversation. */
export function keepPictures(conversation, pictures) {
  patch(conversation, { pictures });
  drafts.put({ clientId: conversation, userId: state.me._id, pictures });
}

/** Take up pictures that waited when the page was closed. */
export async function loadPictures(conversation) {
  const kept = (await drafts.all(state.me._id)).find((one) => one.clientId === conversation);
  if (kept) patch(conversation, { pictures: kept.pictures });
}

export async function addPictures(conversation, files) {
  for (const file of files) {
    const picture = await attempt(() => readImage(file));
    if (picture) keepPictures(conversation, [...state.talks[conversation].pictures, picture]);
  }
}

/** Queue a text, and each image as a message: the first one carries the text. */
export function send(talk, text, images, replyTo) {
  const common = { conversation: talk.conversation, ...target(talk) };
  const [first, ...more] = images;
  sync.send({ ...common, text: text || undefined, image: first, replyTo });
  for (const image of more) sync.send({ ...common, image });
  patch(talk.conversation, { line: null, sentAt: Date.now() });
}

/** Tell the others that I am typing, once in a while. */
export function tellTyping(talk) {
  if (Date.now() - typedAt < TYPING_EVERY_MS || state.link !== "online") return;
  typedAt = Date.now();
  socket.emit("typing", target(talk));
}

/** A talk has been seen up to its end. */
export function markRead(talk) {
  const { conversation } = talk;
  const seq = talk.messages.findLast((message) => message.seq)?.seq;
  if (talk.unread) patch(conversation, { unread: 0 });
  if (!seq || seq <= readTo(talk)) return;
  receiveRead({ conversation, userId: state.me._id, seq });
  socket.emit("read", { conversation, seq });
}

const change = (method, message, path = "", body) =>
  attempt(async () => receive([await request(method, `/api/messages/${message._id}${path}`, body)]));

export const edit = (message, text) => change("PUT", message, "", { text });
export const remove = (message) => change("DELETE", message);

/** Add my reaction, or take it back where it is there. */
export function react(message, emoji) {
  const on = message.reactions?.[emoji]?.includes(state.me._id);
  return change(on ? "DELETE" : "PUT", message, `/reactions/${encodeURIComponent(emoji)}`);
}

/** Answer to a message, or edit it: `kind` is "reply" or "edit". */
export const compose = (kind, message) => patch(conversationOf(message), { mode: { kind, message } });

/** Open the conversation of a message and scroll to it. */
export function jumpTo(conversation, id) {
  go(pathOf(conversation));
  set({ goal: { id } });
}

/** Take no more messages from somebody, or take them again. Throws `ApiError`. */
export async function block(person, blocked) {
  await request(blocked ? "POST" : "DELETE", `/api/messages/block/${person._id}`);
  patch(person.conversation, { blocked });
}

/** Call a room's endpoint, and show what became of the room. Throws `ApiError`. */
export async function changeRoom(method, path, body) {
  const room = await request(method, `/api/rooms${path}`, body);
  if (room._id) showRoom(room);
  return room;
}
