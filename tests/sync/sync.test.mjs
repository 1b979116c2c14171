/**
 * What can go wrong on the way between a page and the server, one story each.
 *
 *     node --test tests/sync/sync.test.mjs          SYNC_JS names another file than chat/web/sync.js
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { direct } from "./server.mjs";
import { World, loadSync } from "./world.mjs";

const makeModule = loadSync(process.env.SYNC_JS ?? fileURLToPath(new URL("../../chat/web/sync.js", import.meta.url)));
const TALK = direct("ann", "bob");
const MINUTE = 60_000;
const SEND = "/api/messages/send/bob";
const SYNC = "/api/messages/sync";

/** A world with Ann's browser, in which she is logged in; what the server was asked is in `requests`. */
function annsWorld() {
  const world = new World(makeModule);
  const browser = world.browser();
  browser.user = "ann";
  const requests = [];
  world.planRequest = (_page, path, body) => {
    const plan = { up: 5, down: 5, effect: true, result: "answer", ...(world.plans?.[path]?.shift() ?? {}) };
    requests.push({ path, body, at: world.clock.now });
    return plan;
  };
  return { world, browser, clock: world.clock, server: world.server, requests, asked: (path) => requests.filter((one) => one.path === path) };
}

const said = (server, conversation = TALK) => [...server.conversations.get(conversation).messages.values()].map(({ text }) => text);

// Catching up

test("after a reload with a queued message, what others said meanwhile is fetched", async () => {
  const { world, browser, clock, server } = annsWorld();
  const before = browser.open("ann");
  world.planRequest = () => ({ up: 5, down: 5, effect: false, result: "none" });
  before.send(TALK, "queued");
  await clock.run(1000);
  before.kill();
  for (const text of ["one", "two", "three"]) server.post("bob", TALK, text);
  world.planRequest = () => ({ up: 5, down: 5, effect: true, result: "answer" });
  const page = browser.open("ann");
  await clock.run(100); // the queue is sent before the socket connects
  page.connect();
  await clock.run(MINUTE);
  assert.deepEqual(page.texts(TALK), ["one", "two", "three", "queued"]);
});

test("a new conversation whose first push is lost is fetched when the second arrives", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  world.planPush = () => [];
  server.post("bob", TALK, "lost");
  world.planPush = () => [5];
  server.post("bob", TALK, "arrived");
  await clock.run(MINUTE);
  assert.deepEqual(page.texts(TALK), ["lost", "arrived"]);
});

test("a new conversation whose first push is lost is complete after a reconnect", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  world.planPush = () => [];
  server.post("bob", TALK, "lost");
  world.planPush = () => [5];
  server.post("bob", TALK, "arrived");
  await clock.run(10);
  page.connect();
  await clock.run(MINUTE);
  assert.deepEqual(page.texts(TALK), ["lost", "arrived"]);
});

test("a reconnect while a catch-up is on its way starts another one", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  world.plans = { [SYNC]: [{ up: 5, down: 2000 }] }; // answered early, arrives late
  page.connect();
  await clock.run(1000);
  page.disconnect();
  server.post("bob", TALK, "in between");
  page.connect();
  await clock.run(MINUTE);
  assert.deepEqual(page.texts(TALK), ["in between"]);
});

for (const [result, words] of [
  ["page", "fails without a status"],
  ["html", "is answered by a page with status 200"],
  ["none", "gets no answer"],
  [{ status: 403 }, "is refused by something in between"],
  [{ status: 502 }, "meets a broken proxy"],
]) {
  test(`a catch-up that ${words} is tried again`, async () => {
    const { world, browser, clock, server } = annsWorld();
    server.post("bob", TALK, "hello");
    const page = browser.open("ann");
    world.plans = { [SYNC]: [{ result }, { result }] };
    page.connect();
    await clock.run(MINUTE);
    assert.deepEqual(page.texts(TALK), ["hello"]);
  });
}

test("a catch-up that is never answered is tried again", async () => {
  const { world, browser, clock, server } = annsWorld();
  server.post("bob", TALK, "hello");
  const page = browser.open("ann");
  world.plans = { [SYNC]: [{ result: "hang" }] };
  page.connect();
  await clock.run(2 * MINUTE);
  assert.deepEqual(page.texts(TALK), ["hello"]);
});

test("a jump in rev is fetched without a reconnect", async () => {
  const { world, browser, clock, server } = annsWorld();
  server.post("bob", TALK, "one");
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  world.planPush = () => [];
  server.post("bob", TALK, "two");
  world.planPush = () => [5];
  server.post("bob", TALK, "three");
  await clock.run(1000);
  assert.deepEqual(page.texts(TALK), ["one", "two", "three"]);
});

test("a conversation that began while the page was open is known from its first message on", async () => {
  const { browser, clock, server, asked } = annsWorld();
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  server.post("bob", TALK, "one");
  server.post("bob", TALK, "two");
  await clock.run(1000);
  assert.equal(page.sync.follows(TALK), true);
  page.connect();
  await clock.run(1000);
  assert.deepEqual(asked(SYNC).map(({ body }) => body.cursors), [{}, { [TALK]: 2 }]);
});

test("a conversation is not followed backwards", async () => {
  const { browser, clock, server, asked } = annsWorld();
  for (const text of ["one", "two"]) server.post("bob", TALK, text);
  const page = browser.open("ann");
  page.sync.follow(TALK, 2);
  page.sync.follow(TALK, 1); // an older list that came late
  page.connect();
  await clock.run(1000);
  assert.deepEqual(asked(SYNC)[0].body.cursors, { [TALK]: 2 });
});

test("a socket that is connected already leads to a catch-up", async () => {
  const { browser, clock, server } = annsWorld();
  server.post("bob", TALK, "hello");
  const page = browser.open("ann");
  page.sync.attach({ connected: true, on() {} });
  await clock.run(1000);
  assert.deepEqual(page.texts(TALK), ["hello"]);
});

test("a server that repeats itself is not asked without a pause", async () => {
  const { world, browser, clock, asked } = annsWorld();
  world.server.sync = () => ({ conversations: [{ id: TALK, messages: [], upTo: 0, more: true }] });
  browser.open("ann").connect();
  await clock.run(MINUTE);
  assert.ok(asked(SYNC).length < 12);
});

test("after a catch-up has worked, one that failed before is not tried again", async () => {
  const { world, browser, clock, asked } = annsWorld();
  const page = browser.open("ann");
  world.plans = { [SYNC]: Array(3).fill({ result: { status: 429, retryAfter: 10 } }) };
  page.connect();
  await clock.run(11_000);
  world.plans = {};
  page.connect();
  await clock.run(MINUTE);
  assert.equal(asked(SYNC).length, 3);
});

test("pushes that overtake each other lead to no request", async () => {
  const { world, browser, clock, server, asked } = annsWorld();
  server.post("bob", TALK, "one");
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  const delays = [200, 5];
  world.planPush = () => [delays.shift()];
  server.post("bob", TALK, "two");
  server.post("bob", TALK, "three");
  await clock.run(MINUTE);
  assert.deepEqual(page.texts(TALK), ["one", "two", "three"]);
  assert.equal(asked(SYNC).length, 1);
});

test("a conversation that the page follows is fetched from there", async () => {
  const { browser, clock, server, asked } = annsWorld();
  for (const text of ["one", "two", "three"]) server.post("bob", TALK, text);
  const page = browser.open("ann");
  assert.equal(page.sync.follows(TALK), false);
  page.sync.follow(TALK, 2);
  assert.equal(page.sync.follows(TALK), true);
  page.connect();
  await clock.run(1000);
  assert.deepEqual(page.texts(TALK), ["three"]);
  assert.deepEqual(asked(SYNC)[0].body.cursors, { [TALK]: 2 });
});

test("a conversation that is new to the page is not fetched if the page follows it in time", async () => {
  const { browser, clock, server, asked } = annsWorld();
  server.open("room", ["bob", "ann"], true).rev = 5000;
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  server.post("bob", "room", "Ann joined");
  await clock.run(900); // the page loads its list of rooms
  page.sync.follow("room", 5001);
  await clock.run(MINUTE);
  assert.equal(asked(SYNC).length, 1);
});

test("a queued message that is sent before anything is known does not fetch what the page is about to follow", async () => {
  const { browser, clock, server, asked } = annsWorld();
  for (const text of ["one", "two", "three"]) server.post("bob", TALK, text);
  const page = browser.open("ann");
  page.send(TALK, "mine");
  await clock.run(MINUTE);
  assert.equal(asked(SYNC).length, 0);
  page.sync.follow(TALK, 3);
  page.connect();
  await clock.run(1000);
  assert.deepEqual(asked(SYNC).map(({ body }) => body.cursors), [{ [TALK]: 3 }]);
});

test("someone who was removed from a room does not ask for the rest for ever", async () => {
  const { world, browser, clock, server, asked } = annsWorld();
  const room = server.open("room", ["ann", "bob"], true);
  server.post("bob", "room", "one");
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  world.planPush = () => [];
  server.post("bob", "room", "lost");
  world.planPush = () => [5];
  server.post("bob", "room", "Ann was removed");
  room.members.delete("ann");
  await clock.run(10 * MINUTE);
  assert.equal(asked(SYNC).length, 2);
  room.members.add("ann");
  server.post("bob", "room", "Ann is back");
  await clock.run(MINUTE);
  assert.deepEqual(page.texts("room"), ["one", "lost", "Ann was removed", "Ann is back"]);
});

test("catchUp resolves with whether it worked, and goes on by itself if not", async () => {
  const { world, browser, clock, server } = annsWorld();
  server.post("bob", TALK, "hello");
  const page = browser.open("ann");
  world.plans = { [SYNC]: [{ result: "none" }] };
  const outcomes = [];
  page.sync.catchUp().then((worked) => outcomes.push(worked));
  await clock.run(100);
  assert.deepEqual(outcomes, [false]);
  page.sync.catchUp().then((worked) => outcomes.push(worked));
  await clock.run(100);
  assert.deepEqual(outcomes, [false, true]);
  assert.deepEqual(page.texts(TALK), ["hello"]);
});

test("a catch-up that fails while pushes go on is not tried at each push", async () => {
  const { world, browser, clock, server, asked } = annsWorld();
  server.post("bob", TALK, "hello");
  const page = browser.open("ann");
  page.sync.follow(TALK, 1);
  world.plans = { [SYNC]: Array(100).fill({ effect: false, result: { status: 429, retryAfter: 60 } }) };
  page.connect();
  for (let number = 0; number < 20; number++) {
    world.planPush = () => (number % 2 ? [5] : []);
    server.post("bob", TALK, `message ${number}`);
    await clock.run(1000);
  }
  assert.equal(asked(SYNC).length, 1);
});

// Sending

for (const kind of ["put", "all"]) {
  test(`a storage that hangs at "${kind}" does not keep messages from being sent`, async () => {
    const { world, browser, clock, server } = annsWorld();
    world.planStorage = (_page, call) => ({ ms: 1, effect: false, result: call === kind ? "hang" : "ok" });
    const page = browser.open("ann");
    page.send(TALK, "one");
    page.send(TALK, "two");
    await clock.run(10_000);
    assert.deepEqual(said(server), ["one", "two"]);
    assert.deepEqual(page.queue, []);
  });
}

test("a storage that fails does not keep messages from being sent", async () => {
  const { world, browser, clock, server } = annsWorld();
  world.planStorage = () => ({ ms: 1, effect: false, result: "fail" });
  const page = browser.open("ann");
  page.send(TALK, "one");
  await clock.run(10_000);
  assert.deepEqual(said(server), ["one"]);
});

for (const [result, words] of [
  ["page", "fails without a status"],
  ["html", "is answered by a page with status 200"],
  ["hang", "is never answered"],
]) {
  test(`a send that ${words} is tried again`, async () => {
    const { world, browser, clock, server } = annsWorld();
    const page = browser.open("ann");
    world.plans = { [SEND]: [{ effect: false, result }] };
    page.send(TALK, "hello");
    await clock.run(2 * MINUTE);
    assert.deepEqual(said(server), ["hello"]);
    assert.deepEqual(page.queue, []);
  });
}

test("a send whose answer is lost is stored once", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  world.plans = { [SEND]: [{ result: "none" }, { result: { status: 504 } }] };
  page.send(TALK, "hello");
  page.send(TALK, "again");
  await clock.run(MINUTE);
  assert.deepEqual(said(server), ["hello", "again"]);
});

test("a refused message says why, holds up none after it, and can be sent once more", async () => {
  const { browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  server.blocked.add(TALK);
  const { clientId } = page.send(TALK, "refused");
  await clock.run(1000);
  assert.deepEqual(page.queue.map(({ state, error }) => [state, error]), [["failed", "refused: blocked"]]);
  server.blocked.clear();
  page.send(TALK, "after it");
  await clock.run(1000);
  page.sync.retry(clientId);
  await clock.run(1000);
  assert.deepEqual(said(server), ["after it", "refused"]);
  assert.deepEqual(page.queue, []);
});

test("a refused message is refused after a reload too, and gone when it is discarded", async () => {
  const { browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  server.blocked.add(TALK);
  page.send(TALK, "refused");
  await clock.run(1000);
  page.kill();
  const next = browser.open("ann");
  await clock.run(1000);
  assert.deepEqual(next.queue.map(({ state }) => state), ["failed"]);
  next.sync.discard(next.queue[0].clientId);
  await clock.run(1000);
  assert.deepEqual([next.queue, browser.kept.size], [[], 0]);
});

test("a message that arrived before it was refused leaves the queue when it is heard of", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  world.plans = { [SEND]: [{ result: "none" }] };
  page.send(TALK, "arrived");
  await clock.run(100);
  server.blocked.add(TALK); // so that the second attempt is refused
  await clock.run(MINUTE);
  page.connect();
  await clock.run(1000);
  assert.deepEqual(page.queue, []);
  assert.deepEqual(page.texts(TALK), ["arrived"]);
});

test("a message whose arrival is heard of before its refusal is not kept", async () => {
  const { world, browser, clock } = annsWorld();
  const page = browser.open("ann");
  page.connect();
  world.plans = { [SEND]: [{ up: 5, down: 500, result: { status: 403 } }] };
  page.send(TALK, "arrived");
  await clock.run(1000);
  assert.deepEqual([page.queue, browser.kept.size], [[], 0]);
});

test("a message that was discarded is not taken up again from a slow storage", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  server.blocked.add(TALK);
  const { clientId } = page.send(TALK, "refused");
  await clock.run(1000);
  world.planStorage = () => ({ ms: 500, effect: true, result: "ok" });
  page.online(); // reads the storage
  page.sync.discard(clientId);
  await clock.run(10_000);
  assert.deepEqual(page.queue, []);
});

test("what was queued before goes first, also if the storage is slow", async () => {
  const { world, browser, clock, server } = annsWorld();
  const before = browser.open("ann");
  world.plans = { [SEND]: [{ effect: false, result: "none" }] };
  before.send(TALK, "one");
  await clock.run(100);
  before.kill();
  world.planStorage = () => ({ ms: 500, effect: true, result: "ok" });
  browser.open("ann").send(TALK, "two");
  await clock.run(10_000);
  assert.deepEqual(said(server), ["one", "two"]);
});

test("a server that asks for patience gets it, also after a reconnect", async () => {
  const { world, browser, clock, asked } = annsWorld();
  const page = browser.open("ann");
  world.plans = { [SEND]: [{ effect: false, result: { status: 429, retryAfter: 40 } }] };
  page.send(TALK, "hello");
  await clock.run(10_000);
  page.connect();
  page.online();
  await clock.run(MINUTE);
  const [first, second] = asked(SEND);
  assert.ok(second.at - first.at >= 40_000);
});

test("a message that waits between two attempts is sent as soon as the browser is online", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  world.plans = { [SEND]: Array(6).fill({ effect: false, result: "none" }) };
  page.send(TALK, "hello");
  await clock.run(16_000); // all six; the next one is due 15 seconds after the last
  assert.equal(server.conversations.size, 0);
  page.online();
  await clock.run(100);
  assert.deepEqual(said(server), ["hello"]);
});

test("without locks, a tab still sends one message at a time, each once", async () => {
  const { browser, clock, server, asked } = annsWorld();
  browser.hasLocks = false;
  const page = browser.open("ann");
  for (const text of ["one", "two", "three"]) page.send(TALK, text);
  await clock.run(MINUTE);
  assert.deepEqual(said(server), ["one", "two", "three"]);
  assert.equal(asked(SEND).length, 3);
});

test("an error of the page harms nothing", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  page.show = () => {
    throw new Error("a bug of the page");
  };
  page.send(TALK, "one");
  page.send(TALK, "two");
  await clock.run(1000);
  assert.deepEqual(said(server), ["one", "two"]);
  assert.deepEqual(page.queue, []);
  assert.ok(world.errors.includes("a bug of the page"));
});

// Several tabs, several users

test("messages of two tabs keep the order in which they were written", async () => {
  const { world, browser, clock, server } = annsWorld();
  const [one, two] = [browser.open("ann"), browser.open("ann")];
  world.plans = { [SEND]: Array(4).fill({ effect: false, result: "none" }) };
  for (const [page, text] of [[one, "1"], [two, "2"], [one, "3"], [two, "4"]]) {
    page.send(TALK, text);
    await clock.run(500);
  }
  await clock.run(MINUTE);
  assert.deepEqual(said(server), ["1", "2", "3", "4"]);
});

test("texts overtake a photo that is being sent, and photos and texts each keep their order", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  world.planRequest = (_page, _path, { image }) => ({ up: image ? 20_000 : 5, down: 5, effect: true, result: "answer" });
  for (const [text, image] of [["photo 1", "data:"], ["text 1"], ["photo 2", "data:"], ["text 2"]]) page.send(TALK, text, image);
  await clock.run(1000);
  assert.deepEqual(said(server), ["text 1", "text 2"]);
  await clock.run(MINUTE);
  assert.deepEqual(said(server), ["text 1", "text 2", "photo 1", "photo 2"]);
  assert.deepEqual(page.queue, []);
});

test("what a closed tab has queued is sent by another one when it reconnects", async () => {
  const { world, browser, clock, server } = annsWorld();
  const [one, two] = [browser.open("ann"), browser.open("ann")];
  world.plans = { [SEND]: [{ effect: false, result: "none" }] };
  one.send(TALK, "hello");
  await clock.run(100);
  one.kill();
  two.connect();
  await clock.run(1000);
  assert.deepEqual(said(server), ["hello"]);
});

test("a message that another tab has discarded is not sent", async () => {
  const { world, browser, clock, server } = annsWorld();
  const one = browser.open("ann");
  world.planRequest = () => ({ up: 5, down: 5, effect: false, result: "none" });
  const { clientId } = one.send(TALK, "hello");
  await clock.run(100);
  const two = browser.open("ann");
  await clock.run(100);
  assert.equal(two.queue.length, 1);
  one.sync.discard(clientId);
  world.planRequest = () => ({ up: 5, down: 5, effect: true, result: "answer" });
  await clock.run(MINUTE);
  assert.equal(server.conversations.size, 0);
  assert.deepEqual(two.queue, []);
});

test("a queued message is not sent in the name of a user who logs in later", async () => {
  const { world, browser, clock, server } = annsWorld();
  const anns = browser.open("ann");
  world.planRequest = () => ({ up: 5, down: 5, effect: false, result: "none" });
  anns.send(TALK, "from Ann");
  await clock.run(1000);
  browser.user = "eve";
  world.planRequest = () => ({ up: 5, down: 5, effect: true, result: "answer" });
  const eves = browser.open("eve");
  eves.connect();
  anns.online();
  await clock.run(MINUTE);
  assert.equal(server.conversations.size, 0);
  assert.equal(anns.stopReason, "wrong_user");
  assert.deepEqual(eves.queue, []);
  browser.user = "ann";
  browser.open("ann");
  await clock.run(1000);
  assert.deepEqual([...server.conversations.get(TALK).messages.values()].map(({ senderId, text }) => [senderId, text]), [["ann", "from Ann"]]);
});

test("a page that is logged out stops, says so, and leaves its queue to the next login", async () => {
  const { browser, clock, server, asked } = annsWorld();
  const page = browser.open("ann");
  browser.user = null;
  page.send(TALK, "hello");
  await clock.run(10 * MINUTE);
  assert.equal(asked(SEND).length, 1);
  assert.equal(page.stopReason, "logged_out");
  browser.user = "ann";
  browser.open("ann");
  await clock.run(1000);
  assert.deepEqual(said(server), ["hello"]);
});

test("a page that has stopped shows and sends nothing more, and holds up no other one", async () => {
  const { world, browser, clock, server } = annsWorld();
  const page = browser.open("ann");
  page.connect();
  await clock.run(1000);
  world.plans = { [SEND]: [{ effect: false, result: { status: 429, retryAfter: 600 } }] };
  page.send(TALK, "hello");
  await clock.run(1000);
  page.sync.stop();
  const next = browser.open("ann");
  await clock.run(1000);
  assert.deepEqual(said(server), ["hello"]);
  assert.deepEqual(page.texts(TALK), []);
  assert.equal(next.texts(TALK).length, 1);
});

test("a clock that was set back does not change the order after a reload", async () => {
  const { world, browser, clock, server } = annsWorld();
  world.planRequest = () => ({ up: 5, down: 5, effect: false, result: "none" });
  const page = browser.open("ann");
  page.send(TALK, "one");
  await clock.run(1000);
  page.kill();
  browser.wrong = -3_600_000;
  world.planRequest = () => ({ up: 5, down: 5, effect: true, result: "answer" });
  browser.open("ann").send(TALK, "two");
  await clock.run(1000);
  assert.deepEqual(said(server), ["one", "two"]);
});
