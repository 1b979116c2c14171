/** Short notices: what was done, or why it failed. */

import { set, state } from "/lib/state.js";

const SHOWN_MS = 6000;

/** Show a notice for a few seconds: `notify("Saved")`, `notify(error.message, "error")`. */
export function notify(text, kind = "info") {
  const toast = { text, kind };
  set({ toast });
  setTimeout(() => state.toast === toast && set({ toast: null }), SHOWN_MS);
}

/** Run an action and show its failure: its result, or undefined. */
export const attempt = (action) => action().catch(({ message }) => notify(message, "error"));
