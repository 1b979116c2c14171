/**
 * What the server knows of conversations: with whom they are, what was said last, how far each member has
 * read.
 *
 * A conversation is `{ id, userId | room, unread, lastMessage, cursors, typing }`, and what it takes to keep
 * `unread` right between two lists of the server. Its `id` is the server's: two user ids, the smaller one
 * first, joined by "_"; or the room's id. `cursors` has the `seq` up to which each member has read.
 */

const NEW_CONVERSATION = {
  unread: 0,
  lastMessage: null,
  cursors: {},
  listedSeq: 0, // the seq of the last message that `unread` counted when the server listed the conversation
  newSeqs: new Set(), // seqs of the unread messages that came since
  typing: {}, // user id → until when they are shown as typing, in ms
};
export const DELETED_USER = { fullName: "Deleted user", profilePic: "", deleted: true };

/** The id of the conversation of two users. */
export const directId = (a, b) => (a < b ? `${a}_${b}` : `${b}_${a}`);

/** The id of a message's conversation; messages of older servers don't name it. */
export const conversationIdOf = ({ conversation, room, senderId, receiverId }) =>
  conversation ?? room ?? directId(senderId, receiverId);

/** The user with that id; one who is not listed has deleted their account, and wrote in a room. */
export const userOf = (users, id) => users[id] ?? DELETED_USER;

/** Whether nothing can be written to the other user: they have deleted their account, or I block them. */
export function isClosed({ room, userId }, users) {
  const { deleted, blocked } = userOf(users, userId);
  return !room && Boolean(deleted || blocked);
}

/** A user's name; "You" for `me`. */
export const nameOf = (users, id, me) => (id === me._id ? "You" : userOf(users, id).fullName);

/** The name of a conversation: the room's, or the other user's. */
export const titleOf = ({ room, userId }, users) => room?.name ?? userOf(users, userId).fullName;

/** The id of the room or the other user, as the API takes it. */
export const targetId = ({ room, userId }) => room?._id ?? userId;

export const isMember = ({ room }, me) => !room || room.members.includes(me._id);

/** The seq up to which a user has read. */
export const readUpTo = ({ cursors }, userId) => cursors[userId] ?? 0;

/** The ids of those who are typing now. */
export const typingUsers = ({ typing }) => Object.keys(typing).filter((id) => typing[id] > Date.now());

/** An entry of the server's lists as a conversation, with what has come since the server wrote the list. */
export function listedConversation(entry, old = NEW_CONVERSATION, me) {
  const { conversation: id, unread = 0, lastMessage = null, cursors = {} } = entry;
  const listed = { unread, lastMessage, cursors, listedSeq: lastMessage?.seq ?? 0, newSeqs: new Set() };
  const about = entry.members ? { room: roomOf(entry) } : { userId: entry._id };
  return { ...old, id, ...about, ...(isAhead(old, listed, me) ? {} : listed) };
}

/** A room that has changed as a conversation. */
export const roomConversation = (room, old = NEW_CONVERSATION) => ({
  ...old,
  id: room._id,
  room: roomOf(room),
});

/** A room as the page keeps it. What was kept before rooms had several owners has only the first. */
const roomOf = ({
  _id,
  name,
  topic = "",
  public: isPublic,
  ownerId,
  owners = [ownerId],
  members,
  membersInvite = false,
  createdAt,
}) => ({ _id, name, topic, public: isPublic, owners, members, membersInvite, createdAt });

/** Whether `old` knows of a newer message or of further reading than `listed`. */
function isAhead(old, listed, me) {
  const newer = (old.lastMessage?.seq ?? 0) > (listed.lastMessage?.seq ?? 0);
  return newer || readUpTo(old, me._id) > readUpTo(listed, me._id);
}

/** A conversation after a message has come, and whether the message is a new one of another user. */
export function withMessage(conversation, message, me) {
  const { lastMessage: last, listedSeq, newSeqs, typing, unread } = conversation;
  const { seq, rev = 0, senderId, deletedAt, system } = message;
  const isLast = last?._id === message._id ? rev >= (last.rev ?? 0) : !last || compare(last, message) < 0;
  const changed = {
    ...conversation,
    lastMessage: isLast ? message : last,
    typing: { ...typing, [senderId]: 0 },
  };
  // What was missed comes after what is newer: seqs tell what has been counted, the order does not.
  const counted = newSeqs.has(seq) || seq <= Math.max(listedSeq, readUpTo(conversation, me._id));
  if (counted || senderId === me._id || deletedAt || system) return [changed, false];
  return [{ ...changed, newSeqs: new Set(newSeqs).add(seq), unread: unread + 1 }, true];
}

/**
 * A conversation after a user has read up to `seq`. `unread` is how many messages are left to me then;
 * undefined if that can't be told from what is loaded.
 */
export function withReading(conversation, { userId, seq }, me, unread) {
  const changed = { ...conversation, cursors: { ...conversation.cursors, [userId]: seq } };
  if (userId !== me._id) return changed;
  if (unread === undefined && seq < conversation.listedSeq) return changed;
  return { ...changed, unread: unread ?? [...conversation.newSeqs].filter((one) => one > seq).length };
}

/** The order of two messages: by `seq`, or by time if one has none. */
export function compare(a, b) {
  if (a.seq && b.seq) return a.seq - b.seq;
  return a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt);
}
