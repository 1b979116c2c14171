/** The live connection: the socket's events become state, and `sync` keeps the messages complete. */

import { request } from "/lib/api.js";
import { announce } from "/lib/attention.js";
import { conversationIdOf } from "/lib/conversations.js";
import { expireCached, receive, receiveReading } from "/lib/history.js";
import { checkUser, confirmUser, doubtUser, expectUser, requestAsUser } from "/lib/identity.js";
import { loadLists, showListChanges, showRoom } from "/lib/lists.js";
import { set, state, updateConversation } from "/lib/state.js";
import { createSync } from "/sync.js";
import { io } from "/vendor/socket.io.mjs";

const TYPING_MS = 4000; // how long a user is shown as typing after the last sign of it
const REFRESH_MS = 300; // so that lists are loaded once for all events of a moment
const REFRESH_AFTER_MS = 10_000; // age of lists that are loaded again when the user comes back to the page
const REFRESH_EVERY_MINUTES = 5; // while the page is visible: an event may be lost, and blocks hide some
const NEW_ROOM_MS = 1000; // within which all pages load a new public room
const RECONNECT_MS = 3000;
const NOT_LOGGED_IN = ["no_token", "invalid_token", "user_not_found", "wrong_user"];

export let socket = null;
export let sync = null;
let ended = () => {}; // called when the login has ended: `ended(code)`
let refreshTimer = 0;
let refreshedAt = 0; // when the lists were loaded last, in ms; 0 if they have not been since the login

/**
 * Prepare the connection of the user who is logged in: what waits to be sent is shown. `onEnd(code)` is
 * called when the login turns out to have ended: "revoked", "wrong_user" (another user has logged in),
 * "logged_out", or a code of the server.
 */
export function prepare(onEnd) {
  const userId = state.me._id;
  ended = onEnd;
  refreshedAt = 0;
  expectUser(userId, onEnd);
  sync = createSync({
    userId,
    request: requestAsUser,
    onMessages: takeMessages,
    onQueue: (queue) => set({ queue }),
    onStop: (reason) => ended(reason),
  });
  socket = io({
    auth: authenticate,
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    autoConnect: false,
  });
  sync.attach(socket);
  listen();
}

/** Connect, after the server has said who is logged in. */
export async function open() {
  confirmUser();
  expireCached();
  await refresh().catch(() => refreshSoon(RECONNECT_MS));
  socket?.connect();
}

/** Stop sending and listening. What waits to be sent stays in the browser. */
export function close() {
  sync?.stop();
  socket?.off();
  socket?.disconnect();
  clearTimeout(refreshTimer);
  sync = socket = null;
}

/** Called by socket.io-client each time it connects: it connects once `send` is called. */
function authenticate(send) {
  checkUser().then(
    () => send({ presence: "diff", user: state.me._id }),
    () => reconnectLater(),
  );
}

function reconnectLater() {
  const current = socket;
  current?.disconnect();
  setTimeout(() => current === socket && current?.connect(), RECONNECT_MS);
}

function listen() {
  let connectedBefore = false;
  socket.on("connect", () => {
    set({ link: "online" });
    expireCached();
    if (connectedBefore || !refreshedAt) sync.catchUp().then(() => refreshSoon(0));
    connectedBefore = true;
  });
  socket.on("disconnect", (reason) => {
    doubtUser();
    set({ link: "offline", online: new Set() });
    if (reason === "io server disconnect") reconnectLater();
  });
  socket.on("connect_error", (error) => {
    if (NOT_LOGGED_IN.includes(error.data?.code)) return ended(error.data.code);
    doubtUser();
    set({ link: "offline" });
    if (!socket.active) reconnectLater();
  });
  socket.on("sessionRevoked", () => ended("revoked"));
  socket.on("getOnlineUsers", (ids) => showOnline(new Set(ids)));
  socket.on("presence", showPresence);
  socket.on("typing", showTyping);
  socket.on("read", (reading) => receiveReading(reading) || refreshSoon());
  socket.on("roomUpdated", takeRoom);
  socket.on("listsChanged", takeListChanges);
}

addEventListener("offline", () => {
  if (!socket) return;
  socket.disconnect();
  set({ link: "offline", online: new Set() });
});
addEventListener("online", () => refreshedAt && socket?.connect());
for (const event of ["focus", "visibilitychange"]) {
  addEventListener(event, () => {
    const old = Date.now() - refreshedAt > REFRESH_AFTER_MS;
    if (document.visibilityState === "visible" && old) refreshSoon();
  });
}
setInterval(() => document.visibilityState === "visible" && refreshSoon(), REFRESH_EVERY_MINUTES * 60_000);

/** Load the lists, and have `sync` follow the conversations in them. Throws `ApiError`. */
async function refresh() {
  clearTimeout(refreshTimer);
  const entries = await loadLists();
  refreshedAt = Date.now();
  if (!entries) return refreshSoon();
  for (const { conversation, rev } of entries) {
    if (!sync.follows(conversation)) sync.follow(conversation, rev);
  }
}

/** Load the lists again, once for all who ask within a moment. */
export function refreshSoon(ms = REFRESH_MS) {
  clearTimeout(refreshTimer);
  // If it fails, it is done at the next connect.
  refreshTimer = setTimeout(() => state.link === "online" && refresh().catch(() => {}), ms);
}

/** Take in that a room has changed. */
export function takeRoom(room) {
  if (showRoom(room)) refreshSoon();
}

/** Take in what others changed. Public rooms that are new here are loaded soon, but not by all pages at once. */
function takeListChanges(changes) {
  for (const id of showListChanges(changes)) setTimeout(loadRoom, Math.random() * NEW_ROOM_MS, id);
}

async function loadRoom(id) {
  const room = await request("GET", `/api/rooms/${id}`).catch(() => null); // it may be gone again
  if (room && state.me) takeRoom(room);
}

async function takeMessages(messages) {
  const isUnknown = (message) =>
    !message.deletedAt && !(state.users[message.senderId] && state.conversations[conversationIdOf(message)]);
  const unknown = messages.filter(isUnknown);
  if (unknown.length && state.listed) await refresh().catch(() => {}); // of a new user, or in a new room
  if (!state.me) return;
  const fresh = new Set(receive(messages));
  // The list that was just loaded has counted these already.
  for (const message of unknown) {
    if (state.conversations[conversationIdOf(message)]?.unread) fresh.add(message);
  }
  for (const message of fresh) announce(message);
}

function showPresence({ online, offline }) {
  const ids = new Set(state.online);
  for (const id of online) ids.add(id);
  for (const id of offline) ids.delete(id);
  showOnline(ids);
}

function showOnline(online) {
  const users = { ...state.users };
  const lastSeen = new Date().toISOString();
  for (const id of state.online) if (!online.has(id) && users[id]) users[id] = { ...users[id], lastSeen };
  set({ online, users });
  if (state.listed && [...online].some((id) => !state.users[id])) refreshSoon(); // a new user
}

function showTyping({ conversation: id, userId }) {
  const typing = { ...state.conversations[id]?.typing, [userId]: Date.now() + TYPING_MS };
  updateConversation(id, { typing });
  setTimeout(() => updateConversation(id, {}), TYPING_MS); // to be rendered without it
}
