// A plain Socket.IO client joins ROOM, answers the first message that it hears there, and prints what it heard as JSON.
// BASE=http://... TOKEN=... ROOM=id node room_guest.mjs
import { io } from "socket.io-client";

const { BASE, TOKEN, ROOM } = process.env;
const socket = io(BASE, { auth: { token: TOKEN } });
const heard = [];
socket.on("new_message", (message) => heard.push(message.text));
const joined = new Promise((resolve) => socket.on("joined", resolve));
await new Promise((resolve, reject) => socket.on("connect", resolve).on("connect_error", reject));
const answer = await socket.emitWithAck("join_room", { room: ROOM });
await joined;
const said = (text) => heard.includes(text);
const end = Date.now() + 20_000;
while (!said("Hello from the browser") && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
const sent = await socket.emitWithAck("send_message", { room: ROOM, text: "Hello from a plain client" });
while (!said("And from the other browser") && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify({ answer, sent, heard }));
socket.close();
