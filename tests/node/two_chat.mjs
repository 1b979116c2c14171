// Two people chat through the plain JavaScript client: signs both up, connects both over TRANSPORT, sends, and prints
// what each heard as JSON. BASE=http://... TRANSPORT=polling|websocket node two_chat.mjs
import { io } from "socket.io-client";

const { BASE, TRANSPORT } = process.env;

async function signUp(name) {
  const response = await fetch(`${BASE}/api/auth/signup`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ fullName: name, email: `${name}-${TRANSPORT}@example.org`, password: "secret words" }),
  });
  const cookie = response.headers.get("set-cookie").split(";")[0];
  const user = await response.json();
  const heard = [];
  const socket = io(BASE, { transports: [TRANSPORT], extraHeaders: { cookie }, query: { userId: user._id } });
  socket.onAny((event, data) => heard.push([event, data]));
  await new Promise((resolve, reject) => socket.on("getOnlineUsers", resolve).on("connect_error", reject));
  return { id: user._id, cookie, socket, heard };
}

const [ann, bob] = [await signUp("ann"), await signUp("bob")];
const arrived = new Promise((resolve) => bob.socket.on("newMessage", resolve));
const sent = await fetch(`${BASE}/api/messages/send/${bob.id}`, {
  method: "POST",
  headers: { "Content-Type": "application/json", cookie: ann.cookie },
  body: JSON.stringify({ text: "hello", image: null }),
});
const message = await arrived;
const answered = await new Promise((resolve) =>
  bob.socket.emit("send_message", { to: ann.id, text: "hello back", clientId: "c1" }, resolve),
);
await new Promise((resolve) => setTimeout(resolve, 300));
console.log(
  JSON.stringify({ status: sent.status, sent: await sent.json(), message, answered, ann: ann.heard, ids: [ann.id, bob.id] }),
);
ann.socket.close();
bob.socket.close();
