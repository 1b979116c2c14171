/** What a conversation shows, row by row: days, messages in groups, messages that wait to be sent. */

import { isClosed, nameOf, userOf } from "/lib/conversations.js";
import { dayName, midnight, summary } from "/lib/format.js";

const DAY = 24 * 3600_000; // ms
const GROUP_MS = 5 * 60_000; // messages of one user that are closer than this are shown as one group
const times = new WeakMap(); // message → its time in ms: parsing thousands of dates each time would be slow

/**
 * The rows of a conversation: `{ key, guess, start | day | line | message }`, where `guess` is a height in
 * px. A row has everything that is shown in it, names included, and is the same object as in `before` (key →
 * row) if nothing in it has changed, so that it is not rendered again.
 *
 * - `messages`: those that are loaded; `start`: what is said above them.
 * - `waiting`: the entries of sync.js's queue for this conversation; `uploads`: how much of
 *   each has been sent.
 * - `line`: the id of the message under the line "New". `goal`: the id of the message to point out.
 */
export function rowsOf({ conversation, messages, start, waiting, uploads, line, goal, me, users, before }) {
  const readers = Object.entries(conversation.cursors).filter(([id]) => id !== me._id);
  const closed = isClosed(conversation, users);
  const byId = new Map(messages.map((message) => [message._id, message]));
  const rows = [{ key: "start", guess: 60, start }];
  const add = (row) => rows.push(row);
  let last = null; // the message before, unless something stands between
  let nextDay = -Infinity;
  for (const message of [...messages, ...waiting.map((entry) => asMessage(entry, me))]) {
    const time = timeOf(message);
    if (time >= nextDay || time < nextDay - DAY) {
      add({ key: `day ${new Date(time).toDateString()}`, guess: 52, day: dayName(time) });
      nextDay = midnight(midnight(time) + 1.5 * DAY); // days of 23 and 25 hours too
      last = null;
    }
    if (line === message._id) {
      add({ key: "line", guess: 40, line: true });
      last = null;
    }
    const mine = message.senderId === me._id;
    const author = userOf(users, message.senderId);
    const quoted = message.replyTo && byId.get(message.replyTo);
    const key = message.clientId ?? message._id; // so that a message stays the same row when it has been sent
    add({
      key,
      guess: guess(message),
      message,
      name: nameOf(users, message.senderId, me),
      picture: author.profilePic,
      first: !continues(last, message),
      mine,
      quotedName: quoted && nameOf(users, quoted.senderId, me),
      quotedText: quoted && summary(quoted),
      reactions: reactionsOf(message, users, me, before.get(key)?.reactions),
      readers: mine ? readers.filter(([, seq]) => seq >= message.seq).length : 0,
      others: readers.length,
      goal: goal === message._id,
      inRoom: Boolean(conversation.room),
      closed,
      uploaded: message.entry && uploads[message.clientId],
    });
    last = message;
  }
  return rows.map((row) => (isSame(before.get(row.key), row) ? before.get(row.key) : row));
}

/** An entry of the queue as a message. */
const asMessage = (entry, me) => ({
  ...entry,
  _id: entry.clientId,
  senderId: me._id,
  createdAt: new Date(entry.at).toISOString(),
  entry,
});

function timeOf(message) {
  if (!times.has(message)) times.set(message, Date.parse(message.createdAt));
  return times.get(message);
}

/** Whether a message continues the group of the message before it. */
function continues(last, message) {
  if (last?.senderId !== message.senderId || last.system || message.system) return false;
  return timeOf(message) - timeOf(last) < GROUP_MS;
}

/** `[{ emoji, count, names, mine }]`, or null; `old` if that is the same. */
function reactionsOf({ reactions }, users, me, old) {
  if (!reactions) return null;
  const chips = Object.entries(reactions).map(([emoji, ids]) => ({
    emoji,
    count: ids.length,
    names: ids.map((id) => nameOf(users, id, me)).join(", "),
    mine: ids.includes(me._id),
  }));
  return JSON.stringify(chips) === JSON.stringify(old) ? old : chips;
}

const guess = ({ text = "", image, replyTo, reactions }) =>
  42 + 21 * Math.floor(text.length / 52) + (image ? 250 : 0) + (replyTo ? 48 : 0) + (reactions ? 30 : 0);

/** Entries of the queue are changed in place, so their rows are never the same. */
const isSame = (a, b) => a && !b.message?.entry && Object.keys(b).every((key) => Object.is(a[key], b[key]));
