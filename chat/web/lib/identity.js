/**
 * Calls in the name of one user. While a page has no connection, another user may log in to the same browser;
 * nothing that the first one wrote may be sent then. So after each doubt the server is asked who is logged
 * in.
 */

import { ApiError, request, upload } from "/lib/api.js";
import { set, state } from "/lib/state.js";

let userId = "";
let ended = () => {}; // called when it is not the user any more: `ended(code)`
let checking = null; // a promise of the server's word that it is the user; null if there is doubt

/** Call in the name of that user from now on. `onEnd(code)` is called if the server says it is not them. */
export function expectUser(id, onEnd) {
  userId = id;
  ended = onEnd;
  checking = null;
}

/** The server has just said that it is the user. */
export function confirmUser() {
  checking = Promise.resolve();
}

/** The connection was lost: ask again before the next call. */
export function doubtUser() {
  checking = null;
}

/** Make sure that it is still the user who is logged in. Throws `ApiError`. */
export function checkUser() {
  checking ??= request("GET", "/api/auth/check").then(
    ({ _id }) => {
      if (_id !== userId) throw end("wrong_user");
    },
    (error) => {
      checking = null;
      throw [401, 404].includes(error.status) ? end(error.code) : error;
    },
  );
  return checking;
}

function end(code) {
  ended(code);
  return new ApiError("You were logged out.", { status: 401 });
}

/** Call the server in the user's name, as `request` does. Pictures show how much of them has been sent. */
export async function requestAsUser(method, path, body, options) {
  await checkUser();
  try {
    return await (body.image ? uploadPicture(path, body, options) : request(method, path, body, options));
  } catch (error) {
    if (error.status === 0) doubtUser();
    throw error;
  }
}

function uploadPicture(path, body, options) {
  const show = (fraction) => {
    const { [body.clientId]: _, ...others } = state.uploads;
    set({ uploads: fraction === undefined ? others : { ...others, [body.clientId]: fraction } });
  };
  return upload(path, body, show, options).finally(() => show());
}
