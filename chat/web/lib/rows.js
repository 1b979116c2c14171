/** What a conversation shows, row by row: day lines, messages in groups, what waits to be sent. */

import { continues, dayName, sameDay } from "/lib/format.js";

/**
 * The rows of a talk: `{ key, guess, day | line | start | message }`, `guess` being a height in px. `queue` holds the
 * entries of this conversation alone, `goal` the id of the message to point out. A row is the same object as in `before`
 * (key → row) where nothing about it changed, so that it isn't drawn again.
 */
export function rowsOf({ talk, queue, me, goal, before }) {
  const start = talk.older ? (talk.error ?? "Loading older messages …") : "This is the beginning.";
  const rows = [{ key: "start", guess: 60, start }];
  const byId = new Map(talk.messages.map((message) => [message._id, message]));
  const others = Object.entries(talk.cursors ?? {}).filter(([id]) => id !== me);
  const waiting = queue.map((entry) => ({ ...entry, _id: entry.clientId, senderId: me, createdAt: entry.at, entry }));
  let last = null;
  for (const message of [...talk.messages, ...waiting]) {
    if (!last || !sameDay(last.createdAt, message.createdAt)) {
      const day = dayName(message.createdAt);
      rows.push({ key: `day ${new Date(message.createdAt).toDateString()}`, guess: 52, day });
      last = null;
    }
    if (talk.line === message._id) {
      rows.push({ key: "line", guess: 40, line: true });
      last = null;
    }
    rows.push({
      key: message.clientId ?? message._id, // so that a message stays the same row when it has been sent
      guess: guess(message),
      message,
      first: !continues(last, message),
      mine: message.senderId === me,
      quoted: message.replyTo && (byId.get(message.replyTo) ?? message.replyTo),
      seen: message.senderId === me ? others.filter(([, seq]) => seq >= message.seq).length : 0,
      all: others.length,
      goal: goal === message._id,
      inRoom: Boolean(talk.members),
    });
    last = message;
  }
  return rows.map((row) => (same(before.get(row.key), row) ? before.get(row.key) : row));
}

const guess = ({ text = "", image, replyTo, reactions }) =>
  42 + 21 * Math.floor(text.length / 52) + (image ? 250 : 0) + (replyTo ? 48 : 0) + (reactions ? 30 : 0);

/** Entries of the queue are changed in place, so theirs are never the same. */
const same = (a, b) => a && !b.message?.entry && Object.keys(b).every((key) => Object.is(a[key], b[key]));
