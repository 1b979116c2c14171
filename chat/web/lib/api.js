/** HTTP: every call to the server goes through here. */

/**
 * A call that did not work out. `message` is for people; `status` is 0 where no answer came; `code` is the server's
 * stable name for the failure; `retryAfter` is in seconds, where the server asked for patience.
 */
export class ApiError extends Error {
  constructor(message, status = 0, code = "no_answer", retryAfter = 0) {
    super(message);
    Object.assign(this, { status, code, retryAfter });
  }
}

/** Call the server: the answer's JSON. Throws `ApiError`. */
export const request = async (method, path, body) => (await call(method, path, body)).data;

/** A page of history, and the `before` of the next older page (undefined where there is none). Throws `ApiError`. */
export async function requestPage(path) {
  const { data, headers } = await call("GET", path);
  const older = /<[^>]*[?&]before=(\d+)[^>]*>;\s*rel="?prev"?/.exec(headers.get("Link") ?? "");
  return { messages: data, older: older ? Number(older[1]) : undefined };
}

async function call(method, path, body) {
  const content = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, ...content }).catch(() => {
    throw new ApiError("The server can't be reached. Check your connection and try again.");
  });
  const { headers, status, ok } = answer;
  const data = await answer.json().catch(() => undefined);
  if (ok && data !== undefined) return { data, headers };
  throw new ApiError(words(status, data), ok ? 0 : status, data?.code, Number(headers.get("Retry-After")) || 0);
}

function words(status, data) {
  if (typeof data?.message === "string") return data.message[0].toUpperCase() + data.message.slice(1);
  return status >= 500 ? "The server has a problem. Try again in a moment." : "That did not work.";
}
