/** About a user or a room: blocking, members, the room's name. */

import { html } from "/html.js";
import { addMember, deleteRoom, leaveRoom, removeMember, renameRoom, report, setBlocked } from "/lib/actions.js";
import { isMember, nameOf, userOf } from "/lib/conversations.js";
import { confirm } from "/lib/state.js";
import { attempt } from "/lib/toasts.js";
import { memberCount, standing } from "/views/conversation.js";
import { othersThan, PeopleList } from "/views/people-list.js";
import { Dialog, Field, Form, UserAvatar } from "/views/ui.js";

export function About({ conversation, me, users, online, limits }) {
  const { room, userId } = conversation;
  if (room) return html`<${AboutRoom} ...${{ conversation, room, me, users, limits }} />`;
  return html`<${AboutUser} user=${userOf(users, userId)} online=${online.has(userId)} />`;
}

function AboutUser({ user, online }) {
  const { _id, fullName, email, blocked, deleted } = user;
  const unblock = () => attempt(() => setBlocked(_id, false));
  const askToBlock = () =>
    confirm({
      title: `Block ${fullName}?`,
      text: "You won't get their messages any more. You can unblock them at any time.",
      yes: "Block",
      run: () => setBlocked(_id, true),
    });
  return html`<${Dialog} title=${fullName} class="dialog--small">
    <div class="about">
      <${UserAvatar} user=${user} size="xl" online=${online} />
      <p>${email}</p>
      <p>${standing(user, online)}</p>
      ${
        !deleted &&
        html`<button class="button button--quiet" onClick=${blocked ? unblock : askToBlock}>
          ${blocked ? "Unblock" : "Block"}
        </button>
        <button class="button button--quiet" onClick=${() => report({ user: _id }, fullName)}>Report</button>`
      }
    </div>
  <//>`;
}

function AboutRoom({ conversation, room, me, users, limits }) {
  const { _id, name, members, ownerId } = room;
  const mine = ownerId === me._id;
  const remove = (id) =>
    mine &&
    html`<${Change} word="Remove" name=${nameOf(users, id, me)} run=${() => removeMember(_id, id)} />`;
  const add = (id) =>
    html`<${Change} word="Add" name=${nameOf(users, id, me)} run=${() => addMember(_id, id)} />`;
  const control = (id) => (id === ownerId ? html`<small>Owner</small>` : remove(id));
  return html`<${Dialog} title=${name}>
    <p class="hint">
      ${room.public ? "A public room: anyone can join." : "A private room: its owner adds people."}
    </p>
    ${
      mine &&
      html`<${Form} action=${(fields) => renameRoom(_id, fields.name)} submit="Rename" kind="quiet">
        <${Field}
          label="Name"
          name="name"
          asked="a name"
          defaultValue=${name}
          max=${limits.maxNameLength}
          dir="auto"
          required
        />
      <//>`
    }
    <h3>${memberCount(room)}</h3>
    <${PeopleList} ids=${members} control=${control} ...${{ users, me }} />
    ${
      mine &&
      html`<details>
        <summary>Add people</summary>
        <${PeopleList} ids=${othersThan(members, users, me)} control=${add} ...${{ users, me }} />
      </details>`
    }
    ${isMember(conversation, me) && html`<${Leaving} room=${room} mine=${mine} />`}
  <//>`;
}

const Change = ({ word, name, run }) =>
  html`<button class="link" aria-label=${`${word} ${name}`} onClick=${() => attempt(run)}>${word}</button>`;

function Leaving({ room: { _id, name, public: isPublic }, mine }) {
  const askToLeave = () =>
    confirm({
      title: `Leave ${name}?`,
      text: isPublic ? "You can join again later." : "Only its owner can add you again.",
      yes: "Leave",
      run: () => leaveRoom(_id),
    });
  const askToDelete = () =>
    confirm({
      title: `Delete ${name}?`,
      text: "The room and all its messages will be deleted for everyone.",
      yes: "Delete",
      run: () => deleteRoom(_id),
    });
  return html`<div class="buttons">
    <button class="button button--quiet" onClick=${askToLeave}>Leave room</button>
    ${mine && html`<button class="button button--danger" onClick=${askToDelete}>Delete room</button>`}
  </div>`;
}
