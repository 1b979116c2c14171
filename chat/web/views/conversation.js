/** The open conversation: its head, its messages, what to write with. */

import { html, useMemo, useState } from "/html.js";
import { addPictures, joinRoom, setBlocked } from "/lib/actions.js";
import { isMember, nameOf, titleOf, typingUsers, userOf } from "/lib/conversations.js";
import { ago } from "/lib/format.js";
import { NEW_HISTORY } from "/lib/history.js";
import { go, NEW_COMPOSER, openDialog } from "/lib/state.js";
import { attempt } from "/lib/toasts.js";
import { Composer } from "/views/composer.js";
import { MessageList } from "/views/message-list.js";
import { ConversationAvatar, Empty, IconButton } from "/views/ui.js";

/** Use the conversation's id as `key`. The other properties are parts of the state, under their names there. */
export function Conversation({
  conversation,
  me,
  users,
  histories,
  composers,
  online,
  link,
  limits,
  ...state
}) {
  const { id, room, userId } = conversation;
  const history = histories[id] ?? NEW_HISTORY;
  const composer = composers[id] ?? NEW_COMPOSER;
  const waiting = useMemo(() => state.queue.filter((entry) => entry.conversation === id), [state.queue]);
  const title = titleOf(conversation, users);
  const user = room ? null : userOf(users, userId);
  const joined = isMember(conversation, me);
  const instead = insteadOfComposer({ room, user, userId, joined });
  const [dragging, drop] = useDrop((files) => addPictures(id, files));
  return html`<main class="conversation" aria-label=${`Conversation with ${title}`} ...${!instead && drop}>
    <h1 class="unseen">${title}</h1>
    <${Head} ...${{ conversation, title, user, link, me, users }} online=${online.has(userId)} />
    ${
      joined
        ? html`<${MessageList}
            ...${{ conversation, history, waiting, me, users }}
            uploads=${state.uploads}
            sentAt=${composer.sentAt}
            goal=${state.goal}
            attentive=${state.attentive}
          />`
        : html`<${Empty} icon="room" title=${title}>Join this room to read and write.<//>`
    }
    ${
      instead
        ? html`<div class="instead">${instead}</div>`
        : html`<${Composer}
            ...${{ conversation, composer, title, limits, me, users }}
            messages=${history.messages}
          />`
    }
    ${dragging && html`<div class="drop" aria-hidden="true"><p>Drop pictures to send them</p></div>`}
  </main>`;
}

/** What stands in the composer's place if nothing can be written here; null otherwise. */
function insteadOfComposer({ room, user, userId, joined }) {
  if (!joined) {
    return html`<button class="button" onClick=${() => attempt(() => joinRoom(room._id))}>
      Join the room
    </button>`;
  }
  if (user?.deleted) return html`<p>This account was deleted.</p>`;
  if (!user?.blocked) return null;
  const unblock = () => attempt(() => setBlocked(userId, false));
  return html`<p>You've blocked ${user.fullName}</p>
    <button class="button button--quiet" onClick=${unblock}>Unblock</button>`;
}

/** Files that are dropped: whether some are held over the element, and the element's properties. */
function useDrop(onFiles) {
  const [dragging, setDragging] = useState(false);
  const onDragOver = (event) => {
    event.preventDefault();
    setDragging(event.dataTransfer.types.includes("Files"));
  };
  const onDragLeave = ({ currentTarget, relatedTarget }) =>
    currentTarget.contains(relatedTarget) || setDragging(false);
  const onDrop = (event) => {
    event.preventDefault();
    setDragging(false);
    onFiles([...event.dataTransfer.files]);
  };
  return [dragging, { onDragOver, onDragLeave, onDrop }];
}

function Head({ conversation, title, user, online, link, me, users }) {
  const { id, room } = conversation;
  const typing = typingUsers(conversation).map((userId) => nameOf(users, userId, me));
  let words = room ? memberCount(room) : standing(user, online);
  if (link === "offline") words = "No connection";
  if (typing.length) words = `${room ? typing.join(", ") : ""} typing …`;
  const openSearch = () => openDialog("search", { within: id });
  return html`<header class="head">
    <${IconButton} icon="back" label="Back to the list" class="head__back" onClick=${() => go("/")} />
    <button type="button" class="head__who" onClick=${() => openDialog("about", { id })}>
      <${ConversationAvatar} room=${room} user=${user} online=${online} />
      <span class="head__text">
        <strong dir="auto">${title}</strong>
        <small class=${typing.length ? "head__typing" : null}>${words}</small>
      </span>
    </button>
    <${IconButton} icon="search" label="Search in this conversation" onClick=${openSearch} />
  </header>`;
}

/** What is said of a user under the name. */
export function standing({ lastSeen, deleted }, online) {
  if (deleted) return "Account deleted";
  if (online) return "Online";
  return lastSeen ? `Last seen ${ago(lastSeen)}` : "Offline";
}

/** "3 members". */
export const memberCount = ({ members }) =>
  `${members.length} ${members.length === 1 ? "member" : "members"}`;
