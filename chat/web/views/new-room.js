/** Creating a room. */

import { html } from "/html.js";
import { createRoom } from "/lib/actions.js";
import { nameOf } from "/lib/conversations.js";
import { closeDialog } from "/lib/state.js";
import { othersThan, PeopleList } from "/views/people-list.js";
import { Dialog, Field, Form } from "/views/ui.js";

export function NewRoom({ me, users, limits }) {
  const box = (id) =>
    html`<input type="checkbox" name="member" value=${id} aria-label=${nameOf(users, id, me)} />`;
  async function create({ name, open }, form) {
    const members = new FormData(form).getAll("member");
    await createRoom({ name, public: Boolean(open), members });
    closeDialog();
  }
  return html`<${Dialog} title="New room" initialFocus="[name=name]">
    <${Form} action=${create} submit="Create room">
      <${Field} label="Name" name="name" asked="a name" max=${limits.maxNameLength} dir="auto" required />
      <label class="switch"><input type="checkbox" role="switch" name="open" />Anyone can join</label>
      <h3>People</h3>
      <${PeopleList} ids=${othersThan([], users, me)} control=${box} as="label" ...${{ users, me }} />
    <//>
  <//>`;
}
