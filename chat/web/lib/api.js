/** HTTP: every call to the server goes through here. */

/**
 * A call that did not work out. `message` is for people; `status` is 0 where no answer came; `retryAfter` is in seconds,
 * where the server asked for patience.
 */
export class ApiError extends Error {
  constructor(message, status = 0, retryAfter = 0) {
    super(message);
    Object.assign(this, { status, retryAfter });
  }
}

/** Call the server: the answer's JSON. Throws `ApiError`. */
export const request = async (method, path, body) => (await call(method, path, body)).data;

/** A page of history, and the `before` of the next older page (undefined where there is none). Throws `ApiError`. */
export async function requestPage(path) {
  const { data, headers } = await call("GET", path);
  return { messages: data, older: headers.get("Link")?.match(/[?&]before=(\d+).*rel="prev"/)?.[1] };
}

async function call(method, path, body) {
  const content = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, ...content }).catch(() => {
    throw new ApiError("The server can't be reached. Check your connection and try again.");
  });
  const { headers, status, ok } = answer;
  const data = await answer.json().catch(() => undefined);
  if (ok && data) return { data, headers };
  const words = data?.message ?? (status >= 500 ? "The server has a problem. Try again in a moment." : "That did not work.");
  throw new ApiError(words[0].toUpperCase() + words.slice(1), ok ? 0 : status, Number(headers.get("Retry-After")) || 0);
}
