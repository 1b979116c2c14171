/** Being logged in: who it is, and what happens when that begins and ends. */

import { request } from "/lib/api.js";
import { clearAnnouncement } from "/lib/attention.js";
import { cachedLists, clearCache } from "/lib/cache.js";
import { close, open, prepare, sync } from "/lib/connection.js";
import { removeDrafts } from "/lib/drafts.js";
import { showLists } from "/lib/lists.js";
import { go, reset, set, state } from "/lib/state.js";
import { notify } from "/lib/toasts.js";

const RETRY_MS = 3000;
const CURRENT_USER = "chat:user"; // where localStorage has the id of the user of this browser, for all tabs
const NEEDS_HTTPS =
  "This site needs HTTPS: over plain HTTP, browsers don't keep you logged in. Ask its owner to set it up.";
const REASONS = {
  revoked: "You were logged out from another device.",
  user_not_found: "Your account no longer exists.",
};
let retryTimer = 0;
let ending = false; // while this tab ends the login

/** Find out who is logged in. Without an answer, show what they saw last, and keep trying. */
export async function start() {
  stopRetrying();
  const answers = Promise.all([request("GET", "/api/auth/check"), loadLimits()]);
  await answers.then(([me]) => enter(me), waitForServer);
}

async function waitForServer({ status }) {
  if ([401, 404].includes(status)) return leave();
  if (!state.me) await showCached();
  if (!state.me) set({ phase: "unreachable" });
  retryTimer = setTimeout(start, RETRY_MS);
}

function stopRetrying() {
  clearTimeout(retryTimer);
  retryTimer = 0;
}

/** Load what the server accepts. The check on the server stands in as long as it can't be loaded. */
async function loadLimits() {
  const limits = await request("GET", "/api/limits").catch(() => null);
  if (limits) set({ limits });
}

async function showCached() {
  const userId = localStorage.getItem(CURRENT_USER);
  const cached = userId && (await cachedLists(userId));
  if (!cached) return;
  const { me, limits, people, rooms } = cached;
  set({ me, limits, phase: "in", link: "offline" });
  showLists(people, rooms);
  prepare(onEnd);
}

async function enter(me) {
  const known = currentUser();
  if (known && known !== me._id) leave();
  localStorage.setItem(CURRENT_USER, me._id);
  if (me.unverified) return set({ me, phase: "unconfirmed" });
  if (state.phase !== "in") {
    set({ me, phase: "in", toast: null });
    prepare(onEnd);
  }
  await open();
}

/** Log in, or sign up if `fields` has a `fullName`. Throws an Error in words. */
export async function logIn(fields) {
  const me = await request("POST", `/api/auth/${"fullName" in fields ? "signup" : "login"}`, fields);
  await request("GET", "/api/auth/check").catch(({ status }) => {
    if (status === 401) throw new Error(NEEDS_HTTPS);
  });
  enter(me);
}

/** Log out here. Throws `ApiError`. */
export async function logOut() {
  await endingHere(() => request("POST", "/api/auth/logout"));
  leave("You logged out");
}

/** Delete the account: `fields` is `{ password }`. Throws `ApiError`. */
export async function deleteAccount(fields) {
  const userId = state.me._id;
  await endingHere(() => request("DELETE", "/api/auth/account", fields));
  for (const { clientId } of state.queue) sync?.discard(clientId);
  removeDrafts(userId);
  leave("Your account was deleted.");
}

/** End the login: the server says then that it has ended, which is no news here or in other tabs. */
async function endingHere(action) {
  const userId = state.me._id;
  ending = true;
  localStorage.removeItem(CURRENT_USER);
  try {
    await action();
  } catch (error) {
    localStorage.setItem(CURRENT_USER, userId);
    throw error;
  } finally {
    ending = false;
  }
}

function onEnd(code) {
  if (ending) return;
  if (code !== "wrong_user") return leave(REASONS[code] ?? "You were logged out.");
  leave();
  start();
}

/** The id of the user whose login this browser knows of. */
const currentUser = () => state.me?._id ?? localStorage.getItem(CURRENT_USER);

/** Forget the user; `why` is shown. */
function leave(why) {
  const userId = currentUser();
  close();
  stopRetrying();
  clearAnnouncement();
  if (userId) clearCache(userId);
  if (localStorage.getItem(CURRENT_USER) === userId) localStorage.removeItem(CURRENT_USER);
  if (state.me) go("/", { replace: true });
  reset();
  if (why) notify(why);
}

addEventListener("online", () => retryTimer && start());

// Another tab has logged in or out.
addEventListener("storage", ({ key, newValue }) => {
  if (key !== CURRENT_USER || newValue === (state.me?._id ?? null)) return;
  leave();
  if (newValue) start();
});
