/** What the user does: in conversations, with people and in rooms. */

import { request } from "/lib/api.js";
import { conversationIdOf, readUpTo, targetId } from "/lib/conversations.js";
import { socket, sync, takeRoom } from "/lib/connection.js";
import * as drafts from "/lib/drafts.js";
import { receive, receiveReading } from "/lib/history.js";
import { readImage } from "/lib/images.js";
import { whileLeaving } from "/lib/lists.js";
import { confirm, go, NEW_COMPOSER, pathOf, set, state, updateComposer, updateMe } from "/lib/state.js";
import { attempt, notify } from "/lib/toasts.js";

const TYPING_EVERY_MS = 2000;
const READ_EVERY_MS = 300; // so that scrolling through unread messages is not an event a message
let typingSentAt = 0;
const readTimers = new Map(); // conversation id → timer

const target = (conversation) => ({ [conversation.room ? "room" : "to"]: targetId(conversation) });

/** Replace the pictures that wait to be sent in a conversation. */
export function setPictures(id, pictures) {
  updateComposer(id, { pictures });
  drafts.savePictures(state.me._id, id, pictures);
}

/** Show the pictures of an earlier draft. */
export async function restorePictures(id) {
  const pictures = await drafts.loadPictures(state.me._id, id);
  if (pictures.length && !state.composers[id]?.pictures.length) updateComposer(id, { pictures });
}

export async function addPictures(id, files) {
  for (const file of files) {
    const picture = await attempt(() => readImage(file, state.limits));
    if (picture) setPictures(id, [...(state.composers[id] ?? NEW_COMPOSER).pictures, picture]);
  }
}

/** Queue a message for each picture, or one without a picture; the first one carries the text. */
export function send(conversation, text, pictures, replyTo) {
  const common = { conversation: conversation.id, ...target(conversation) };
  const [first, ...more] = pictures;
  sync.send({ ...common, text: text || undefined, image: first, replyTo });
  for (const image of more) sync.send({ ...common, image });
  updateComposer(conversation.id, { sentAt: Date.now() });
}

export const retry = (clientId) => sync.retry(clientId);
export const discard = (clientId) => sync.discard(clientId);

/** Tell the others that I am typing, every now and then. */
export function sendTyping(conversation) {
  if (Date.now() - typingSentAt < TYPING_EVERY_MS || state.link !== "online") return;
  typingSentAt = Date.now();
  socket.emit("typing", target(conversation));
}

/** Note that I have seen a conversation up to `seq`. */
export function markRead(conversation, seq) {
  const { id } = conversation;
  if (seq <= readUpTo(state.conversations[id] ?? conversation, state.me._id)) return;
  receiveReading({ conversation: id, userId: state.me._id, seq });
  if (readTimers.has(id)) return;
  sendRead(id, seq);
  readTimers.set(id, setTimeout(sendFurtherReading, READ_EVERY_MS, id, seq));
}

function sendFurtherReading(id, sent) {
  readTimers.delete(id);
  const conversation = state.conversations[id];
  const seq = conversation && readUpTo(conversation, state.me._id);
  if (seq > sent) sendRead(id, seq);
}

const sendRead = (id, seq) => socket?.emit("read", { conversation: id, seq });

const change = (method, message, path = "", body) =>
  attempt(async () => receive([await request(method, `/api/messages/${message._id}${path}`, body)]));

/** Replace the text of a message: undefined if that failed. */
export const editMessage = (message, text) => change("PUT", message, "", { text });
export const deleteMessage = (message) => change("DELETE", message);

/** Add my reaction to a message, or remove it if it is there. */
export function toggleReaction(message, emoji) {
  const reacted = message.reactions?.[emoji]?.includes(state.me._id);
  return change(reacted ? "DELETE" : "PUT", message, `/reactions/${encodeURIComponent(emoji)}`);
}

/** Begin to reply to a message, or to edit it: `kind` is "reply" or "edit". */
export const compose = (kind, message) =>
  updateComposer(conversationIdOf(message), { mode: { kind, message } });

/** Open the conversation of a message and scroll to the message. */
export function jumpTo(conversationId, messageId) {
  go(pathOf(conversationId));
  set({ goal: { id: messageId } });
}

/** Block or unblock a user. Throws `ApiError`. */
export async function setBlocked(userId, blocked) {
  await request(blocked ? "POST" : "DELETE", `/api/messages/block/${userId}`);
  set({ users: { ...state.users, [userId]: { ...state.users[userId], blocked } } });
}

/** Ask before reporting to the admins: `what` is `{ message }` or `{ user }`, an id. */
export const report = (what, name) =>
  confirm({
    title: `Report ${name}?`,
    text: "The admins of this server see it, with your name and your reason.",
    yes: "Report",
    asksReason: true,
    run: async ({ reason }) => {
      await request("POST", "/api/messages/report", { ...what, reason });
      notify("Reported to the admins.");
    },
  });

/** Change my name or picture. Throws `ApiError`. */
export async function saveProfile(changes) {
  updateMe(await request("PUT", "/api/auth/update-profile", changes));
}

// Rooms. Each throws `ApiError`.

async function changeRoom(method, path, body) {
  const room = await request(method, `/api/rooms${path}`, body);
  if (room._id) takeRoom(room);
  return room;
}

/** Create a room and open it: `room` is `{ name, public, members }`. */
export async function createRoom(room) {
  const { _id } = await changeRoom("POST", "", room);
  go(pathOf(_id));
}

/** Change a room: `changes` has some of `{ name, topic, public, membersInvite }`. */
export const saveRoom = (id, changes) => changeRoom("PUT", `/${id}`, changes);
export const setOwner = (id, userId, isOwner) =>
  changeRoom(isOwner ? "PUT" : "DELETE", `/${id}/owners/${userId}`);
export const joinRoom = (id) => changeRoom("POST", `/${id}/join`);
export const addMember = (id, userId) => changeRoom("POST", `/${id}/members`, { userId });
export const removeMember = (id, userId) => changeRoom("DELETE", `/${id}/members/${userId}`);
export const leaveRoom = (id) => whileLeaving(id, () => removeMember(id, state.me._id));

export const deleteRoom = (id) =>
  whileLeaving(id, async () => {
    const { room } = state.conversations[id];
    await request("DELETE", `/api/rooms/${id}`);
    takeRoom({ ...room, deleted: true });
  });
