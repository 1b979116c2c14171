/**
 * A small chat server in memory that keeps the contract: one counter for each conversation, `clientId`s that are taken
 * once, `sync` in pages, and pushes to every open socket of a conversation's members.
 */

const PAGE = 3; // changes of one conversation in one answer to `sync`
const TOTAL = 7; // changes in one answer

export const direct = (one, other) => [one, other].sort().join("_");

const answer = (status, json) => ({ status, json });
const failure = (status, code) => answer(status, { message: `refused: ${code}`, code });

export class ModelServer {
  /** `push(userId, event, message)` is called for each member of a conversation in which something is new. */
  constructor(push) {
    this.push = push;
    this.conversations = new Map(); // id → {id, members, room, rev, messages: Map of _id → message}
    this.sent = new Map(); // sender and clientId → message
    this.blocked = new Set(); // conversations that take nothing for now
    this.ids = 0;
  }

  /** Answer a request of a browser that is logged in as `user`, or as null. */
  handle(user, path, body, headers = {}) {
    if (!user) return failure(401, "no_token");
    if ((headers["X-Chat-User"] ?? user) !== user) return failure(409, "wrong_user");
    if (path === "/api/messages/sync") return answer(200, this.sync(user, body.cursors));
    const [, kind, id] = path.match(/^\/api\/(messages\/send|rooms)\/([^/]+)/);
    return kind === "rooms" ? this.send(user, id, body) : this.send(user, direct(user, id), body);
  }

  send(user, id, { clientId, text }) {
    const conversation = this.conversations.get(id) ?? (id.includes("_") ? this.open(id, id.split("_")) : null);
    if (!conversation?.members.has(user)) return failure(404, "room_not_found");
    if (this.blocked.has(id)) return failure(403, "blocked");
    const known = this.sent.get(`${user} ${clientId}`);
    if (known) return known.original === text ? answer(200, shown(known)) : failure(409, "client_id_reused");
    if (!text || text.includes("unfit")) return failure(400, "bad_request");
    return answer(201, this.post(user, id, text, clientId));
  }

  open(id, members, room = false) {
    const conversation = { id, members: new Set(members), room, rev: 0, messages: new Map() };
    this.conversations.set(id, conversation);
    return conversation;
  }

  /** Store a message of any user, and push it. */
  post(user, id, text, clientId = `from elsewhere ${this.ids}`) {
    const conversation = this.conversations.get(id) ?? this.open(id, id.split("_"));
    const rev = ++conversation.rev;
    const message = { _id: `m${++this.ids}`, conversation: id, senderId: user, seq: rev, rev, text, clientId, original: text };
    conversation.messages.set(message._id, message);
    this.sent.set(`${user} ${clientId}`, message);
    this.tell(conversation, conversation.room ? "new_message" : "newMessage", message);
    return shown(message);
  }

  /** Change a message: it moves to a new `rev`. */
  edit(message, text) {
    const conversation = this.conversations.get(message.conversation);
    Object.assign(message, { text, rev: ++conversation.rev });
    this.tell(conversation, "messageUpdated", message);
  }

  tell(conversation, event, message) {
    for (const member of conversation.members) this.push(member, event, shown(message));
  }

  sync(user, cursors) {
    const conversations = [];
    let left = TOTAL;
    for (const { id, messages } of this.of(user)) {
      const since = cursors[id] ?? 0;
      const changed = [...messages.values()].filter(({ rev }) => rev > since).sort((a, b) => a.rev - b.rev);
      if (!changed.length) continue;
      const page = changed.slice(0, Math.min(PAGE, left));
      const more = changed.length > page.length;
      conversations.push({ id, messages: page.map(shown), upTo: page.at(-1)?.rev ?? since, more });
      left -= page.length;
      if (more && !left) break;
    }
    return { conversations };
  }

  of = (user) => [...this.conversations.values()].filter(({ members }) => members.has(user));
}

/** A copy as it goes over the wire. */
const shown = ({ original, ...message }) => message;
