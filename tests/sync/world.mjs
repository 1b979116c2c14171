/**
 * Everything around `sync.js`, in one thread and without real time: a clock, browsers with storage and locks, pages that
 * are opened and killed, a network, and the model server. Nothing happens by chance here: what goes wrong, and when, is
 * decided by the `plan` functions, which a script or a seeded schedule replaces.
 */

import { readFileSync } from "node:fs";
import { ModelServer } from "./server.mjs";

Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

const GLOBALS = ["globalThis", "navigator", "setTimeout", "clearTimeout", "Date", "crypto", "indexedDB"];
const never = () => new Promise(() => {});
const copy = (value) => JSON.parse(JSON.stringify(value));

/** Load `sync.js`; a function that runs it with the globals of a page, and returns its exports. */
export function loadSync(path) {
  const source = readFileSync(path, "utf8").replaceAll(/^export /gm, "");
  return new Function(...GLOBALS, `"use strict";\n${source}\nreturn { createSync, outbox };`);
}

/** Virtual time. Events run one after the other, each with all the promises that it settles. */
export class Clock {
  now = 1_000_000;
  #events = []; // a heap, by time and then by turn
  #turns = 0;

  at(time, run) {
    const event = { time: Math.max(time, this.now), turn: ++this.#turns, run };
    const heap = this.#events;
    let index = heap.push(event) - 1;
    while (index && before(event, heap[(index - 1) >> 1])) {
      heap[index] = heap[(index - 1) >> 1];
      index = (index - 1) >> 1;
    }
    heap[index] = event;
    return event;
  }

  after = (ms, run) => this.at(this.now + ms, run);
  pause = (ms) => new Promise((done) => this.after(ms, done));

  /** Let time pass. */
  async run(ms) {
    const end = this.now + ms;
    await settled();
    while (this.#events.length && this.#events[0].time <= end) {
      const event = this.#pop();
      this.now = event.time;
      if (!event.run) continue;
      event.run();
      await settled();
    }
    this.now = end;
  }

  #pop() {
    const heap = this.#events;
    const first = heap[0];
    const last = heap.pop();
    if (!heap.length) return first;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child += 1;
      if (!before(heap[child], last)) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** Whether one event comes before another. */
const before = (a, b) => a.time < b.time || (a.time === b.time && a.turn < b.turn);
const settled = () => new Promise((done) => setImmediate(done));

/** The server, the network and the browsers. */
export class World {
  constructor(makeModule) {
    this.makeModule = makeModule;
    this.clock = new Clock();
    this.server = new ModelServer((...push) => this.#push(...push));
    this.pages = [];
    this.errors = [];
    this.clientIds = 0;
  }

  /**
   * What becomes of a request: `{up, down, effect, result}`. `up` ms until it reaches the server, if `effect`; `down` ms
   * until the page learns the `result`: "answer", "none" (an error without an answer), "hang", "page" (an error that is
   * not the server's, as JSON.parse throws it), "html" (a page instead of data), or a failure `{status, code, retryAfter}`.
   * `again` ms later the network sends it once more.
   */
  planRequest = () => ({ up: 5, down: 5, effect: true, result: "answer" });

  /** After how many ms a push arrives at a page: none if it is lost, several times if it is repeated. */
  planPush = () => [5];

  /** What becomes of a call to the storage: `{ms, effect, result}`, `result` being "ok", "fail" or "hang". */
  planStorage = () => ({ ms: 1, effect: true, result: "ok" });

  /** Called when the server has stored a message that a page sent. */
  onStored = () => {};

  browser() {
    return new Browser(this);
  }

  request(page, path, body, options) {
    const sent = copy(body);
    const { user } = page.browser; // the cookie goes out with the request
    const plan = this.planRequest(page, path, sent);
    const run = () => {
      const answer = this.server.handle(user, path, sent, options?.headers);
      if (answer.status === 201) this.onStored(page, answer.json);
      return answer;
    };
    const pending = Promise.withResolvers();
    const say = (settle) => this.clock.after(plan.down, () => page.alive && settle());
    options?.signal?.addEventListener("abort", () => pending.reject(new Error("aborted")));
    this.clock.after(plan.up, () => {
      const answer = plan.effect ? run() : null;
      if (plan.again !== undefined) this.clock.after(plan.again, run);
      say(() => settleRequest(plan.result, answer, pending));
    });
    return pending.promise;
  }

  #push(user, event, message) {
    for (const page of this.pages) {
      const { socket } = page;
      if (!socket?.connected || socket.user !== user) continue;
      const connection = socket.connection;
      for (const ms of this.planPush(page, event, message)) {
        this.clock.after(ms, () => page.alive && socket.connection === connection && socket.emit(event, copy(message)));
      }
    }
  }
}

function settleRequest(result, answer, { resolve, reject }) {
  const fail = (fields) => reject(Object.assign(new Error(fields.message ?? "failed"), fields));
  if (result === "hang") return;
  if (result === "none") fail({ status: 0 });
  else if (result === "page") fail({});
  else if (result === "html") resolve("<!doctype html><title>Welcome to our hotel</title>");
  else if (result !== "answer") fail(result);
  else if (answer.status < 400) resolve(copy(answer.json));
  else fail({ status: answer.status, ...answer.json });
}

/** A browser: a login that its pages share, a storage, locks, and a clock that can be wrong. */
class Browser {
  user = null;
  kept = new Map(); // clientId → entry
  wrong = 0; // ms that its clock is ahead
  hasLocks = true;
  #locks = new Map(); // name → pages that hold it (the first one) or wait for it

  constructor(world) {
    this.world = world;
  }

  /** Open a page of `user`, who has logged in here; `start` false leaves out the socket. */
  open(user, options) {
    const page = new Page(this, user, options);
    this.world.pages.push(page);
    return page;
  }

  /** A call to the storage. They take effect in the order of the calls. */
  async store(page, kind, work) {
    const { ms, effect, result } = this.world.planStorage(page, kind);
    this.busyUntil = Math.max(this.busyUntil ?? 0, this.world.clock.now + ms);
    let value;
    await new Promise((done) => this.world.clock.at(this.busyUntil, done));
    if (effect) value = work(this.kept);
    if (!page.alive || result === "hang") return never();
    if (result === "fail") throw new Error("The disk is full.");
    return value;
  }

  lock(page, name, work) {
    const line = this.#locks.get(name) ?? [];
    this.#locks.set(name, line);
    return new Promise((resolve, reject) => {
      const release = () => {
        line.shift();
        this.#grant(line);
      };
      const run = () => {
        const done = work();
        done.then(resolve, reject);
        done.finally(() => page.alive && release());
      };
      line.push({ page, run, granted: false });
      this.#grant(line);
    });
  }

  #grant(line) {
    while (line.length && !line[0].page.alive) line.shift();
    if (!line.length || line[0].granted) return;
    const holder = line[0];
    holder.granted = true;
    this.world.clock.after(1, () => holder.page.alive && holder.run());
  }

  released(page) {
    for (const line of this.#locks.values()) {
      if (line[0]?.page === page && line[0].granted) line.shift();
      this.#grant(line);
    }
  }
}

/** An open page: it shows the messages that it was given, and knows nothing else. */
class Page {
  alive = true;
  messages = new Map(); // _id → message
  queue = [];
  stopReason = null;
  onSend = () => {};
  onQueue = () => {};
  onKept = () => {};

  constructor(browser, user) {
    Object.assign(this, { browser, user, world: browser.world, openedAt: browser.world.clock.now });
    this.socket = new Socket(this);
    this.listeners = new Set(); // of "online"
    const { createSync } = this.world.makeModule(...this.#globals());
    this.sync = createSync({
      userId: user,
      request: (_method, path, body, options) => this.world.request(this, path, body, options),
      onMessages: (messages) => this.show(messages),
      onQueue: (entries) => {
        this.queue = copy(entries);
        this.onQueue(this.queue);
      },
      onStop: (reason) => (this.stopReason = reason),
      storage: this.#storage(),
    });
    this.sync.attach(this.socket);
  }

  #globals() {
    const { clock } = this.world;
    const setTimeout = (run, ms = 0, ...values) => clock.after(ms, () => this.alive && this.#guard(() => run(...values)));
    const clearTimeout = (event) => event && (event.run = null);
    const locks = { request: (name, work) => this.browser.lock(this, name, work) };
    const navigator = this.browser.hasLocks ? { locks } : {};
    const page = {
      addEventListener: (_name, listener) => this.listeners.add(listener),
      removeEventListener: (_name, listener) => this.listeners.delete(listener),
      navigator,
    };
    const Date = { now: () => clock.now + this.browser.wrong };
    const crypto = { getRandomValues: (bytes) => (new DataView(bytes.buffer).setUint32(0, ++this.world.clientIds), bytes) };
    return [page, navigator, setTimeout, clearTimeout, Date, crypto, undefined];
  }

  #guard(run) {
    try {
      run();
    } catch (error) {
      this.world.errors.push(error.message);
    }
  }

  #storage() {
    const call = (kind, work) => this.browser.store(this, kind, work);
    return {
      all: (user) => call("all", (kept) => [...kept.values()].filter(({ userId }) => userId === user).map(copy)),
      put: (entry) => {
        const kept = copy(entry);
        return call("put", (box) => box.set(kept.clientId, kept)).then(() => this.onKept(kept));
      },
      remove: (clientId) => call("remove", (box) => box.delete(clientId)),
    };
  }

  show(messages) {
    for (const message of messages) {
      const old = this.messages.get(message._id);
      if (!old || message.rev >= old.rev) this.messages.set(message._id, message);
    }
  }

  send(conversation, text, image) {
    const other = conversation.split("_").find((id) => id !== this.user);
    const entry = this.sync.send({ conversation, ...(conversation.includes("_") ? { to: other } : { room: conversation }), text, image });
    this.onSend(entry);
    return entry;
  }

  connect = () => this.socket.connect();
  disconnect = () => this.socket.disconnect();
  online = () => [...this.listeners].forEach((listener) => listener());

  /** The page is gone in this moment: closed, reloaded, or killed with the whole browser. */
  kill() {
    this.alive = false;
    this.socket.disconnect();
    this.browser.released(this);
  }

  /** The texts that the page shows of a conversation, in order. */
  texts(conversation) {
    const ours = [...this.messages.values()].filter((message) => message.conversation === conversation);
    return ours.sort((a, b) => a.seq - b.seq).map(({ text }) => text);
  }
}

/** What `sync.js` sees of socket.io-client. */
class Socket {
  connected = false;
  connection = 0;
  #listeners = new Map();

  constructor(page) {
    this.page = page;
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  emit(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }

  /** Connect, if the browser is logged in as the page's user: the page and the server compare them. */
  connect() {
    this.disconnect();
    if (this.page.browser.user !== this.page.user || !this.page.alive) return;
    Object.assign(this, { connected: true, user: this.page.user });
    this.emit("connect");
  }

  disconnect() {
    this.connected = false;
    this.connection += 1;
  }
}
