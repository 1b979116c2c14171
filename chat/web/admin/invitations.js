/** Invitations: links with which people can sign up. */

import { addressOf, NewLink } from "/admin/pages.js";
import { html, useEffect, useState } from "/html.js";
import { request } from "/lib/api.js";
import { exactTime } from "/lib/format.js";
import { attempt } from "/lib/toasts.js";
import { Field, Form } from "/views/ui.js";

export function Invitations({ conversations }) {
  const [invitations, show] = useState([]);
  const [link, setLink] = useState("");
  const load = () => attempt(async () => show(await request("GET", "/api/admin/invitations")));
  useEffect(() => {
    load();
  }, []);
  async function create({ note, days, uses, room }, form) {
    const body = { note, days: Number(days), uses: Number(uses), room: room || undefined };
    const made = await request("POST", "/api/admin/invitations", body);
    setLink(addressOf(made));
    form.reset();
    await load();
  }
  const revoke = (id) =>
    attempt(async () => {
      await request("DELETE", `/api/admin/invitations/${id}`);
      await load();
    });
  const rooms = Object.values(conversations).filter(({ room }) => room);
  const nameOfRoom = (id) => rooms.find(({ room }) => room._id === id)?.room.name ?? "a room";
  return html`<${Form} action=${create} submit="Create invitation">
      <${Field} label="Note" name="note" hint="For admins: whom it is for" />
      <${Field} label="Days until it ends" name="days" type="number" min="1" max="365" defaultValue="7" required />
      <${Field} label="People who can use it" name="uses" type="number" min="1" defaultValue="1" required />
      <label class="field">
        <span>Room to join</span>
        <select name="room">
          <option value="">None</option>
          ${rooms.map(({ room }) => html`<option value=${room._id}>${room.name}</option>`)}
        </select>
      </label>
    <//>
    ${link && html`<${NewLink} link=${link} />`}
    ${!invitations.length && html`<p class="hint">No invitations</p>`}
    <ul class="admin__list" aria-label="Invitations">
      ${invitations.map(
        ({ _id, note, createdBy, expiresAt, usesLeft, room }) =>
          html`<li key=${_id} class="admin__entry">
            <div class="admin__about">
              <strong dir="auto">${note || "Without a note"}</strong>
              <p class="hint">
                By ${createdBy}. ${usesLeft} left, until ${exactTime(expiresAt)}${room && `. Joins ${nameOfRoom(room)}`}
              </p>
              <button class="link" aria-label=${`Revoke: ${note}`} onClick=${() => revoke(_id)}>Revoke</button>
            </div>
          </li>`,
      )}
    </ul>`;
}
