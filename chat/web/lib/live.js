/** The live connection: the socket's events become state, and `sync` keeps messages complete. */

import { request } from "/lib/api.js";
import { announce } from "/lib/attention.js";
import { conversationOf, directId, entryOf, go, notify, opened, patch, set, state } from "/lib/state.js";
import { load, receive, receiveRead } from "/lib/threads.js";
import { createSync } from "/sync.js";
import { io } from "/vendor/socket.io.mjs";

const TYPING_MS = 4000; // how long somebody is shown as typing after the last sign of it
const REFRESH_MS = 300;
const RECONNECT_MS = 3000;
const LOGGED_OUT = ["no_token", "invalid_token", "user_not_found"];

export let socket = null;
export let sync = null;
let refreshing = 0;
const typingTimers = new Map();

/** Connect as the user who is logged in; `leave(why)` is called where the login has ended. */
export async function connect(leave) {
  sync = createSync({
    userId: state.me._id,
    request,
    onMessages: takeMessages,
    onQueue: (queue) => set({ queue }),
    onStale: () => opened(state) && load(opened(state)),
  });
  socket = io({ auth: { presence: "diff" }, autoConnect: false, transports: ["websocket", "polling"], tryAllTransports: true });
  sync.attach(socket);
  listen(socket, leave);
  await refresh().catch(() => refreshSoon(RECONNECT_MS));
  socket.connect();
}

/** Close the connection, and stop sending. */
export function disconnect() {
  sync?.stop();
  socket?.disconnect();
  clearTimeout(refreshing);
}

/** Load people and rooms, and how each conversation stands. Throws `ApiError`. */
export async function refresh() {
  const [people, rooms] = await Promise.all([request("GET", "/api/messages/users"), listRooms()]);
  const withId = people.map((one) => ({ unread: 0, lastMessage: null, ...one, conversation: directId(state.me._id, one._id) }));
  for (const { conversation, lastMessage } of [...withId, ...rooms]) {
    if (!sync.follows(conversation)) sync.follow(conversation, lastMessage?.rev ?? 0);
  }
  set({ people: byId(withId), rooms: byId(rooms), listed: true });
}

const byId = (list) => Object.fromEntries(list.map((one) => [one._id, one]));

async function listRooms() {
  try {
    return state.can.rooms ? await request("GET", "/api/rooms") : [];
  } catch (error) {
    if (error.status !== 404) throw error;
    patch("can", "rooms", false);
    return [];
  }
}

/** Load the lists again, once for all who ask within a moment. */
export function refreshSoon(ms = REFRESH_MS) {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => refresh().catch(() => {}), ms); // where it fails, the next connect does it
}

function listen(socket, leave) {
  let before = false;
  socket.on("connect", () => {
    set({ link: "online" });
    if (before || !state.listed) sync.catchUp().then(() => refreshSoon(0));
    before = true;
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io client disconnect") return;
    set({ link: "offline", typing: {} });
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), RECONNECT_MS);
  });
  socket.on("connect_error", (error) => {
    if (LOGGED_OUT.includes(error.data?.code)) return leave("You have been logged out.");
    set({ link: "offline" });
    if (!socket.active) setTimeout(() => socket.connect(), RECONNECT_MS);
  });
  socket.on("sessionRevoked", () => leave("This login was ended from another device."));
  socket.on("getOnlineUsers", (ids) => showOnline(new Set(ids)));
  socket.on("presence", ({ online, offline }) => {
    const now = new Set(state.online);
    for (const id of online) now.add(id);
    for (const id of offline) now.delete(id);
    showOnline(now);
  });
  socket.on("typing", showTyping);
  socket.on("read", receiveRead);
  socket.on("roomUpdated", showRoom);
}

function takeMessages(messages) {
  for (const message of messages) stopTyping(conversationOf(message), message.senderId);
  const fresh = receive(messages);
  if (messages.some((message) => !entryOf(conversationOf(message)))) refreshSoon(); // somebody new
  for (const message of fresh) announce(message);
}

function showOnline(online) {
  const people = { ...state.people };
  for (const id of state.online) {
    if (!online.has(id) && people[id]) people[id] = { ...people[id], lastSeen: new Date().toISOString() };
  }
  set({ online, people });
  if (state.listed && [...online].some((id) => id !== state.me._id && !people[id])) refreshSoon();
}

function showTyping({ conversation, userId }) {
  const key = `${conversation} ${userId}`;
  clearTimeout(typingTimers.get(key));
  typingTimers.set(key, setTimeout(() => stopTyping(conversation, userId), TYPING_MS));
  if (!state.typing[conversation]?.[userId]) patch("typing", conversation, { [userId]: true });
}

function stopTyping(conversation, userId) {
  if (state.typing[conversation]?.[userId]) patch("typing", conversation, { [userId]: false });
}

function showRoom(room) {
  const { [room._id]: old, ...others } = state.rooms;
  const mine = room.members?.includes(state.me._id);
  if (!room.deleted && (mine || room.public)) {
    const entry = { conversation: room._id, unread: 0, lastMessage: null, ...old, ...room };
    set({ rooms: { ...others, [room._id]: mine ? entry : { ...entry, unread: 0, lastMessage: null } } });
    if (mine && !old?.members.includes(state.me._id)) refreshSoon();
    return;
  }
  const open = opened(state)?.id === room._id;
  set({ rooms: others });
  if (!open) return;
  go("/", { replace: true });
  notify(room.deleted ? `The room ${old.name} was deleted.` : `You are no longer in ${old.name}.`);
}
