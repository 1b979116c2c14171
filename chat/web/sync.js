/**
 * Conversations that never lose, repeat or reorder a message: the browser's part of it. One file, no imports, no
 * framework, so that any front end can use it.
 *
 *     const sync = createSync({ userId, request, onMessages, onQueue });
 *     sync.attach(io());                                   // a socket.io-client socket
 *     sync.follow(conversationId, rev);                    // what you loaded yourself, and how far it goes
 *     sync.send({ conversation, to: userId, text: "hi" }); // or room: roomId; also image, replyTo
 *
 * Options
 * - `userId`: who sends. The queue is kept for each user apart.
 * - `request(method, path, body)`: calls the server and returns a promise of the answer's JSON. It rejects with an Error
 *   that has `status` (0 where no answer came) and may have `retryAfter` (seconds).
 * - `onMessages(messages)`: messages that are new or changed, from the socket, a catch-up or an own send. The same one
 *   may come more than once: key them by `_id`, and keep the one with the higher `rev`.
 * - `onQueue(entries)`: what waits to be sent, in order: `{clientId, conversation, to | room, text, image, replyTo, at,
 *   state, error}`; `state` is "waiting", "sending" or "failed", and a failed one says why in `error`.
 * - `storage`: where the queue survives a reload; `{all, put, remove}`, by default `outbox()`, in IndexedDB.
 *
 * Promises
 * - A message is stored in the browser before it is sent, and sent again until the server has acknowledged it, over
 *   lost answers, reconnects and reloads. Its `clientId` makes repeating harmless.
 * - In one conversation one message is on its way at a time, over all tabs too: own messages keep their order.
 * - A jump in `rev` means that something was missed: it is fetched. So it is after each connect.
 */

const PAUSES = [500, 1000, 2000, 4000, 8000, 15000]; // ms between attempts; the last one repeats
const REORDER_MS = 250; // how long a message may overtake the one before it until that counts as missed
const PASSING = new Set([0, 408, 425, 429, 500, 502, 503, 504]); // failures that another attempt may not meet

export function createSync({ userId, request, onMessages, onQueue, storage = outbox() }) {
  const marks = new Map(); // conversation → `rev`: nothing is missing up to it; `ahead`: revs that came before those in front
  const lanes = new Set(); // conversations whose queue is being sent
  let bell = Promise.withResolvers(); // ends the pauses between attempts
  let queue = [];
  let stopped = false;
  let catching = null;
  let gapTimer = 0;

  /** Change an entry, or none, and show the queue. */
  function update(entry = {}, change = {}) {
    Object.assign(entry, change);
    if (!stopped) onQueue(queue.slice());
  }

  /** Queue a message; the queue's entry for it. */
  function send({ conversation, to, room, text, image, replyTo }) {
    const at = Math.max(Date.now(), (queue.at(-1)?.at ?? 0) + 1); // grows, so that it gives the order after a reload
    const entry = { clientId: newClientId(), userId, conversation, to, room, text, image, replyTo, at, state: "waiting" };
    queue.push(entry);
    update();
    storage.put(entry).finally(() => drain(conversation));
    return entry;
  }

  /** Send what failed once more. */
  function retry(clientId) {
    const entry = queue.find((one) => one.clientId === clientId);
    update(entry, { state: "waiting", error: undefined });
    drain(entry.conversation);
  }

  /** Forget an entry that was not sent. */
  function discard(clientId) {
    queue = queue.filter((entry) => entry.clientId !== clientId);
    update();
    return storage.remove(clientId);
  }

  async function drain(conversation) {
    const next = () => !stopped && queue.find((one) => one.conversation === conversation && one.state !== "failed");
    if (lanes.has(conversation)) return;
    lanes.add(conversation);
    await exclusively(`chat ${userId} ${conversation}`, async () => {
      for (let entry = next(); entry; entry = next()) await deliver(entry);
    });
    lanes.delete(conversation);
    if (next()) drain(conversation); // queued while the lane was closing
  }

  /** Send one entry until it is acknowledged, refused for good, or acknowledged elsewhere. */
  async function deliver(entry) {
    const path = entry.room ? `/api/rooms/${entry.room}/messages` : `/api/messages/send/${entry.to}`;
    const { clientId, text, image, replyTo } = entry;
    for (let attempt = 0; queue.includes(entry) && !stopped; attempt++) {
      update(entry, { state: "sending" });
      try {
        take(await request("POST", path, { clientId, text, image, replyTo }));
        return discard(clientId); // also where the answer of an older server names no clientId
      } catch (error) {
        if (error.status === 401) return stop(); // logged out: it waits for the next login
        const passing = PASSING.has(error.status);
        update(entry, passing ? { state: "waiting" } : { state: "failed", error: error.message });
        if (!passing) return storage.put(entry);
        await pause(Math.max(PAUSES[Math.min(attempt, PAUSES.length - 1)], (error.retryAfter ?? 0) * 1000));
      }
    }
  }

  const pause = (ms) => Promise.race([bell.promise, new Promise((done) => setTimeout(done, ms))]);

  /** Take in a message that arrived; `attach` does it for those of the socket. */
  function take(message) {
    if (message.senderId === userId && queue.some(({ clientId }) => clientId === message.clientId)) discard(message.clientId);
    onMessages([message]);
    if (message.rev === undefined) return; // from a time without numbers
    const mark = marks.get(message.conversation);
    mark?.ahead.add(message.rev);
    follow(message.conversation, mark?.rev ?? message.rev);
  }

  /** Say that a conversation was loaded, and holds every change up to `rev`. */
  function follow(conversation, rev) {
    if (!follows(conversation)) marks.set(conversation, { rev, ahead: new Set() });
    const mark = marks.get(conversation);
    mark.rev = Math.max(mark.rev, rev);
    while (mark.ahead.delete(mark.rev + 1)) mark.rev += 1;
    for (const one of mark.ahead) if (one <= mark.rev) mark.ahead.delete(one);
    if (mark.ahead.size) gapTimer ||= setTimeout(fillGaps, REORDER_MS);
  }

  /** Whether anything is known of a conversation yet. */
  const follows = (conversation) => marks.has(conversation);

  function fillGaps() {
    gapTimer = 0;
    if ([...marks.values()].some(({ ahead }) => ahead.size)) catchUp();
  }

  /** Fetch all that was missed; one call at a time. */
  function catchUp() {
    catching ??= fetchMissed().finally(() => (catching = null));
    return catching;
  }

  async function fetchMissed() {
    for (let more = true; more && !stopped; ) {
      const cursors = Object.fromEntries([...marks].map(([id, { rev }]) => [id, rev]));
      const answer = await request("POST", "/api/messages/sync", { cursors }).catch(putOff);
      for (const { id, messages, upTo } of answer?.conversations ?? []) {
        if (messages.length) onMessages(messages);
        follow(id, upTo);
      }
      more = answer?.conversations.some((one) => one.more);
    }
  }

  /** What was missed can't be fetched now. */
  function putOff({ status }) {
    if (PASSING.has(status)) setTimeout(catchUp, PAUSES.at(-1));
    if (status === 401) stop();
  }

  /** Listen to a socket: its messages, and its connects. */
  function attach(socket) {
    for (const event of ["newMessage", "new_message", "messageUpdated"]) socket.on(event, take);
    socket.on("connect", () => (wake(), catchUp()));
  }

  /** Try again now what waits between attempts. */
  function wake() {
    bell.resolve();
    bell = Promise.withResolvers();
  }

  /** Stop sending and listening; what waits stays in the storage. */
  function stop() {
    stopped = true;
    globalThis.removeEventListener("online", wake);
    wake();
  }

  globalThis.addEventListener("online", wake);
  storage.all(userId).then((kept) => {
    const known = new Set(queue.map((entry) => entry.clientId));
    const older = kept.filter((entry) => !known.has(entry.clientId));
    queue = [...older, ...queue].sort((a, b) => a.at - b.at);
    update();
    for (const { conversation } of older) drain(conversation);
  });

  return { send, retry, discard, take, follow, follows, catchUp, attach, wake, stop };
}

/** Run `work` while no other tab runs its own under the same name. */
const exclusively = (name, work) => navigator.locks?.request(name, work) ?? work(); // locks need https, or localhost

const newClientId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The queue in IndexedDB; where the browser refuses that (a full disk, a private window), in memory alone. */
export function outbox(name = "chat-outbox") {
  const opened = new Promise((resolve) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("entries", { keyPath: "clientId" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => resolve(null);
  });
  const run = async (mode, work) => {
    const transaction = (await opened)?.transaction("entries", mode);
    if (!transaction) return undefined;
    const asked = work(transaction.objectStore("entries"));
    transaction.commit(); // now: the page may be closed before the browser does it by itself
    await new Promise((done) => (transaction.oncomplete = transaction.onabort = done));
    return asked.result;
  };
  return {
    all: async (userId) => ((await run("readonly", (box) => box.getAll())) ?? []).filter((one) => one.userId === userId),
    put: (entry) => run("readwrite", (box) => box.put({ ...entry })),
    remove: (clientId) => run("readwrite", (box) => box.delete(clientId)),
  };
}
