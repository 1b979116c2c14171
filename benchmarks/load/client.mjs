// One client of a chat backend, over HTTP and over a WebSocket, as a browser would be.
import http from 'node:http';
import WebSocket from 'ws';

const TIMEOUT = 30_000; // ms
const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });

/** The status, the parsed body and the session cookie of a response. Rejects if there is none. */
export function request(base, method, path, { body, cookie } = {}) {
  const data = body === undefined ? undefined : JSON.stringify(body);
  const headers = {};
  if (data !== undefined) {
    headers['Content-Type'] = 'application/json';
    headers['Content-Length'] = Buffer.byteLength(data);
  }
  if (cookie) headers.Cookie = cookie;
  return new Promise((resolve, reject) => {
    const sent = http.request(base + path, { method, headers, agent }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const cookies = (response.headers['set-cookie'] ?? []).map(line => line.split(';')[0]);
        resolve({
          status: response.statusCode,
          json: parse(Buffer.concat(chunks)),
          cookie: cookies.find(one => one.startsWith('jwt=')),
        });
      });
    });
    sent.on('error', reject);
    sent.setTimeout(TIMEOUT, () => sent.destroy(new Error(`${method} ${path}: no response in ${TIMEOUT / 1000} s`)));
    sent.end(data);
  });
}

/** The same, with an Error if the request is refused. */
export async function succeed(base, method, path, options) {
  const response = await request(base, method, path, options);
  if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.json)}`);
  return response;
}

function parse(bytes) {
  try {
    return JSON.parse(bytes);
  } catch {
    return null;
  }
}

/** A Socket.IO connection on a WebSocket, written by hand so that the load costs little. */
export class Socket {
  bytes = 0; // received so far
  onEvent = () => {}; // gets the raw text of each event packet: 42["name",payload]
  #waiting = new Map(); // acknowledgement number -> the promise of its payload
  #next = 0;

  /** Connects as `user`, and resolves to the socket once the namespace is open. */
  static connect(base, user, deflate) {
    const socket = new Socket();
    return new Promise((resolve, reject) => {
      const address = `${base.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&userId=${user.id}`;
      const ws = new WebSocket(address, { perMessageDeflate: deflate, headers: { Cookie: user.cookie } });
      const timer = setTimeout(() => ws.terminate(), TIMEOUT);
      socket.ws = ws;
      ws.on('error', reject);
      ws.on('close', () => {
        clearTimeout(timer);
        reject(new Error('closed before the CONNECT packet'));
        socket.#giveUp();
      });
      ws.on('message', data => {
        const packet = data.toString();
        socket.bytes += data.length;
        if (packet[0] === '0') ws.send('40');
        else if (packet === '2') ws.send('3');
        else if (packet.startsWith('42')) socket.onEvent(packet);
        else if (packet.startsWith('43')) socket.#acknowledged(packet);
        else if (packet.startsWith('44')) reject(new Error(`refused: ${packet}`));
        else if (packet.startsWith('40')) {
          clearTimeout(timer);
          resolve(socket);
        }
      });
    });
  }

  get open() {
    return this.ws.readyState === WebSocket.OPEN;
  }

  /** Emits an event, and resolves to the payload of its acknowledgement. Rejects if the socket closes first. */
  ask(event, payload) {
    const id = String(this.#next++);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.ws.send(`42${id}${JSON.stringify([event, payload])}`);
    });
  }

  close() {
    this.ws.close();
  }

  #acknowledged(packet) {
    const start = packet.indexOf('[');
    const id = packet.slice(2, start);
    this.#waiting.get(id)?.resolve(JSON.parse(packet.slice(start))[0]);
    this.#waiting.delete(id);
  }

  #giveUp() {
    for (const { reject } of this.#waiting.values()) reject(new Error('the server closed the socket'));
    this.#waiting.clear();
  }
}
