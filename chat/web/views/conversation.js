/** The open conversation: its head, its messages, what to write with. */

import { html, useState } from "/html.js";
import { addPictures, block, changeRoom } from "/lib/actions.js";
import { ago } from "/lib/format.js";
import { attempt, go, nameOf, state, titleOf, typingIn } from "/lib/state.js";
import { Composer } from "/views/composer.js";
import { Thread } from "/views/thread.js";
import { Avatar, Empty, IconButton, openDialog } from "/views/ui.js";

/** Use the conversation's id as `key`. */
export function Conversation({ talk }) {
  const [dragging, setDragging] = useState(false);
  const joined = !talk.members || talk.members.includes(state.me._id);
  const title = titleOf(talk);
  const drag = {
    onDragOver: (event) => (event.preventDefault(), setDragging(event.dataTransfer.types.includes("Files"))),
    onDragLeave: (event) => event.currentTarget.contains(event.relatedTarget) || setDragging(false),
    onDrop: (event) => (event.preventDefault(), setDragging(false), addPictures(talk.conversation, [...event.dataTransfer.files])),
  };
  const join = () => attempt(() => changeRoom("POST", `/${talk._id}/join`));
  const unblock = () => attempt(() => block(talk, false));
  const instead = !joined
    ? html`<button class="button" onClick=${join}>Join the room</button>`
    : talk.blocked && html`<p>You block ${title}.</p><button class="button button--quiet" onClick=${unblock}>Unblock</button>`;
  return html`<main class="conversation" aria-label=${`Conversation with ${title}`} ...${!instead && drag}>
    <h1 class="unseen">${title}</h1>
    <${Head} talk=${talk} title=${title} />
    ${joined ? html`<${Thread} talk=${talk} />` : html`<${Empty} icon="room" title=${title}>Join this room to read and write.<//>`}
    ${instead ? html`<div class="instead">${instead}</div>` : html`<${Composer} talk=${talk} title=${title} />`}
    ${dragging && html`<div class="drop" aria-hidden="true"><p>Drop pictures to send them</p></div>`}
  </main>`;
}

function Head({ talk, title }) {
  const online = state.online.has(talk._id);
  const typing = typingIn(talk).map(nameOf).join(", ");
  const words = typing ? `${talk.members ? typing : ""} typing …` : state.link === "offline" ? "No connection" : standing(talk, online);
  return html`<header class="head">
    <${IconButton} icon="back" label="Back to the list" class="head__back" onClick=${() => go("/")} />
    <button type="button" class="head__who" onClick=${() => openDialog("about", { conversation: talk.conversation })}>
      <${Avatar} of=${talk} online=${online} />
      <span class="head__text"><strong>${title}</strong>
        <small class=${typing ? "head__typing" : null}>${words}</small>
      </span>
    </button>
    <${IconButton} icon="search" label="Search in this conversation" onClick=${() => openDialog("search", { within: talk })} />
  </header>`;
}

/** What is said of a person or a room under the name. */
export function standing({ members, lastSeen }, online) {
  if (members) return `${members.length} ${members.length === 1 ? "member" : "members"}`;
  if (online) return "Online";
  return lastSeen ? `Last seen ${ago(lastSeen)}` : "Offline";
}
