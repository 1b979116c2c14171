/** About a user or a room: blocking, members, the room's name. */

import { html } from "/html.js";
import { addMember, deleteRoom, leaveRoom, removeMember, report, saveRoom, setBlocked, setOwner } from "/lib/actions.js";
import { isMember, nameOf, userOf } from "/lib/conversations.js";
import { confirm } from "/lib/state.js";
import { attempt, notify } from "/lib/toasts.js";
import { memberCount, standing } from "/views/conversation.js";
import { othersThan, PeopleList } from "/views/people-list.js";
import { Dialog, Field, Form, UserAvatar } from "/views/ui.js";

const MAX_TOPIC = 250; // characters, as the server has it

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
  const { _id, name, topic, members, owners, membersInvite } = room;
  const mine = owners.includes(me._id);
  const mayAdd = mine || (membersInvite && isMember(conversation, me));
  const change = (word, id, run) =>
    html`<${Change} word=${word} name=${nameOf(users, id, me)} run=${run} />`;
  const add = (id) => change("Add", id, () => addMember(_id, id));
  const control = (id) => {
    const isOwner = owners.includes(id);
    return html`${isOwner && html`<small>Owner</small>`}
    ${mine && !isOwner && change("Make owner", id, () => setOwner(_id, id, true))}
    ${mine && isOwner && owners.length > 1 && change("Remove as owner", id, () => setOwner(_id, id, false))}
    ${mine && !isOwner && change("Remove", id, () => removeMember(_id, id))}`;
  };
  return html`<${Dialog} title=${name}>
    ${topic && html`<p dir="auto">${topic}</p>`}
    <p class="hint">${whoMayJoin(room)}</p>
    ${mine && html`<${Settings} room=${room} limits=${limits} />`}
    <h3>${memberCount(room)}</h3>
    <${PeopleList} ids=${members} control=${control} ...${{ users, me }} />
    ${
      mayAdd &&
      html`<details>
        <summary>Add people</summary>
        <${PeopleList} ids=${othersThan(members, users, me)} control=${add} ...${{ users, me }} />
      </details>`
    }
    ${isMember(conversation, me) && html`<${Leaving} room=${room} mine=${mine} />`}
  <//>`;
}

function whoMayJoin({ public: isPublic, membersInvite }) {
  if (isPublic) return "A public room: anyone can join.";
  return `A private room: its ${membersInvite ? "members add" : "owner adds"} people.`;
}

function Settings({ room: { _id, name, topic, public: isPublic, membersInvite }, limits }) {
  const save = async (fields) => {
    await saveRoom(_id, {
      topic: fields.topic,
      public: "public" in fields,
      membersInvite: "membersInvite" in fields,
    });
    notify("Saved");
  };
  return html`<${Form} action=${(fields) => saveRoom(_id, fields)} submit="Rename" kind="quiet">
      <${Field}
        label="Name"
        name="name"
        asked="a name"
        defaultValue=${name}
        max=${limits.maxNameLength}
        dir="auto"
        required
      />
    <//>
    <details>
      <summary>Room settings</summary>
      <${Form} action=${save} submit="Save settings" kind="quiet">
        <${Field} label="Topic" name="topic" defaultValue=${topic} max=${MAX_TOPIC} dir="auto" />
        <label class="switch">
          <input type="checkbox" role="switch" name="public" defaultChecked=${isPublic} />Anyone can join
        </label>
        <label class="switch">
          <input type="checkbox" role="switch" name="membersInvite" defaultChecked=${membersInvite} />All members
          can invite
        </label>
      <//>
    </details>`;
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
