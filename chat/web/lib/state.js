/**
 * What the page knows, in one object that is replaced and never changed in place, and the hook that shows it.
 *
 * A conversation's id is the server's: two user ids, the smaller first, joined by "_"; or a room's id.
 */

import { useEffect, useState } from "/html.js";

const NOBODY = {
  me: null, // the user who is logged in
  phase: "starting", // starting | unreachable | out | in
  link: "connecting", // connecting | online | offline: the socket
  people: {}, // user id → sidebar entry
  rooms: {}, // room id → room, with what the sidebar shows
  listed: false, // whether people and rooms have been loaded
  online: new Set(), // user ids
  threads: {}, // conversation id → { messages, older, status, error, line }
  queue: [], // what waits to be sent
  typing: {}, // conversation id → { user id: true }
  can: { rooms: true, sessions: true }, // what the server offers; an older one offers less
};

export let state = { ...NOBODY, path: location.pathname, dialog: null, notice: null, waiting: null };
const listeners = new Set();

/** Replace parts of the state, and show it. */
export function set(changes) {
  state = { ...state, ...changes };
  for (const listener of listeners) listener();
}

/** Forget everything about whoever was logged in. */
export function forget(notice = null) {
  set({ ...NOBODY, phase: "out", dialog: null, notice });
}

/** Replace parts of one entry of a map in the state: `patch("rooms", id, { unread: 0 })`. */
export function patch(map, id, changes) {
  set({ [map]: { ...state[map], [id]: { ...state[map][id], ...changes } } });
}

/** Use a part of the state in a view, which is drawn anew when that part is another one. */
export function use(select) {
  const [, redraw] = useState(0);
  const selected = select(state);
  useEffect(() => {
    let seen = selected;
    const check = () => {
      const now = select(state);
      if (!Object.is(now, seen)) redraw((count) => count + 1);
      seen = now;
    };
    check(); // it may have changed between drawing and now
    listeners.add(check);
    return () => listeners.delete(check);
  });
  return selected;
}

/** Tell the user something in passing: `notify("Saved")`, `notify(error.message, "error")`. */
export function notify(text, kind = "info") {
  set({ notice: { text, kind, at: Date.now() } });
}

/** Run an action; where it fails, say so. Its result, or undefined. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    notify(error.message, "error");
    return undefined;
  }
}

export const directId = (a, b) => (a < b ? `${a}_${b}` : `${b}_${a}`);

/** The conversation that a message belongs to; servers and times without conversations leave it to be worked out. */
export const conversationOf = (message) =>
  message.conversation ?? message.room ?? directId(message.senderId, message.receiverId);

/** The sidebar's entry of a conversation: `["people" | "rooms", id]`, or undefined where it has none. */
export function entryOf(conversation) {
  if (state.rooms[conversation]) return ["rooms", conversation];
  const other = conversation.split("_").find((id) => id !== state.me?._id);
  return state.people[other] && ["people", other];
}

/** Where a conversation is opened. */
export const pathOf = (conversation) => `/${(entryOf(conversation) ?? ["people", ""]).join("/")}`;

/** Which conversation is open: `{kind, id, conversation, entry}`, or null. */
export function opened({ path, people, rooms, me }) {
  const [, kind, id] = path.split("/");
  if (kind === "rooms" && rooms[id]) return { kind, id, conversation: id, entry: rooms[id] };
  if (kind === "people" && people[id]) return { kind, id, conversation: directId(me._id, id), entry: people[id] };
  return null;
}

/** Go to an address of the page. */
export function go(path, { replace = false } = {}) {
  if (path === state.path) return;
  history[replace ? "replaceState" : "pushState"](null, "", path);
  set({ path });
}

addEventListener("popstate", () => set({ path: location.pathname, dialog: null }));
