/**
 * What the page knows, in one object that is replaced and never changed in place. The whole page is drawn from it whenever
 * it is replaced.
 *
 * A talk is a conversation as the sidebar has it: a user or a room (which has `members`), with `unread`, `lastMessage`
 * and `cursors`; and with what is loaded of it. Its `conversation` is the server's id for it: two user ids, the smaller
 * first, joined by "_"; or the room's id.
 */

const NOTICE_MS = 6000;
const NOBODY = {
  me: null, // the user who is logged in
  phase: "starting", // starting | unreachable | out | in
  link: "connecting", // connecting | online | offline: the socket
  talks: {}, // conversation id → talk
  listed: false, // whether talks have been loaded
  online: new Set(), // user ids
  queue: [], // what waits to be sent
  goal: null, // the message to scroll to: { id }
  dialog: null, // what is asked or shown above the page: { kind, … }
};
const NEW_TALK = {
  unread: 0,
  lastMessage: null,
  listed: 0, // the seq of the last message that `unread` counts as the server listed it
  counted: new Set(), // seqs of those that came since
  messages: [], // in order
  older: undefined, // the `before` of the page before them
  status: "none", // none | loading | ready | older (more is loading) | failed
  error: null,
  line: null, // the id of the message under the line "New"
  mode: null, // what its composer does: { kind: "reply" | "edit", message }
  pictures: [], // data URIs that wait to be sent
  sentAt: 0, // when I last sent something here
  typing: {}, // user id → until when (ms) they are shown as typing
};

export let state = { ...NOBODY, path: location.pathname, notice: null, minute: 0 };
let draw = () => {};
let due = false;

/** Call `show()` now and after changes, once for all of a moment. */
export function watch(show) {
  draw = show;
  draw();
}

/** Replace parts of the state, and show it. */
export function set(changes) {
  state = { ...state, ...changes };
  if (!due) queueMicrotask(() => ((due = false), draw()));
  due = true;
}

/** Replace parts of a talk, if it is still there. */
export function patch(conversation, changes) {
  const talk = state.talks[conversation];
  if (talk) set({ talks: { ...state.talks, [conversation]: { ...talk, ...changes } } });
}

/** A talk as the server lists it, with what is loaded of it, and with what has come since the server listed it. */
export function known(talk) {
  const old = state.talks[talk.conversation] ?? NEW_TALK;
  const seqs = (one) => [one.lastMessage?.seq ?? 0, readTo(one)];
  const ahead = seqs(old).some((seq, index) => seq > seqs(talk)[index]);
  const { unread, lastMessage, cursors, listed, counted } = old;
  const newer = ahead ? { unread, lastMessage, cursors, listed, counted } : { listed: seqs(talk)[0], counted: new Set() };
  return { ...old, ...talk, ...newer };
}

/** The seq up to which somebody, or I, have read a talk. */
export const readTo = ({ cursors }, userId = state.me._id) => cursors?.[userId] ?? 0;

/** The ids of those who are typing. */
export const typingIn = ({ typing }) => Object.keys(typing).filter((id) => typing[id] > Date.now());

/** Forget everything about whoever was logged in; `why` is shown. */
export function forget(why) {
  set({ ...NOBODY, phase: "out" });
  if (why) notify(why);
}

/** Tell the user something in passing: `notify("Saved")`, `notify(error.message, "error")`. */
export function notify(text, kind = "info") {
  const notice = { text, kind };
  set({ notice });
  setTimeout(() => state.notice === notice && set({ notice: null }), NOTICE_MS);
}

/** Run an action; where it fails, say so. Its result, or undefined. */
export const attempt = (action) => action().catch(({ message }) => notify(message, "error"));

const directId = (a, b) => (a < b ? `${a}_${b}` : `${b}_${a}`);

/** The id of my conversation with somebody. */
export const withMe = (userId) => directId(state.me._id, userId);

/** The conversation that a message belongs to; servers and times without conversations leave it to be worked out. */
export const conversationOf = (message) => message.conversation ?? message.room ?? directId(message.senderId, message.receiverId);

/** A user who may be myself; undefined where nobody has that id. */
export const userOf = (id) => (id === state.me?._id ? state.me : state.talks[withMe(id)]);

/** A person's name; "You" for oneself. */
export const nameOf = (id) => (id === state.me?._id ? "You" : (userOf(id)?.fullName ?? "Somebody"));

/** The name of a person or a room. */
export const titleOf = (talk) => talk?.fullName ?? talk?.name ?? "Somebody";

export const pathOf = (conversation) => `/chat/${conversation}`;

/** The talk that is open, or undefined. */
export const opened = () => state.talks[state.path.split("/")[2]];

/** Go to an address of the page. */
export function go(path, { replace = false } = {}) {
  if (path === state.path) return;
  history[replace ? "replaceState" : "pushState"](null, "", path);
  set({ path });
}

addEventListener("popstate", () => set({ path: location.pathname, dialog: null }));
setInterval(() => set({ minute: state.minute + 1 }), 60_000); // "5 minutes ago" and "Today" don't stay true
