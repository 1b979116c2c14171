/**
 * A random schedule: users write, edit and come and go while networks, storages, pages and clocks fail. Then all heals, and
 * after quiet each page has to equal the server, and each message to be there once, in order, in its writer's name.
 * The seed decides everything.
 */

import { direct } from "./server.mjs";
import { World } from "./world.mjs";

const USERS = ["ann", "bob", "eve"];
const ROOM = "room";
const SECOND = 1000;
const APART_MS = 100; // written closer to each other in two tabs, two messages have no order
const REFUSALS = /^refused: (bad_request|blocked|room_not_found)$/; // by the server, for good
const QUIET_MS = 240 * SECOND; // longer than any patience, pause and delay together

/** Random numbers that a seed repeats (mulberry32). */
function makeRandom(seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const chance = (share) => random() < share;
  const between = (low, high) => low + Math.floor(random() * (high - low + 1));
  const pick = (list) => list[Math.floor(random() * list.length)];
  return { chance, between, pick };
}

/** Run the schedule of a seed; what went wrong, one line each. */
export async function runSchedule(makeModule, seed) {
  const schedule = new Schedule(makeModule, seed);
  await schedule.trouble();
  await schedule.heal();
  return schedule.problems;
}

export class Schedule {
  problems = [];
  written = new Map(); // clientId → what was written
  texts = 0;

  constructor(makeModule, seed) {
    this.random = makeRandom(seed);
    this.world = new World(makeModule);
    this.clock = this.world.clock;
    this.server = this.world.server;
    this.#chooseFaults();
    this.server.open(ROOM, this.random.chance(0.5) ? USERS : ["ann", "bob"], true);
    this.browsers = Array.from({ length: this.random.between(1, 3) }, () => this.world.browser());
    for (const browser of this.browsers) {
      browser.hasLocks = this.faults.locks;
      browser.user = this.random.pick(USERS);
    }
  }

  /** Each schedule has some kinds of trouble, and of these more or less: trouble of all kinds hides what one kind does. */
  #chooseFaults() {
    const { chance, pick } = this.random;
    const share = () => (chance(0.5) ? 0 : pick([0.05, 0.2, 0.5, 0.9]));
    this.faults = {
      requests: share(),
      pushesLost: share(),
      pushesOdd: share(),
      storage: share(),
      kills: chance(0.6),
      tabs: chance(0.5),
      logins: chance(0.4),
      clocks: chance(0.2),
      rooms: chance(0.4),
      blocks: chance(0.3),
      locks: chance(0.75),
    };
    this.slowStorage = chance(0.3) ? 400 : 5; // ms, at most
    this.latency = pick([20, 200, 2000]); // ms, at most
    this.favourite = chance(0.5) ? pick([ROOM, direct("ann", "bob")]) : null; // most is said there
    this.result = pick([null, "none", "hang", "page", "html", null]); // null: any kind
    this.world.planRequest = (page, path) => this.#planRequest(path);
    this.world.onStored = (page, { clientId }) => this.written.has(clientId) && (this.written.get(clientId).sender = page);
    this.world.planPush = () => this.#planPush();
    this.world.planStorage = (page) => this.#planStorage(page);
  }

  #planRequest() {
    const { chance, between, pick } = this.random;
    const delay = () => (chance(0.1) ? between(0, 5 * SECOND) : between(1, this.latency));
    const plan = { up: delay(), down: delay(), effect: true, result: "answer" };
    if (!chance(this.faults.requests)) return plan;
    const code = { status: pick([408, 425, 429, 500, 502, 503, 504]), retryAfter: pick([0, 0, 1, 10]) };
    plan.result = this.result ?? pick(["none", "hang", "page", "html", code, code, "answer"]);
    plan.effect = chance(0.5);
    if (!plan.effect && plan.result === "answer") plan.result = "none";
    if (chance(0.2)) plan.again = between(0, 60 * SECOND);
    if (chance(0.1)) plan.up = between(0, 60 * SECOND);
    return plan;
  }

  #planPush() {
    const { chance, between } = this.random;
    if (chance(this.faults.pushesLost)) return [];
    if (!chance(this.faults.pushesOdd)) return [between(1, 50)];
    return Array.from({ length: between(1, 3) }, () => between(1, chance(0.2) ? 20 * SECOND : 400));
  }

  #planStorage(page) {
    const { chance, between, pick } = this.random;
    if (!chance(this.faults.storage)) return { ms: between(0, this.slowStorage), effect: true, result: "ok" };
    page.browser.ill = true;
    const result = pick(["ok", "fail", "hang"]);
    return { ms: between(0, 3 * SECOND), effect: result === "ok" || chance(0.5), result };
  }

  // The troubled time

  async trouble() {
    for (const browser of this.browsers) this.#open(browser);
    const actions = this.#actions();
    for (let left = this.random.between(5, 60); left; left--) {
      this.random.pick(actions)();
      await this.clock.run(this.random.pick([0, 1, 10, 200, 300, 1000, 1000, 5000, 20_000]));
    }
  }

  #actions() {
    const { chance, pick, between } = this.random;
    const { faults } = this;
    const withPage = (act) => () => this.#livePages().length && act(pick(this.#livePages()));
    const often = (act) => [act, act, act, act];
    return [
      ...often(withPage((page) => this.#write(page, pick([1, 1, 1, 2, 5])))),
      ...often(() => this.#postFromElsewhere()),
      () => this.#editSomething(),
      ...often(withPage((page) => this.#reconnect(page))),
      withPage((page) => page.disconnect()),
      withPage((page) => chance(0.3) && page.online()),
      withPage((page) => chance(0.3) && page.sync.catchUp()),
      withPage((page) => this.#decide(page)),
      ...(faults.kills ? [withPage((page) => this.#reload(page))] : []),
      ...(faults.tabs ? [() => this.#openTab(pick(this.browsers)), withPage((page) => this.#close(page))] : []),
      ...(faults.logins ? [() => this.#logIn(pick(this.browsers), pick([...USERS, null]))] : []),
      ...(faults.clocks ? [() => (pick(this.browsers).wrong += between(-3600, 600) * SECOND)] : []),
      ...(faults.rooms ? [() => this.#changeMembers(pick(USERS))] : []),
      ...(faults.blocks ? [() => this.#changeBlock(this.#conversation(pick(USERS)))] : []),
    ];
  }

  #livePages = () => this.world.pages.filter(({ alive }) => alive);

  #conversation(user) {
    if (this.favourite?.includes(user) || this.favourite === ROOM) if (this.random.chance(0.8)) return this.favourite;
    const others = USERS.filter((one) => one !== user);
    return this.random.pick([ROOM, ...others.map((other) => direct(user, other))]);
  }

  /** Open a page. Some pages load lists of their own, as the shipped client does, and follow what these say. */
  #open(browser, user = browser.user) {
    if (!user) return;
    const page = browser.open(user);
    page.onSend = (entry) => this.#note(page, entry);
    page.onKept = ({ clientId }) => (this.written.get(clientId).keptAt ??= this.clock.now);
    page.onQueue = (entries) => {
      for (const { clientId, state, error } of entries) {
        if (state !== "failed") continue;
        this.written.get(clientId).refused = true;
        if (!REFUSALS.test(error)) this.problems.push(`a message of ${user} failed because of "${error}"`);
      }
    };
    if (this.random.chance(0.2)) this.#write(page, 2);
    if (this.random.chance(0.4)) this.#loadLists(page);
    else this.clock.after(this.random.between(0, 3 * SECOND), () => page.connect());
  }

  #loadLists(page) {
    const { between } = this.random;
    this.clock.after(between(1, SECOND), () => {
      const lists = this.server.of(page.user).map(({ id, rev, messages }) => ({ id, rev, messages: [...messages.values()].map((one) => ({ ...one })) }));
      this.clock.after(between(1, SECOND), () => {
        if (!page.alive || page.browser.user !== page.user) return;
        for (const { id, rev, messages } of lists) {
          page.show(messages);
          if (!page.sync.follows(id)) page.sync.follow(id, rev);
        }
        page.connect();
      });
    });
  }

  #openTab(browser) {
    if (this.#livePages().filter((page) => page.browser === browser).length < 3) this.#open(browser);
  }

  #close(page) {
    page.killedAt = this.clock.now;
    page.kill();
  }

  #reload(page) {
    this.#close(page);
    this.#open(page.browser);
  }

  /** Connect, or lose the connection for a while; something may be said meanwhile. */
  #reconnect(page) {
    page.disconnect();
    if (this.random.chance(0.5)) this.#postFromElsewhere();
    const delay = this.random.pick([0, 0, 50, 1000]);
    if (delay) this.clock.after(delay, () => page.connect());
    else page.connect();
  }

  /** Someone else logs in, on a page of their own; or the login ends. */
  #logIn(browser, user) {
    if (browser.user === user) return;
    browser.user = user;
    for (const page of this.#livePages()) if (page.browser === browser) page.disconnect();
    this.#open(browser);
  }

  #changeMembers(user) {
    const { members } = this.server.conversations.get(ROOM);
    if (members.delete(user)) return;
    members.add(user);
    this.server.post(user, ROOM, `${user} joined`);
  }

  #changeBlock(id) {
    if (!this.server.blocked.delete(id)) this.server.blocked.add(id);
  }

  #write(page, count) {
    const conversation = this.#conversation(page.user);
    for (; count; count--) {
      const image = this.random.chance(0.1) ? "data:image/png;base64,AA==" : undefined;
      page.send(conversation, `${this.random.chance(0.05) ? "unfit" : "text"} ${++this.texts}`, image);
    }
  }

  #note(page, { clientId, conversation, text, image }) {
    this.written.set(clientId, { clientId, conversation, text, image, page, at: this.clock.now, turn: this.texts });
  }

  /** The user sends a refused message again, or discards it. */
  #decide(page) {
    for (const { clientId, state } of page.queue) {
      if (state !== "failed" || this.random.chance(0.3)) continue;
      const entry = this.written.get(clientId);
      if (this.random.chance(0.5)) page.sync.retry(clientId);
      else this.#discard(page, entry);
    }
  }

  #discard(page, entry) {
    entry.discarded = true;
    page.sync.discard(entry.clientId);
  }

  #postFromElsewhere() {
    const user = this.random.pick(USERS);
    const conversation = this.#conversation(user);
    if (conversation !== ROOM || this.server.conversations.get(ROOM).members.has(user)) this.server.post(user, conversation, `elsewhere ${++this.texts}`);
  }

  #editSomething() {
    const all = [...this.server.conversations.values()].flatMap(({ messages }) => [...messages.values()]);
    if (all.length) this.server.edit(this.random.pick(all), `edited ${++this.texts}`);
  }

  // The good end

  /** Nothing fails any more. Pages that are still open recover; then each user returns to each browser. */
  async heal() {
    const { faults, server } = this;
    const lost = faults.pushesLost > 0;
    Object.assign(faults, { requests: 0, pushesLost: 0, pushesOdd: 0, storage: 0 });
    server.blocked.clear();
    await this.#quiet(lost);
    for (const page of this.#working()) this.#checkPage(page);
    for (const user of USERS) if (!server.conversations.get(ROOM).members.has(user)) this.#changeMembers(user);
    for (const browser of this.browsers) {
      for (const user of USERS.filter((one) => one !== browser.user).concat(browser.user ?? [])) {
        browser.user = user;
        this.#open(browser, user);
        await this.clock.run(QUIET_MS);
      }
    }
    await this.#quiet(true);
    await this.#checkSilence();
    this.#check();
  }

  /** A lost push is noticed at the next one of the conversation, or at the next connect. */
  async #quiet(lost) {
    for (const page of this.#working()) if (!page.socket.connected) page.connect();
    await this.clock.run(QUIET_MS);
    if (!lost) return;
    if (this.random.chance(0.5)) for (const page of this.#working()) page.connect();
    else for (const { id, members } of this.server.conversations.values()) if (members.size) this.server.post([...members][0], id, "last words");
    await this.clock.run(QUIET_MS);
  }

  async #checkSilence() {
    this.world.planRequest = (_page, path) => {
      this.problems.push(`${path} is asked although nothing happens`);
      return { up: 1, down: 1, effect: true, result: "answer" };
    };
    await this.clock.run(QUIET_MS);
  }

  /** The pages whose user is logged in, and that nothing has stopped. */
  #working = () => this.#livePages().filter((page) => page.browser.user === page.user && !page.stopReason);

  #check() {
    this.problems.push(...this.world.errors);
    for (const page of this.#working()) this.#checkPage(page);
    const stored = [...this.server.conversations.values()].flatMap(({ messages }) => [...messages.values()]);
    const copies = new Map();
    for (const message of stored) copies.set(message.clientId, [...(copies.get(message.clientId) ?? []), message]);
    for (const entry of this.written.values()) this.#checkWritten(entry, copies.get(entry.clientId) ?? []);
    this.#checkOrder();
  }

  #checkPage(page) {
    const name = `page of ${page.user}`;
    for (const { id, messages } of this.server.of(page.user)) {
      const expected = [...messages.values()].map(({ _id, rev, text }) => `${_id} ${rev} ${text}`).sort();
      const shown = [...page.messages.values()].filter(({ conversation }) => conversation === id);
      const found = shown.map(({ _id, rev, text }) => `${_id} ${rev} ${text}`).sort();
      const missing = expected.filter((one) => !found.includes(one));
      if (missing.length) this.problems.push(`${name} lacks ${missing.length} of ${expected.length} in ${id}`);
      if (found.length > expected.length) this.problems.push(`${name} shows too much in ${id}`);
    }
    const foreign = [...page.messages.values()].filter(({ conversation }) => conversation !== ROOM && !conversation?.split("_").includes(page.user));
    if (foreign.length) this.problems.push(`${name} shows what is not the user's`);
    const left = page.queue.filter(({ state }) => state !== "failed");
    if (left.length) this.problems.push(`${name} still has ${left.length} to send`);
  }

  #checkWritten(entry, copies) {
    const { page, text, conversation, discarded, keptAt } = entry;
    const name = `"${text}" of ${page.user}`;
    if (copies.length > 1) this.problems.push(`${name} is there ${copies.length} times`);
    if (copies.some((copy) => copy.senderId !== page.user || copy.conversation !== conversation)) this.problems.push(`${name} is in a wrong place or name`);
    entry.seq = copies[0]?.seq;
    if (copies.length || discarded) return;
    const queues = [...this.#working().map(({ queue }) => queue), [...page.browser.kept.values()]];
    const reported = queues.some((queue) => queue.some(({ clientId, state, error }) => clientId === entry.clientId && state === "failed" && error));
    const gone = keptAt === undefined && !this.#working().includes(page); // neither sent nor stored when its page ended
    if (!gone && !reported) this.problems.push(`${name} is lost`);
  }

  /** In each conversation, what a user wrote in one browser is in the order of writing, as far as that is promised. */
  #checkOrder() {
    const sent = [...this.written.values()].filter(({ seq, refused }) => seq && !refused).sort((a, b) => a.turn - b.turn);
    for (const [index, first] of sent.entries()) {
      for (const second of sent.slice(index + 1)) {
        if (first.seq > second.seq && this.#hasOrder(first, second)) this.problems.push(`"${second.text}" is before "${first.text}"`);
      }
    }
  }

  #hasOrder(first, second) {
    const [one, other] = [first.page, second.page];
    if (first.image !== second.image) return false; // texts overtake images
    if (first.conversation !== second.conversation || one.user !== other.user || one.browser !== other.browser) return false;
    const { ill } = one.browser;
    if (one === other && one === first.sender && one === second.sender) return true; // whatever the storage did
    if (ill || !(first.keptAt < second.at)) return one === other && !ill; // another page could not know the order
    if (one === other || one.killedAt < other.openedAt) return true;
    return !this.faults.clocks && second.at - first.at >= APART_MS;
  }
}
