/**
 * The browser's half of delivery: no message lost, repeated or out of order. One file without imports or a framework, so
 * that any front end can use it.
 *
 *     const sync = createSync({ userId, request, onMessages, onQueue });
 *     sync.attach(io());                                   // a socket.io-client socket
 *     sync.send({ conversation, to: userId, text: "hi" }); // or room: roomId; also image, replyTo
 *
 * What it promises
 * - A message is stored in the browser before it is sent, and sent again until the server has acknowledged it, over lost
 *   answers, reconnects and reloads. Its `clientId` makes repeating harmless.
 * - In one conversation one message is on its way at a time, over all tabs too: a user's messages keep their order. Those
 *   with an image have a lane of their own, in which they keep theirs: a text doesn't wait for a photo to be uploaded.
 * - A message is sent only in the name of the user who wrote it.
 * - A page that is connected shows what the server has. Each doubt (a connect, a jump in `rev`, a catch-up that failed)
 *   leads to a catch-up, and the last catch-up begins after the last doubt.
 *
 * `docs/clients.md` shows it in use.
 */

/**
 * A message as the server sends it. `rev` is missing in messages of a time without numbers.
 * @typedef {{ _id: string, senderId: string, createdAt: string, updatedAt: string, conversation?: string, rev?: number,
 *   seq?: number, clientId?: string, text?: string, image?: string, [field: string]: any }} Message
 */

/**
 * What a user writes: `to` is a user's id, `room` a room's (one of both), `image` a data URI.
 * @typedef {{ conversation: string, to?: string, room?: string, text?: string, image?: string, replyTo?: string }} Draft
 */

/**
 * A message that is not acknowledged yet. `at` gives the order; `error` says why a failed one was refused.
 * @typedef {Draft & { clientId: string, userId: string, at: number, state: "waiting" | "sending" | "failed",
 *   error?: string }} Entry
 */

/**
 * Where the queue survives a reload. All tabs of a browser share one.
 * @typedef {{ all(userId: string): Promise<Entry[]>, put(entry: Entry): Promise<unknown>,
 *   remove(clientId: string): Promise<unknown> }} Storage
 */

/**
 * Calls the server; a promise of the answer's JSON. It rejects with an Error that may have `status` (0 or none if no
 * answer of the server came), `code` (the server's), and `retryAfter` (seconds). `headers` go out with the call, and
 * `signal` ends it.
 * @typedef {(method: string, path: string, body: object,
 *   options: { headers: Record<string, string>, signal: AbortSignal }) => Promise<any>} Request
 */

/**
 * - `userId`: who is logged in on this page. Each user has a queue of their own.
 * - `onMessages`: messages that are new or changed, from the socket, a catch-up or an own send. The same one may come more
 *   than once: key them by `_id`, and keep the one with the higher `rev`.
 * - `onQueue`: what is not acknowledged yet, in order, after each change.
 * - `onStop`: called once if the server no longer takes this page for `userId`: "logged_out", or "wrong_user" if another
 *   user has logged in meanwhile. What waits stays in the storage for the next `createSync` of this user.
 * - `storage`: by default `outbox()`, in IndexedDB.
 * @typedef {{ userId: string, request: Request, onMessages: (messages: Message[]) => void,
 *   onQueue: (entries: Entry[]) => void, onStop?: (reason: "logged_out" | "wrong_user") => void, storage?: Storage }} Options
 */

const PAUSES = [500, 1000, 2000, 4000, 8000, 15000]; // ms between attempts; the last one repeats
const REORDER_MS = 250; // how long a message may overtake the one before it until that one counts as missed
const UNKNOWN_MS = 1000; // how long the page has to `follow` a conversation that something came from
const STORAGE_MS = 1000; // how long the storage may take until sending goes on without it
const ANSWER_MS = 30_000; // how long an answer may take until the call counts as lost; uploads of images have longer:
const UPLOAD_BYTES_PER_MS = 10; // what a slow network gets through
const TEMPORARY = new Set([408, 425, 429]); // refusals that a later attempt may not meet

/**
 * Queue, send, and catch up: for one user, on one page.
 * @param {Options} options
 */
export function createSync({ userId, request, onMessages, onQueue, onStop = () => {}, storage = outbox() }) {
  const pauses = createPauses();
  const server = createServer({ userId, request, refuse });
  const queue = createQueue({ userId, storage, pauses, deliver, onQueue: (entries) => show(onQueue, entries) });
  const inbox = createInbox({ pauses, fetchChanges: server.fetchChanges, receive });
  let stopped = false;

  /** Call back with what the page should show. An error of the page is reported, and harms nothing here. */
  function show(callback, value) {
    if (!stopped) callBack(callback, value);
  }

  /** Send an entry, and take in the message that the server made of it. */
  async function deliver(entry) {
    const message = await server.send(entry);
    receive([message]);
    // Before the first catch-up, nothing is known of most conversations: noting that only this message of one is here
    // would lead to a catch-up of all of it, which the first catch-up does anyway, unless the page follows it until then.
    if (inbox.hasBegun() || inbox.follows(message.conversation)) inbox.note(message);
  }

  /** Show messages, wherever they came from. Own ones that are still in the queue have arrived. */
  function receive(messages) {
    if (stopped || !messages.length) return;
    for (const { senderId, clientId } of messages) if (clientId && senderId === userId) queue.acknowledge(clientId);
    show(onMessages, messages);
  }

  /**
   * Take in a message that arrived; `attach` does it for those of the socket.
   * @param {Message} message
   */
  function take(message) {
    if (stopped) return;
    receive([message]);
    inbox.note(message);
  }

  /**
   * Listen to a socket of socket.io-client: its messages, and its connects.
   * @param {{ connected?: boolean, on(event: string, listener: (value: any) => void): unknown }} socket
   */
  function attach(socket) {
    for (const event of ["newMessage", "new_message", "messageUpdated"]) socket.on(event, take);
    socket.on("connect", connected);
    if (socket.connected) connected();
  }

  function connected() {
    wake();
    inbox.catchUp();
  }

  /** Try again now what waits between two attempts. */
  function wake() {
    pauses.end();
    queue.adopt();
  }

  /** The server no longer takes this page for the user. */
  function refuse(reason) {
    if (stopped) return;
    stop();
    callBack(onStop, reason);
  }

  /** Stop sending and listening. What waits stays in the storage. */
  function stop() {
    stopped = true;
    globalThis.removeEventListener?.("online", wake);
    for (const part of [server, queue, inbox]) part.stop();
    pauses.end({ all: true });
  }

  globalThis.addEventListener?.("online", wake);
  const { send, retry, discard } = queue;
  const { follow, follows, catchUp } = inbox;
  return { send, retry, discard, take, follow, follows, catchUp, attach, wake, stop };
}

/**
 * The server's two endpoints, called in the user's name. A call rejects if no answer of a chat server comes in time.
 * `refuse(reason)` is called if the server does not take the caller for the user.
 */
function createServer({ userId, request, refuse }) {
  const calls = new Set(); // the ends of those under way
  let stopped = false;

  /** Send an entry; the message that the server made of it. */
  async function send({ clientId, to, room, text, image, replyTo }) {
    const path = room ? `/api/rooms/${room}/messages` : `/api/messages/send/${to}`;
    const patience = ANSWER_MS + (image?.length ?? 0) / UPLOAD_BYTES_PER_MS;
    return expect("_id", await call(path, { clientId, text, image, replyTo }, patience));
  }

  /** What changed in each conversation after its cursor, as far as one answer holds it. */
  async function fetchChanges(cursors) {
    return expect("conversations", await call("/api/messages/sync", { cursors }, ANSWER_MS)).conversations;
  }

  /** The answer, if it has that field. The page of a captive portal has not. */
  function expect(field, answer) {
    if (answer?.[field] === undefined) throw new Error("The answer is not one of the chat server.");
    return answer;
  }

  async function call(path, body, patience) {
    try {
      return await answerWithin(patience, path, body);
    } catch (error) {
      if (error?.status === 401) refuse("logged_out");
      if (error?.code === "wrong_user") refuse("wrong_user");
      throw error;
    }
  }

  function answerWithin(patience, path, body) {
    return new Promise((resolve, reject) => {
      if (stopped) return reject(new Error("Stopped."));
      const abort = new AbortController();
      const end = () => {
        clearTimeout(timer);
        calls.delete(end);
        reject(new Error("The server does not answer."));
        abort.abort();
      };
      const timer = setTimeout(end, patience);
      calls.add(end);
      const asked = async () => request("POST", path, body, { headers: { "X-Chat-User": userId }, signal: abort.signal });
      asked().then(resolve, reject).finally(end); // then, it changes nothing any more
    });
  }

  function stop() {
    stopped = true;
    for (const end of calls) end();
  }

  return { send, fetchChanges, stop };
}

/**
 * The messages that are not acknowledged yet, and the lanes on which they are sent: two for each conversation, one of which
 * is for messages with an image. `deliver(entry)` sends one.
 */
function createQueue({ userId, storage, pauses, deliver, onQueue }) {
  /** @type {Entry[]} */
  let entries = []; // in the order of `at`
  const lanes = new Set(); // those on which entries are being sent
  const adopted = new Set(); // clientIds of entries that other pages queued
  const finished = new Set(); // clientIds of acknowledged and discarded entries: a slow storage may still list them
  let hasRead = false; // what the storage holds
  let stopped = false;

  const find = (clientId) => entries.find((entry) => entry.clientId === clientId);
  const waiting = (lane) => entries.filter((entry) => laneOf(entry) === lane && entry.state !== "failed");
  const show = () => onQueue(entries.slice());

  /** Store an entry, or go on without that. */
  const keep = (entry) => attempt(() => storage.put(entry));

  /**
   * Queue a message; the queue's entry for it.
   * @param {Draft} draft
   * @returns {Entry}
   */
  function send({ conversation, to, room, text, image, replyTo }) {
    const content = { to, room, text, image, replyTo };
    /** @type {Entry} */
    const entry = { clientId: newClientId(), userId, conversation, ...content, at: timeAfter(entries), state: "waiting" };
    entries.push(entry);
    show();
    keep(entry).then(() => drain(laneOf(entry)));
    return entry;
  }

  /**
   * Send a failed entry once more.
   * @param {string} clientId
   */
  function retry(clientId) {
    const entry = find(clientId);
    if (!entry) return;
    update(entry, { state: "waiting", error: undefined });
    keep(entry).then(() => drain(laneOf(entry)));
  }

  /**
   * Forget an entry. One that is on its way at this moment may still arrive.
   * @param {string} clientId
   */
  function discard(clientId) {
    finished.add(clientId);
    entries = entries.filter((entry) => entry.clientId !== clientId);
    show();
    return attempt(() => storage.remove(clientId));
  }

  /** Forget an entry, if it is there: the server has its message. */
  function acknowledge(clientId) {
    if (find(clientId)) discard(clientId);
  }

  function update(entry, change) {
    Object.assign(entry, change);
    show();
  }

  /** Send what waits on a lane. The tabs take turns, batch by batch. */
  async function drain(lane) {
    if (lanes.has(lane)) return; // the loop that is running sees what was added
    lanes.add(lane);
    while (!stopped && waiting(lane).length) await exclusively(`chat ${userId} ${lane}`, () => sendBatch(lane));
    lanes.delete(lane);
  }

  async function sendBatch(lane) {
    await adopt(); // what was queued earlier in another tab goes first
    for (const entry of waiting(lane)) await sendOne(entry);
  }

  /** Send an entry until it is acknowledged, refused or discarded. */
  async function sendOne(entry) {
    for (let failures = 0; !stopped && find(entry.clientId); failures++) {
      update(entry, { state: "sending" });
      try {
        await deliver(entry);
        return acknowledge(entry.clientId); // if the answer names no clientId
      } catch (error) {
        if (!find(entry.clientId)) return; // it has arrived, although the answer did not, or was discarded
        if (isFinal(error) && !stopped) {
          update(entry, { state: "failed", error: error.message });
          return keep(entry);
        }
        update(entry, { state: "waiting" });
        await pauses.after(failures, error);
      }
    }
  }

  /** Take over what other pages of this user have queued, those that are gone included. */
  const adopt = () => attempt(readStorage);

  async function readStorage() {
    const stored = await storage.all(userId);
    if (!hasRead) moveBehind(stored);
    hasRead = true;
    const listed = new Set(stored.map(({ clientId }) => clientId));
    const others = stored.filter(({ clientId }) => !find(clientId) && !finished.has(clientId));
    // What this page wrote itself stays, whatever the storage says. What it adopted is gone if another page sent it.
    entries = [...entries.filter(({ clientId }) => listed.has(clientId) || !adopted.has(clientId)), ...others];
    entries.sort((a, b) => a.at - b.at);
    show();
    for (const entry of others) {
      adopted.add(entry.clientId);
      drain(laneOf(entry));
    }
  }

  /** What was written here before the storage could be read comes after what it holds, although clocks may be set back. */
  function moveBehind(stored) {
    const before = stored.filter(({ clientId }) => !find(clientId)).sort((a, b) => a.at - b.at);
    for (const entry of entries) {
      const at = Math.max(entry.at, timeAfter(before));
      before.push(entry);
      if (at === entry.at) continue;
      entry.at = at;
      keep(entry);
    }
  }

  adopt();
  return { send, retry, discard, acknowledge, adopt, stop: () => void (stopped = true) };
}

/**
 * What is here of each conversation, and the catch-ups that fetch what is not. `fetchChanges(cursors)` asks the server,
 * `receive(messages)` takes in what it answers.
 */
function createInbox({ pauses, fetchChanges, receive }) {
  /**
   * `rev`: every change up to it is here. `known`: whether there is such a `rev`; if not, a catch-up starts at the
   * beginning. `ahead`: later ones that are here, after a gap. `timer`: runs while the gap may close by itself.
   * @type {Map<string, { rev: number, known: boolean, ahead: Set<number>, timer: any }>}
   */
  const marks = new Map();
  /** @type {Promise<boolean>} */
  let lastPass = Promise.resolve(true);
  /** @type {Promise<boolean> | null} */
  let nextPass = null; // the last one, until it begins
  let failures = 0; // of passes, one after the other
  let retrying = false; // a pass failed, and another one follows after a pause
  let begun = false;
  let stopped = false;

  /**
   * Say that the page has loaded a conversation: every change up to `rev`.
   * @param {string} conversation
   * @param {number} rev
   */
  function follow(conversation, rev) {
    const mark = markOf(conversation);
    mark.rev = Math.max(mark.rev, rev);
    mark.known = true;
    settle(mark);
  }

  /**
   * Whether a conversation was loaded, by the page or by a catch-up.
   * @param {string} conversation
   */
  const follows = (conversation) => marks.get(conversation)?.known ?? false;

  /**
   * Remember that a message is here, in the state that its `rev` names.
   * @param {Message} message
   */
  function note({ conversation, rev }) {
    if (conversation === undefined || rev === undefined) return; // from a time without numbers
    const mark = markOf(conversation);
    mark.ahead.add(rev);
    settle(mark);
  }

  function markOf(conversation) {
    const mark = marks.get(conversation) ?? { rev: 0, known: false, ahead: new Set(), timer: 0 };
    marks.set(conversation, mark);
    return mark;
  }

  /** Move a mark on over what came ahead of time, and doubt if a gap is left. */
  function settle(mark) {
    for (const rev of mark.ahead) if (rev <= mark.rev) mark.ahead.delete(rev);
    while (mark.ahead.delete(mark.rev + 1)) mark.rev += 1;
    mark.known ||= mark.rev > 0;
    if (mark.ahead.size) mark.timer ||= setTimeout(closeGap, mark.known ? REORDER_MS : UNKNOWN_MS, mark);
  }

  function closeGap(mark) {
    mark.timer = 0;
    if (mark.ahead.size && !retrying) catchUp();
  }

  /**
   * Fetch all that was missed. Resolves after the next pass that begins now or later: to true, or to false if it failed;
   * then another pass follows by itself. Passes run one at a time: a caller that asks during one may know of something
   * newer than its answer, so another one follows.
   * @returns {Promise<boolean>}
   */
  function catchUp() {
    begun = true;
    if (!nextPass) lastPass = nextPass = lastPass.then(fetchMissed);
    return nextPass;
  }

  async function fetchMissed() {
    nextPass = null;
    try {
      for (let more = true; more; ) more = takeIn(await fetchChanges(cursors()));
    } catch (error) {
      if (!stopped) tryAgain(error);
      return false;
    }
    failures = 0;
    retrying = false;
    return true;
  }

  /** The server begins at 0 with each conversation that is not named. */
  const cursors = () =>
    Object.fromEntries([...marks].filter(([, { known, rev }]) => known && rev).map(([id, { rev }]) => [id, rev]));

  /** Take in one answer; whether there is more. */
  function takeIn(changes) {
    let moved = false;
    for (const { id, messages, upTo } of changes) {
      receive(messages);
      moved ||= upTo > markOf(id).rev;
      follow(id, upTo);
    }
    const more = changes.some((one) => one.more);
    if (more && !moved) throw new Error("The server repeats itself.");
    return more;
  }

  async function tryAgain(error) {
    if (retrying) return;
    retrying = true;
    await pauses.after(failures++, error);
    if (!retrying || stopped) return;
    retrying = false;
    catchUp();
  }

  const hasBegun = () => begun;
  return { follow, follows, note, catchUp, hasBegun, stop: () => void (stopped = true) };
}

/** The pauses between two attempts. */
function createPauses() {
  const running = new Set();

  /** Wait, the longer the more attempts have failed, or as long as the server asked for. */
  function after(failures, error) {
    const asked = (error?.retryAfter ?? 0) * 1000;
    const ms = Math.max(asked, PAUSES[Math.min(failures, PAUSES.length - 1)]);
    return new Promise((resolve) => {
      const pause = { asked, end };
      const timer = setTimeout(end, ms);
      running.add(pause);
      function end() {
        clearTimeout(timer);
        running.delete(pause);
        resolve(undefined);
      }
    });
  }

  /** End them now; those that the server asked for only with `all`. */
  function end({ all = false } = {}) {
    for (const pause of running) if (all || !pause.asked) pause.end();
  }

  return { after, end };
}

/**
 * The lane of an entry.
 * @param {Entry} entry
 */
const laneOf = ({ conversation, image }) => (image ? `${conversation} images` : conversation);

/** Whether another attempt will meet the same failure. */
const isFinal = ({ status = 0 }) => status >= 400 && status < 500 && !TEMPORARY.has(status);

/** A time for an entry after those: now, also if the clock was set back. */
const timeAfter = (entries) => Math.max(Date.now(), (entries.at(-1)?.at ?? 0) + 1);

/** Wait for the storage, but not for ever, and not for its success: what it can't keep is sent all the same. */
function attempt(work) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, STORAGE_MS);
    const done = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    Promise.resolve().then(work).then(done, done);
  });
}

function callBack(callback, value) {
  try {
    callback(value);
  } catch (error) {
    setTimeout(() => {
      throw error; // an uncaught error of the page, as it would be without us
    });
  }
}

/** Run `work` while no other tab runs its own under the same name. */
async function exclusively(name, work) {
  const locks = globalThis.navigator?.locks; // browsers have them on https and on localhost
  if (!locks) return work();
  let granted = false;
  const run = () => {
    granted = true;
    return work();
  };
  return locks.request(name, run).catch(() => (granted ? undefined : work()));
}

const newClientId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * The queue in IndexedDB. If the browser refuses that (in some private windows), it keeps nothing: then a message is sent
 * as always, but does not survive a reload.
 * @param {string} name
 * @returns {Storage}
 */
export function outbox(name = "chat-outbox") {
  const opened = openDatabase(name);

  async function run(mode, work) {
    const database = await opened;
    if (!database) return undefined;
    const transaction = database.transaction("entries", mode);
    const asked = work(transaction.objectStore("entries"));
    transaction.commit?.(); // now: the page may be closed before the browser does it by itself
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    return asked.result;
  }

  return {
    all: async (userId) => ((await run("readonly", (box) => box.getAll())) ?? []).filter((one) => one.userId === userId),
    put: (entry) => run("readwrite", (box) => box.put({ ...entry })),
    remove: (clientId) => run("readwrite", (box) => box.delete(clientId)),
  };
}

/** The database, or null if there is none to be had. */
function openDatabase(name) {
  return new Promise((resolve) => {
    if (!globalThis.indexedDB) return resolve(null);
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("entries", { keyPath: "clientId" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => resolve(null);
  });
}
