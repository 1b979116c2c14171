// What is measured. Each step takes a backend and the plan, and returns figures by name: rates a second, times in ms.
// A backend is {name, base, pid, users}; a user is {id, email, cookie}.
import { Socket, succeed } from './client.mjs';
import { eventually, now, percentile, repeat, sleep, sustain } from './pace.mjs';
import { cpu, memory } from './process.mjs';

const PASSWORD = 'secret123';

const get = (backend, path, user) => succeed(backend.base, 'GET', path, { cookie: user.cookie });
const post = (backend, path, body, user) => succeed(backend.base, 'POST', path, { body, cookie: user?.cookie });
const whoAmI = (backend, user) => get(backend, '/api/auth/check', user);
const logIn = (backend, user) => post(backend, '/api/auth/login', { email: user.email, password: PASSWORD });
const send = (backend, from, to, text) => post(backend, `/api/messages/send/${to.id}`, { text }, from);

async function connectMany(backend, plan, count) {
  const sockets = [];
  const seconds = await repeat(count, 25, async number => {
    sockets.push(await Socket.connect(backend.base, backend.users[number % backend.users.length], plan.deflate));
  });
  return { sockets, seconds };
}

/** The p99 of one `check` after the other, for some seconds, with a pause between them. */
async function watch(backend, user, seconds) {
  const times = [];
  const end = now() + seconds * 1000;
  do {
    const start = now();
    await whoAmI(backend, user);
    times.push(now() - start);
    await sleep(10);
  } while (now() < end);
  return percentile(times, 0.99);
}

/** Waits until presence has been told, and memory freed. */
const settle = plan => sleep(plan.settle * 1000);

async function closeAll(sockets, plan) {
  for (const socket of sockets) socket.close();
  await settle(plan);
}

/** Also makes the users of all other steps, an equal part in each round. */
export async function signup(backend, plan) {
  const first = backend.users.length;
  const count = Math.ceil((plan.users - first) / (plan.rounds - plan.round));
  const seconds = await repeat(count, 8, async number => {
    const email = `user${first + number}@example.org`;
    const body = { fullName: `User ${first + number}`, email, password: PASSWORD };
    const response = await post(backend, '/api/auth/signup', body);
    backend.users[first + number] = { id: response.json._id, cookie: response.cookie, email };
  });
  return { rate: count / seconds };
}

export async function login(backend, plan) {
  const seconds = await repeat(plan.logins, 8, number => logIn(backend, backend.users[number % backend.users.length]));
  return { rate: plan.logins / seconds };
}

/** How the chat feels to one user while others log in. */
export async function check_during_logins(backend, plan) {
  let over = false;
  const logins = Promise.all(backend.users.slice(0, 8).map(async user => {
    while (!over) await logIn(backend, user);
  }));
  const p99 = await watch(backend, backend.users[8], plan.seconds);
  over = true;
  await logins;
  return { p99 };
}

export const check = (backend, plan) =>
  sustain(plan.seconds, 16, lane => whoAmI(backend, backend.users[lane % backend.users.length]));

export const sidebar = (backend, plan) =>
  sustain(plan.seconds, 8, lane => get(backend, '/api/messages/users', backend.users[lane]));

/** One conversation of `plan.history` messages, beside eight others of that size. */
export async function history(backend, plan) {
  if (plan.round === 0) {
    for (let pair = 0; pair < 9; pair++) {
      const [from, to] = backend.users.slice(pair, pair + 2);
      await repeat(plan.history, 8, number => send(backend, from, to, `message ${number}, as long as people write`));
    }
  }
  const [ann, bob] = backend.users;
  return sustain(plan.seconds, 8, () => get(backend, `/api/messages/${bob.id}`, ann));
}

/** Sends over HTTP; the time from the request to the event at the receiver is the delivery. */
export async function http_send(backend, plan) {
  const [ann, bob] = backend.users.slice(-2); // they have no conversation yet
  const socket = await Socket.connect(backend.base, bob, plan.deflate);
  const underway = new Map();
  const deliveries = [];
  socket.onEvent = packet => {
    if (!packet.startsWith('42["newMessage"')) return;
    const { text } = JSON.parse(packet.slice(2))[1];
    if (!underway.has(text)) return;
    deliveries.push(now() - underway.get(text));
    underway.delete(text);
  };
  let next = 0;
  const { rate } = await sustain(plan.seconds, 8, () => {
    const text = `round ${plan.round} message ${next++}`;
    underway.set(text, now());
    return send(backend, ann, bob, text);
  });
  const all = await eventually(() => underway.size === 0);
  socket.close();
  if (!all) throw new Error(`${underway.size} of ${next} messages did not arrive`);
  return { rate, p50: percentile(deliveries, 0.5), p99: percentile(deliveries, 0.99) };
}

/** Sends over one socket, eight at a time, each acknowledged. */
export async function socket_send(backend, plan) {
  const [ann, bob] = backend.users.slice(-4, -2);
  const sender = await Socket.connect(backend.base, ann, plan.deflate);
  const receiver = await Socket.connect(backend.base, bob, plan.deflate);
  let sent = 0;
  let arrived = 0;
  receiver.onEvent = packet => { arrived += packet.startsWith('42["newMessage"'); };
  const figures = await sustain(plan.seconds, 8, async () => {
    const answer = await sender.ask('send_message', { to: bob.id, text: `message ${sent++}` });
    if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer)}`);
  });
  const all = await eventually(() => arrived === sent);
  sender.close();
  receiver.close();
  if (!all) throw new Error(`${sent - arrived} of ${sent} messages did not arrive`);
  return figures;
}

/** A room whose members are all connected; one of them sends, four messages at a time. */
export async function room(backend, plan) {
  const members = backend.users.slice(0, plan.room);
  const body = { name: 'Room', members: members.slice(1).map(user => user.id) };
  const made = await post(backend, '/api/rooms', body, members[0]);
  const sockets = [];
  let deliveries = 0;
  for (const user of members) {
    const socket = await Socket.connect(backend.base, user, plan.deflate);
    socket.onEvent = packet => { deliveries += packet.startsWith('42["new_message"'); };
    sockets.push(socket);
  }
  const start = now();
  await sustain(plan.seconds, 4, () => sockets[0].ask('send_message', { room: made.json._id, text: 'hello' }));
  const rate = deliveries / ((now() - start) / 1000); // what has arrived by then counts, what is underway does not
  await closeAll(sockets, plan);
  return { rate };
}

/** Many connect at once. */
export async function connect(backend, plan) {
  const before = cpu(backend.pid);
  const { sockets, seconds } = await connectMany(backend, plan, plan.sockets);
  await settle(plan);
  const spent = cpu(backend.pid) - before;
  const bytes = sockets.reduce((sum, socket) => sum + socket.bytes, 0);
  await closeAll(sockets, plan);
  return { rate: plan.sockets / seconds, cpu: spent / plan.sockets, kb: bytes / 1024 / plan.sockets };
}

/** What a connected socket that does nothing costs. */
export async function socket_memory(backend, plan) {
  const before = memory(backend.pid);
  const { sockets } = await connectMany(backend, plan, plan.resting);
  await settle(plan);
  const grown = memory(backend.pid) - before;
  await closeAll(sockets, plan);
  return { kb: grown / plan.resting };
}

/** Very many sockets, held past the server's first ping: what it costs, and how the server responds meanwhile. */
export async function idle(backend, plan) {
  const { sockets } = await connectMany(backend, plan, plan.idle);
  const p99 = await watch(backend, backend.users[0], plan.hold);
  const held = sockets.filter(socket => socket.open).length;
  const mb = memory(backend.pid) / 1024;
  await closeAll(sockets, plan);
  return { held, mb, p99 };
}
