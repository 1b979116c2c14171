/** The lists of users and conversations: loaded from the server, and kept up to date by events. */

import { request } from "/lib/api.js";
import { cacheLists } from "/lib/cache.js";
import { DELETED_USER, directId, isMember, listedConversation, roomConversation } from "/lib/conversations.js";
import { forgetHistory } from "/lib/history.js";
import { go, pathOf, set, state } from "/lib/state.js";
import { notify } from "/lib/toasts.js";

const leaving = new Set(); // ids of rooms that I am leaving or deleting
let version = 0; // grows with each load and each change of a room
let missed = null; // while a load is under way, the changes of users and public rooms that have come since it began

/**
 * Load users and conversations: the entries `{ conversation, rev }` of the server, or null if something
 * changed meanwhile, so that the answer may be out of date. Throws `ApiError`.
 */
export async function loadLists() {
  version += 1;
  const began = version;
  missed = [];
  const [people, rooms] = await Promise.all([
    request("GET", "/api/messages/users"),
    request("GET", "/api/rooms"),
  ]);
  if (began !== version || !state.me) return null;
  showLists(people, rooms);
  const { me, limits } = state;
  missed?.forEach(applyListChanges);
  missed = null;
  cacheLists(me._id, { me, limits, people, rooms });
  return [...people, ...rooms];
}

/** Show lists of the server. */
export function showLists(people, rooms) {
  const { me, conversations: known } = state;
  const users = { [me._id]: me };
  for (const person of people) users[person._id] = userFrom(person);
  const conversations = {};
  for (const entry of [...people, ...rooms]) {
    const id = entry.conversation ?? entry.room ?? (entry.members ? entry._id : directId(me._id, entry._id));
    conversations[id] = listedConversation({ ...entry, conversation: id }, known[id], me);
  }
  set({ users, conversations, listed: true });
}

const userFrom = ({ _id, fullName, email, profilePic, lastSeen, blocked, deleted }) => ({
  _id,
  fullName,
  email,
  profilePic,
  lastSeen,
  blocked,
  deleted,
});

/**
 * Show what others changed: `{ users, rooms }` of the server. Returns the ids of public rooms that are new here.
 */
export function showListChanges(changes) {
  missed?.push(changes);
  applyListChanges(changes);
  return changes.rooms.filter(({ _id, deleted }) => !deleted && !state.conversations[_id]).map(({ _id }) => _id);
}

function applyListChanges({ users: people, rooms }) {
  const { me } = state;
  const users = { ...state.users };
  const conversations = { ...state.conversations };
  for (const { _id, fullName, profilePic, deleted } of people) {
    if (!users[_id]) continue;
    users[_id] = deleted ? { ...DELETED_USER, _id } : { ...users[_id], fullName, profilePic };
    const id = directId(me._id, _id);
    const kept = !deleted || conversations[id]?.lastMessage || state.path === pathOf(id);
    if (!kept) delete conversations[id];
  }
  for (const { _id, name, deleted } of rooms) {
    const known = conversations[_id];
    if (!known || isMember(known, me)) continue; // members are told more, in `roomUpdated`
    if (deleted) delete conversations[_id];
    else conversations[_id] = { ...known, room: { ...known.room, name } };
  }
  set({ users, conversations, me: users[me._id] });
}

/**
 * Show that a room has changed. Returns whether I have just become a member, so that the lists have to be
 * loaded.
 */
export function showRoom(room) {
  version += 1;
  const { [room._id]: old, ...others } = state.conversations;
  const isIn = ({ members }) => members.includes(state.me._id);
  const wasMember = Boolean(old) && isIn(old.room);
  const member = !room.deleted && isIn(room);
  const visible = member || (room.public && !room.deleted);
  const left = wasMember && !member;
  if (left) forgetHistory(room._id); // it is not mine to see any more
  const changed = roomConversation(room, left ? undefined : old);
  set({ conversations: visible ? { ...others, [room._id]: changed } : others });
  if (left && state.path === pathOf(room._id)) sayGoodbye(old.room, room.deleted);
  return member && !wasMember;
}

function sayGoodbye({ _id, name }, deleted) {
  go("/", { replace: true });
  const mine = leaving.has(_id);
  if (deleted) notify(mine ? `You deleted ${name}` : `${name} was deleted`);
  else notify(mine ? `You left ${name}` : `You were removed from ${name}`);
}

/** Run an action by which I leave a room. */
export async function whileLeaving(roomId, action) {
  leaving.add(roomId);
  try {
    return await action();
  } finally {
    leaving.delete(roomId);
  }
}
