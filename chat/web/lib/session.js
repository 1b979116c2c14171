/** Who is logged in: finding out, logging in and out. */

import { request } from "/lib/api.js";
import { connect, disconnect } from "/lib/live.js";
import { forget, go, set, state } from "/lib/state.js";

const RETRY_MS = 4000;
let retrying = 0;

/** Find out whether this browser is logged in, and go on trying where the server can't be reached. */
export async function start() {
  clearTimeout(retrying);
  try {
    enter(await request("GET", "/api/auth/check"));
  } catch (error) {
    if ([401, 404].includes(error.status)) return forget();
    set({ phase: "unreachable" });
    retrying = setTimeout(start, RETRY_MS);
  }
}

addEventListener("online", () => state.phase === "unreachable" && start());

/** Log in, or sign up where there is a `fullName`. Throws `ApiError`. */
export async function logIn({ fullName, email, password }) {
  const path = fullName === undefined ? "/api/auth/login" : "/api/auth/signup";
  enter(await request("POST", path, { fullName, email, password }));
}

/** Log out here. Throws `ApiError`. */
export async function logOut() {
  await request("POST", "/api/auth/logout");
  leave();
}

function enter(me) {
  set({ me, phase: "in", notice: null });
  connect(leave);
}

function leave(why) {
  disconnect();
  go("/", { replace: true });
  forget(why);
}
