/** Being logged in, and the live connection: the socket's events become state, and `sync` keeps messages complete. */

import { request } from "/lib/api.js";
import { announce } from "/lib/attention.js";
import { conversationOf, forget, go, known, notify, patch, set, state, withMe } from "/lib/state.js";
import { receive, receiveRead } from "/lib/threads.js";
import { createSync } from "/sync.js";
import { io } from "/vendor/socket.io.mjs";

const TYPING_MS = 4000; // how long somebody is shown as typing after the last sign of it
const REFRESH_MS = 300;
const RECONNECT_MS = 3000;
const LOGGED_OUT = ["no_token", "invalid_token", "user_not_found"];
const OPTIONS = { auth: { presence: "diff" }, transports: ["websocket", "polling"], tryAllTransports: true, autoConnect: false };

export let socket = null;
export let sync = null;
let retrying = 0;
let refreshing = 0;
let turn = 0; // grows with each refresh and each change of a room

/** Find out whether this browser is logged in, and go on trying where the server can't be reached. */
export async function start() {
  clearTimeout(retrying);
  await request("GET", "/api/auth/check").then(enter, ({ status }) => {
    if ([401, 404].includes(status)) return forget();
    set({ phase: "unreachable" });
    retrying = setTimeout(start, RECONNECT_MS);
  });
}

addEventListener("online", () => state.phase === "unreachable" && start());

/** Log in, or sign up where there is a `fullName`. Throws `ApiError`. */
export async function logIn(fields) {
  enter(await request("POST", `/api/auth/${"fullName" in fields ? "signup" : "login"}`, fields));
}

/** Log out here. Throws `ApiError`. */
export const logOut = () => request("POST", "/api/auth/logout").then(() => leave());

/** End the account: `fields` is `{ password }`. Throws `ApiError`. */
export const deleteAccount = (fields) => request("DELETE", "/api/auth/account", fields).then(() => leave("Your account is deleted."));

async function enter(me) {
  set({ me, phase: "in", notice: null });
  sync = createSync({ userId: me._id, request, onMessages: takeMessages, onQueue: (queue) => set({ queue }) });
  socket = io(OPTIONS);
  sync.attach(socket);
  listen();
  await refresh().catch(() => refreshSoon(RECONNECT_MS));
  socket.connect();
}

function leave(why) {
  sync.stop();
  socket.disconnect();
  clearTimeout(refreshing);
  go("/", { replace: true });
  forget(why);
}

/** Load people and rooms, and how each conversation stands. Throws `ApiError`. */
async function refresh() {
  const began = ++turn;
  const [people, rooms] = await Promise.all([request("GET", "/api/messages/users"), request("GET", "/api/rooms")]);
  if (began !== turn) return refreshSoon(); // something changed meanwhile: this may be how it was before
  const talks = [...people, ...rooms];
  for (const { conversation, rev } of talks) if (rev && !sync.follows(conversation)) sync.follow(conversation, rev);
  return set({ talks: Object.fromEntries(talks.map((talk) => [talk.conversation, known(talk)])), listed: true });
}

/** Load the lists again, once for all who ask within a moment. */
export function refreshSoon(ms = REFRESH_MS) {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => refresh().catch(() => {}), ms); // where it fails, the next connect does it
}

function listen() {
  const again = () => setTimeout(() => socket.connect(), RECONNECT_MS);
  let before = false;
  socket.on("connect", () => {
    set({ link: "online" });
    if (before || !state.listed) sync.catchUp().then(() => refreshSoon(0));
    before = true;
  });
  socket.on("disconnect", (reason) => {
    if (reason !== "io client disconnect") set({ link: "offline", online: new Set() });
    if (reason === "io server disconnect") again();
  });
  socket.on("connect_error", (error) => {
    if (LOGGED_OUT.includes(error.data?.code)) return leave("You have been logged out.");
    set({ link: "offline" });
    if (!socket.active) again();
  });
  socket.on("sessionRevoked", () => leave("This login was ended from another device."));
  socket.on("getOnlineUsers", (ids) => showOnline(new Set(ids)));
  socket.on("presence", ({ online, offline }) => showOnline(state.online.union(new Set(online)).difference(new Set(offline))));
  socket.on("typing", showTyping);
  socket.on("read", receiveRead);
  socket.on("roomUpdated", showRoom);
}

function takeMessages(messages) {
  receive(messages).forEach(announce);
  if (messages.some((message) => !state.talks[conversationOf(message)])) refreshSoon(); // somebody new
}

function showOnline(online) {
  for (const id of state.online.difference(online)) patch(withMe(id), { lastSeen: new Date().toISOString() });
  set({ online });
  if (state.listed && [...online].some((id) => id !== state.me._id && !state.talks[withMe(id)])) refreshSoon(); // somebody new
}

function showTyping({ conversation, userId }) {
  patch(conversation, { typing: { ...state.talks[conversation]?.typing, [userId]: Date.now() + TYPING_MS } });
  setTimeout(() => patch(conversation, {}), TYPING_MS); // to be drawn without it
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
