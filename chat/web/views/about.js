/** About a person or a room: blocking, members, the room's name; and opening a new room. */

import { html, useState } from "/html.js";
import { block, changeRoom } from "/lib/actions.js";
import { attempt, go, nameOf, pathOf, state, use, userOf } from "/lib/state.js";
import { standing } from "/views/conversation.js";
import { Avatar, closeDialog, confirm, Dialog, Field, Form, SearchField } from "/views/ui.js";

export function About({ conversation }) {
  const talk = use((now) => now.talks[conversation]);
  if (!talk) return null;
  return talk.members ? html`<${Room} room=${talk} />` : html`<${Person} person=${talk} />`;
}

function Person({ person }) {
  const online = use((now) => now.online.has(person._id));
  const { fullName, blocked } = person;
  const text = "Their messages won't reach you any more. You can unblock them at any time.";
  const ask = { title: `Block ${fullName}?`, text, yes: "Block", run: () => block(person, true) };
  const change = () => (blocked ? attempt(() => block(person, false)) : confirm(ask));
  return html`<${Dialog} title=${fullName} class="dialog--small">
    <div class="about">
      <${Avatar} of=${person} size="xl" online=${online} />
      <p>${person.email}</p><p>${standing(person, online)}</p>
      <button class="button button--quiet" onClick=${change}>${blocked ? "Unblock" : "Block"}</button>
    </div>
  <//>`;
}

function Room({ room }) {
  const me = state.me._id;
  const { _id, name, members, ownerId } = room;
  const mine = ownerId === me;
  const strangers = people().filter((person) => !members.includes(person._id));
  const call = (...args) => attempt(() => changeRoom(...args));
  const ask = (yes, text, path) => () => confirm({ title: `${yes} ${name}?`, text, yes, run: () => changeRoom("DELETE", path) });
  const leave = ask("Leave", room.public ? "You can join again later." : "To come back, you have to be added again.", `/${_id}/members/${me}`);
  const erase = ask("Delete", "The room and all its messages disappear for everybody.", `/${_id}`);
  const add = (person) => html`<button class="link" aria-label=${`Add ${person.fullName}`}
    onClick=${() => call("POST", `/${_id}/members`, { userId: person._id })}>Add</button>`;
  return html`<${Dialog} title=${name}>
    <p class="hint">${room.public ? "A public room: everybody may join." : "A private room: its owner adds people."}</p>
    ${mine && html`<${Form} action=${(fields) => changeRoom("PUT", `/${_id}`, fields)} submit="Rename" kind="quiet">
      <${Field} label="Name" name="name" defaultValue=${name} maxlength="100" required />
    <//>`}
    <h3>${standing(room)}</h3>
    <ul class="people">
      ${members.map((id) => html`<li key=${id}>
        <${Avatar} of=${userOf(id)} size="s" /><span><strong>${nameOf(id)}</strong>${id === ownerId && html`<small>Owner</small>`}</span>
        ${mine && id !== me && html`<button class="link" aria-label=${`Remove ${nameOf(id)}`} onClick=${() => call("DELETE", `/${_id}/members/${id}`)}>Remove</button>`}
      </li>`)}
    </ul>
    ${mine && html`<details><summary>Add people</summary><${Pick} from=${strangers} draw=${add} /></details>`}
    ${members.includes(me) && html`<div class="buttons">
      <button class="button button--quiet" onClick=${leave}>Leave room</button>
      ${mine && html`<button class="button button--danger" onClick=${erase}>Delete room</button>`}
    </div>`}
  <//>`;
}

const people = () => Object.values(state.talks).filter((talk) => !talk.members);

export function NewRoom() {
  const [members, setMembers] = useState([]);
  const toggle = (id) => setMembers(members.includes(id) ? members.filter((one) => one !== id) : [...members, id]);
  const box = ({ _id, fullName }) =>
    html`<input type="checkbox" aria-label=${fullName} checked=${members.includes(_id)} onChange=${() => toggle(_id)} />`;
  const create = async ({ name, kind }) => {
    const room = await changeRoom("POST", "", { name, public: kind === "public", members });
    closeDialog();
    go(pathOf(room._id));
  };
  return html`<${Dialog} title="New room">
    <${Form} action=${create} submit="Open the room">
      <${Field} label="Name" name="name" maxlength="100" required />
      <fieldset class="choice"><legend>Who may come in</legend>
        <label><input type="radio" name="kind" value="private" defaultChecked /><span><strong>Private</strong><small>Only people you add</small></span></label>
        <label><input type="radio" name="kind" value="public" /><span><strong>Public</strong><small>Everybody may join</small></span></label>
      </fieldset>
      <h3>People</h3>
      <${Pick} from=${people()} draw=${box} />
    <//>
  <//>`;
}

/** A list of people with a box to narrow it; `draw(person)` is what can be done with each. */
function Pick({ from, draw }) {
  const [wanted, setWanted] = useState("");
  const fitting = from.filter(({ fullName }) => fullName.toLowerCase().includes(wanted.trim().toLowerCase()));
  return html`${from.length > 6 && html`<${SearchField} label="Find people" value=${wanted} onValue=${setWanted} />`}
    <ul class="people people--scroll">
      ${fitting.map((person) => html`<li key=${person._id}>
        <label><${Avatar} of=${person} size="s" /><span><strong>${person.fullName}</strong></span>${draw(person)}</label>
      </li>`)}
      ${!fitting.length && html`<li class="hint">Nobody to choose from.</li>`}
    </ul>`;
}
