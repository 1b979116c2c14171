/** The live connection: the socket's events become state, and `sync` keeps messages complete. */

import { request } from "/lib/api.js";
import { announce } from "/lib/attention.js";
import { conversationOf, go, known, notify, opened, patch, set, state, withMe } from "/lib/state.js";
import { load, receive, receiveRead } from "/lib/threads.js";
import { createSync } from "/sync.js";
import { io } from "/vendor/socket.io.mjs";

const TYPING_MS = 4000; // how long somebody is shown as typing after the last sign of it
const REFRESH_MS = 300;
const RECONNECT_MS = 3000;
const LOGGED_OUT = ["no_token", "invalid_token", "user_not_found"];
const WITHOUT_DELAY = { transports: ["websocket", "polling"], tryAllTransports: true };

export let socket = null;
export let sync = null;
let refreshing = 0;
let turn = 0; // grows with each refresh and each change of a room
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
  socket = io({ auth: { presence: "diff" }, autoConnect: false, ...WITHOUT_DELAY });
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
async function refresh() {
  const began = ++turn;
  const [people, rooms] = await Promise.all([request("GET", "/api/messages/users"), listRooms()]);
  if (began !== turn) return refreshSoon(); // something changed meanwhile: this may be how it was before
  const talks = [...people.map((one) => ({ ...one, conversation: withMe(one._id) })), ...rooms];
  for (const { conversation, lastMessage } of talks) {
    if (!sync.follows(conversation)) sync.follow(conversation, lastMessage?.rev ?? 0);
  }
  set({ talks: Object.fromEntries(talks.map((talk) => [talk.conversation, known(talk)])), listed: true });
  return undefined;
}

async function listRooms() {
  try {
    return state.can.rooms ? await request("GET", "/api/rooms") : [];
  } catch (error) {
    if (error.status !== 404) throw error;
    set({ can: { ...state.can, rooms: false } });
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
    set({ link: "offline" });
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
    const gone = new Set(offline);
    showOnline(new Set([...state.online, ...online].filter((id) => !gone.has(id))));
  });
  socket.on("typing", showTyping);
  socket.on("read", receiveRead);
  socket.on("roomUpdated", showRoom);
}

function takeMessages(messages) {
  for (const message of messages) stopTyping(conversationOf(message), message.senderId);
  const fresh = receive(messages);
  if (messages.some((message) => !state.talks[conversationOf(message)])) refreshSoon(); // somebody new
  fresh.forEach(announce);
}

function showOnline(online) {
  const left = [...state.online].filter((id) => !online.has(id) && state.talks[withMe(id)]);
  for (const id of left) patch(withMe(id), { lastSeen: new Date().toISOString() });
  set({ online });
  if (state.listed && [...online].some((id) => id !== state.me._id && !state.talks[withMe(id)])) refreshSoon();
}

function showTyping({ conversation, userId }) {
  const key = `${conversation} ${userId}`;
  clearTimeout(typingTimers.get(key));
  typingTimers.set(key, setTimeout(() => stopTyping(conversation, userId), TYPING_MS));
  const talk = state.talks[conversation];
  if (talk && !talk.typing[userId]) patch(conversation, { typing: { ...talk.typing, [userId]: true } });
}

function stopTyping(conversation, userId) {
  const { [userId]: is, ...others } = state.talks[conversation]?.typing ?? {};
  if (is) patch(conversation, { typing: others });
}

/** Show what became of a room. */
export function showRoom(room) {
  turn += 1;
  const { [room._id]: old, ...others } = state.talks;
  const inside = !room.deleted && room.members.includes(state.me._id);
  set({ talks: inside ? { ...others, [room._id]: known({ ...room, conversation: room._id }) } : others });
  if (!inside || !old?.members.includes(state.me._id)) refreshSoon(); // a public one is still to be joined
  if (inside || !old || state.path !== `/chat/${room._id}`) return;
  go("/", { replace: true });
  notify(room.deleted ? `The room ${old.name} was deleted.` : `You are no longer in ${old.name}.`);
}
