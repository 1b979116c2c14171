// Connects all users in TOKENS, lets the first send COUNT messages to ROOM at 10 a second, and prints what each heard as JSON.
// BASE=http://... TOKENS=file ROOM=id COUNT=n node large_room.mjs
import { readFileSync } from "node:fs";
import { io } from "socket.io-client";

const { BASE, ROOM } = process.env;
const count = Number(process.env.COUNT);
const tokens = JSON.parse(readFileSync(process.env.TOKENS, "utf8"));

async function connect(token) {
  const socket = io(BASE, { transports: ["websocket"], auth: { token, presence: "diff" }, forceNew: true });
  const heard = [];
  socket.on("new_message", ({ seq }) => heard.push(seq));
  await new Promise((resolve, reject) => socket.on("connect", resolve).on("connect_error", reject));
  return { socket, heard };
}

const people = [];
for (let start = 0; start < tokens.length; start += 25) {
  people.push(...(await Promise.all(tokens.slice(start, start + 25).map(connect))));
}
const [sender, ...others] = people;
const sent = [];
for (let number = 0; number < count; number++) {
  sent.push(sender.socket.emitWithAck("send_message", { room: ROOM, text: `message ${number}` }));
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const seqs = (await Promise.all(sent)).map((answer) => answer.message?.seq);
const end = Date.now() + 20_000;
while (others.some(({ heard }) => heard.length < count) && Date.now() < end) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log(JSON.stringify({ seqs, heard: others.map(({ heard }) => heard) }));
process.exit(0);
