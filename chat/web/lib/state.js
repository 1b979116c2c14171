/**
 * What the page knows: one object that is replaced, never changed in place. The page is rendered from it each
 * time it is replaced. Views get what they show as properties; only actions and event handlers read `state`.
 */

const LOGGED_OUT = {
  me: null, // the user who is logged in
  phase: "starting", // starting | unreachable | out | unconfirmed (email) | in
  link: "connecting", // connecting | online | offline: the socket
  users: {}, // user id → user as the server lists them, including me
  conversations: {}, // conversation id → what the server knows of it: see conversations.js
  listed: false, // whether users and conversations have been loaded
  histories: {}, // conversation id → the messages that are loaded: see history.js
  composers: {}, // conversation id → what is being written, except the text: see NEW_COMPOSER
  online: new Set(), // ids of users who are online
  queue: [], // messages that wait to be sent, as sync.js describes them
  uploads: {}, // client id of a message that is being sent → how much of it has been sent, 0 to 1
  goal: null, // the message to scroll to: { id }
  dialog: null, // the dialog that is open: { kind, … }
};

export const NEW_COMPOSER = {
  mode: null, // what is being written: null for a new message, or { kind: "reply" | "edit", message }
  pictures: [], // data URIs that wait to be sent
  sentAt: 0, // when I last sent something here, in ms
};

export let state = {
  ...LOGGED_OUT,
  limits: {}, // what the server accepts, from GET /api/limits; empty until it has answered
  path: location.pathname,
  toast: null, // a short notice: { text, kind: "info" | "error" }
  minute: 0, // grows each minute, because "5 minutes ago" and "Today" don't stay true
  attentive: isAttentive(), // whether the user can be looking at this page
};
let render = () => {};
let scheduled = false;

/** Call `show(state)` now, and after changes: once for all changes of a moment. */
export function watch(show) {
  render = () => show(state);
  render();
}

/** Replace parts of the state. */
export function set(changes) {
  state = { ...state, ...changes };
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    render();
  });
}

/** Forget everything about the user who was logged in. */
export const reset = () => set({ ...LOGGED_OUT, phase: "out" });

/** Replace parts of a conversation, if it is still listed. */
export function updateConversation(id, changes) {
  const conversation = state.conversations[id];
  if (conversation) set({ conversations: { ...state.conversations, [id]: { ...conversation, ...changes } } });
}

/** Replace parts of what is being written in a conversation. */
export function updateComposer(id, changes) {
  const composer = state.composers[id] ?? NEW_COMPOSER;
  set({ composers: { ...state.composers, [id]: { ...composer, ...changes } } });
}

/** Show the current user under another name or with another picture. */
export const updateMe = (me) => set({ me, users: { ...state.users, [me._id]: me } });

/** Go to another address of the page. */
export function go(path, { replace = false } = {}) {
  if (path === state.path) return;
  history[replace ? "replaceState" : "pushState"](null, "", path);
  set({ path });
}

export const pathOf = (conversationId) => `/chat/${conversationId}`;

/** The id of the conversation at an address of the page; undefined if there is none. */
export const conversationAt = (path) => path.split("/")[2];

export const openDialog = (kind, more) => set({ dialog: { kind, ...more } });
export const closeDialog = () => set({ dialog: null });

/** Ask before `run()`: `confirm({ title, text, yes, run })`. */
export const confirm = (question) => openDialog("confirm", question);

function isAttentive() {
  return document.visibilityState === "visible" && document.hasFocus();
}

for (const event of ["focus", "blur", "visibilitychange"]) {
  addEventListener(event, () => set({ attentive: isAttentive() }), true);
}
addEventListener("popstate", () => set({ path: location.pathname, dialog: null }));
setInterval(() => set({ minute: state.minute + 1 }), 60_000);
