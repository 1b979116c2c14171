/** HTTP: every call to the server goes through here. */

const UNITS = [
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
]; // by length in seconds
const JSON_CONTENT = { "Content-Type": "application/json" };

/**
 * A call that failed. `message` is for people, `code` for programs; `status` is 0 if there was no answer;
 * `retryAfter` is how many seconds the server asks to wait.
 */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { status, code, retryAfter });
  }
}

/** Call the server, with `{ headers, signal }` as of `fetch`: the answer's JSON. Throws `ApiError`. */
export const request = async (method, path, body, options) => (await call(method, path, body, options)).data;

/**
 * A page of history, and the `before` of the next older page (undefined for the oldest). Throws `ApiError`.
 */
export async function requestPage(path) {
  const { data, headers } = await call("GET", path);
  return { messages: data, older: headers.get("Link")?.match(/[?&]before=(\d+).*rel="prev"/)?.[1] };
}

/** POST a large body and report how much has been sent, 0 to 1: the answer's JSON. Throws `ApiError`. */
export function upload(path, body, onProgress, { headers = {}, signal } = {}) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest(); // `fetch` does not tell how much has been sent
    sending.open("POST", path);
    for (const [name, value] of Object.entries({ ...JSON_CONTENT, ...headers }))
      sending.setRequestHeader(name, value);
    signal?.addEventListener("abort", () => sending.abort());
    sending.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    sending.onerror = sending.onabort = () => reject(unreachable());
    sending.onload = () => {
      const data = parsed(sending.responseText);
      if (sending.status < 300 && data) resolve(data);
      else reject(failure(sending.status, data, sending.getResponseHeader("Retry-After")));
    };
    sending.send(JSON.stringify(body));
  });
}

async function call(method, path, body, { headers = {}, signal } = {}) {
  const content = body && { headers: { ...JSON_CONTENT, ...headers }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, headers, signal, ...content }).catch(() => {
    throw unreachable();
  });
  const data = parsed(await answer.text().catch(() => ""));
  if (answer.ok && data) return { data, headers: answer.headers };
  throw failure(answer.ok ? 0 : answer.status, data, answer.headers.get("Retry-After"));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unreachable = () => new ApiError("Can't reach the server. Check your connection and try again.");

function failure(status, data, retryAfter) {
  const seconds = Number(retryAfter) || 0;
  return new ApiError(explain(status, data, seconds), { status, code: data?.code, retryAfter: seconds });
}

function explain(status, data, seconds) {
  if (status === 429) return `Too many attempts. Try again ${seconds ? `in ${duration(seconds)}` : "later"}`;
  const message =
    data?.message ?? (status >= 500 ? "The server has a problem. Try again soon." : "That didn't work.");
  return message[0].toUpperCase() + message.slice(1);
}

/** "20 hours", "5 minutes", "1 second"; rounded up. */
function duration(seconds) {
  const [length, unit] = UNITS.find(([length]) => seconds > length) ?? UNITS.at(-1);
  const count = Math.ceil(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
