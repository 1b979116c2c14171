/** About a person or a room: blocking, members, the room's name; and opening a new room. */

import { html, useState } from "/html.js";
import { block, changeRoom } from "/lib/actions.js";
import { attempt, go, nameOf, pathOf, state, userOf } from "/lib/state.js";
import { standing } from "/views/conversation.js";
import { Avatar, closeDialog, confirm, Dialog, Field, Form, SearchField } from "/views/ui.js";

export function About({ conversation }) {
  const talk = state.talks[conversation];
  if (!talk) return null;
  return talk.members ? html`<${Room} room=${talk} />` : html`<${Person} person=${talk} />`;
}

function Person({ person }) {
  const { _id, fullName, email, blocked } = person;
  const online = state.online.has(_id);
  const text = "Their messages won't reach you any more. You can unblock them at any time.";
  const ask = { title: `Block ${fullName}?`, text, yes: "Block", run: () => block(person, true) };
  const change = () => (blocked ? attempt(() => block(person, false)) : confirm(ask));
  return html`<${Dialog} title=${fullName} class="dialog--small">
    <div class="about">
      <${Avatar} of=${person} size="xl" online=${online} />
      <p>${email}</p><p>${standing(person, online)}</p>
      <button class="button button--quiet" onClick=${change}>${blocked ? "Unblock" : "Block"}</button>
    </div>
  <//>`;
}

function Room({ room }) {
  const me = state.me._id;
  const { _id, name, members, ownerId } = room;
  const mine = ownerId === me;
  const ask = (yes, text, path) => () => confirm({ title: `${yes} ${name}?`, text, yes, run: () => changeRoom("DELETE", path) });
  const leave = ask("Leave", room.public ? "You can join again later." : "Only its owner can let you in again.", `/${_id}/members/${me}`);
  const erase = ask("Delete", "The room and all its messages disappear for everybody.", `/${_id}`);
  const button = (word, call) => (id) => {
    const change = () => attempt(() => changeRoom(...call(id)));
    return html`<button class="link" aria-label=${`${word} ${nameOf(id)}`} onClick=${change}>${word}</button>`;
  };
  const add = button("Add", (userId) => ["POST", `/${_id}/members`, { userId }]);
  const remove = button("Remove", (id) => ["DELETE", `/${_id}/members/${id}`]);
  return html`<${Dialog} title=${name}>
    <p class="hint">${room.public ? "A public room: everybody may join." : "A private room: its owner adds people."}</p>
    ${mine && html`<${Form} action=${(fields) => changeRoom("PUT", `/${_id}`, fields)} submit="Rename" kind="quiet">
      <${Field} label="Name" name="name" defaultValue=${name} maxlength="100" required />
    <//>`}
    <h3>${standing(room)}</h3>
    <${People} ids=${members} draw=${(id) => (id === ownerId ? html`<small>Owner</small>` : mine && remove(id))} />
    ${mine && html`<details><summary>Add people</summary><${People} ids=${strangers(members)} draw=${add} /></details>`}
    ${members.includes(me) && html`<div class="buttons">
      <button class="button button--quiet" onClick=${leave}>Leave room</button>
      ${mine && html`<button class="button button--danger" onClick=${erase}>Delete room</button>`}
    </div>`}
  <//>`;
}

/** The ids of all people but some. */
const strangers = (to) => Object.values(state.talks).filter(({ _id, members }) => !members && !to.includes(_id)).map(({ _id }) => _id);

export function NewRoom() {
  const box = (id) => html`<input type="checkbox" name="member" value=${id} aria-label=${nameOf(id)} />`;
  const create = async ({ name, open }, form) => {
    const members = new FormData(form).getAll("member");
    const room = await changeRoom("POST", "", { name, public: Boolean(open), members });
    closeDialog();
    go(pathOf(room._id));
  };
  return html`<${Dialog} title="New room">
    <${Form} action=${create} submit="Open the room">
      <${Field} label="Name" name="name" maxlength="100" required />
      <label class="switch"><input type="checkbox" role="switch" name="open" />Everybody may join, not only those you add</label>
      <h3>People</h3>
      <${People} ids=${strangers([])} draw=${box} as="label" />
    <//>
  <//>`;
}

/** A list of people, with a box to narrow it where it is long; `draw(id)` is what can be done with each. */
function People({ ids, draw, as = "div" }) {
  const [wanted, setWanted] = useState("");
  const fits = (id) => nameOf(id).toLowerCase().includes(wanted.trim().toLowerCase());
  return html`${ids.length > 6 && html`<${SearchField} label="Find people" value=${wanted} onValue=${setWanted} form="" />`}
    <ul class="people people--scroll">
      ${ids.map((id) => html`<li key=${id} hidden=${!fits(id)}>
        <${as}><${Avatar} of=${userOf(id)} size="s" /><strong>${nameOf(id)}</strong>${draw(id)}<//>
      </li>`)}
      ${!ids.some(fits) && html`<li class="hint">Nobody to choose from.</li>`}
    </ul>`;
}
