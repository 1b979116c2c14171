/** One's own account: picture, name, notifications, logins, password, one's data. */

import { html, useEffect, useState } from "/html.js";
import { request } from "/lib/api.js";
import { canNotify, notificationsOn, wantNotifications } from "/lib/attention.js";
import { exactTime } from "/lib/format.js";
import { readPortrait } from "/lib/images.js";
import { deleteAccount, logOut } from "/lib/live.js";
import { attempt, notify, set, state } from "/lib/state.js";
import { Avatar, Dialog, Field, Form, Icon, NEW_PASSWORD, PASSWORD } from "/views/ui.js";

export function Profile() {
  const { me } = state;
  const save = async (changes) => {
    set({ me: await request("PUT", "/api/auth/update-profile", changes) });
    notify("Saved.");
  };
  const savePicture = ({ target }) => attempt(async () => save({ profilePic: await readPortrait(target.files[0]) }));
  return html`<${Dialog} title="Your profile">
    <div class="profile__me">
      <label class="profile__picture">
        <${Avatar} of=${me} size="xl" /><span class="profile__change"><${Icon} name="camera" /></span>
        <input type="file" accept="image/*" class="unseen" aria-label="Change your picture" onChange=${savePicture} />
      </label>
      <div><strong>${me.fullName}</strong><p>${me.email}</p><button class="link" onClick=${() => attempt(logOut)}>Log out</button></div>
    </div>
    <${Form} action=${save} submit="Save name" kind="quiet">
      <${Field} label="Name" name="fullName" defaultValue=${me.fullName} autocomplete="name" maxlength="100" required />
    <//>
    ${canNotify && html`<${Notifications} />`}
    <${Sessions} />
    <${Password} />
    <${Data} />
  <//>`;
}

function Notifications() {
  const change = async ({ target }) => {
    const wanted = target.checked;
    target.checked = await wantNotifications(wanted);
    if (wanted > target.checked) notify("Your browser blocks notifications from this page: allow them in its settings.", "error");
  };
  return html`<label class="switch">
    <input type="checkbox" role="switch" defaultChecked=${notificationsOn()} onChange=${change} />Notify me of new messages
  </label>`;
}

function Sessions() {
  const [sessions, setSessions] = useState([]);
  const call = (method, path = "") => attempt(() => request(method, `/api/auth/sessions${path}`));
  const load = async () => setSessions((await call("GET")) ?? []);
  const end = (path) => () => call("DELETE", path).then(load);
  useEffect(() => void load(), []);
  return html`<section aria-label="Where you are logged in">
    <h3>Where you are logged in</h3>
    <ul class="people">
      ${sessions.map(({ id, current, lastUsedAt, userAgent, name = device(userAgent) }) => html`<li key=${id}>
        <span><strong>${name}</strong><small>${current ? "This one" : `Last used ${exactTime(lastUsedAt)}`}</small></span>
        ${!current && html`<button class="link" aria-label=${`End the login on ${name}`} onClick=${end(`/${id}`)}>End</button>`}
      </li>`)}
    </ul>
    ${sessions.length > 1 && html`<button class="link" onClick=${end()}>End all others</button>`}
  </section>`;
}

/** A browser's name for people, from what it calls itself. */
function device(userAgent) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "Another program";
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(userAgent)?.[1];
  return `${{ Edg: "Edge", OPR: "Opera" }[browser] ?? browser}${system ? ` on ${system}` : ""}`;
}

function Password() {
  const save = async (fields, form) => {
    await request("PUT", "/api/auth/password", fields);
    form.reset();
    notify("Your password is changed. All other logins have ended.");
  };
  return html`<details name="account">
    <summary>Change your password</summary>
    <${Form} action=${save} submit="Change password" kind="quiet">
      <${Field} label="Password now" name="currentPassword" ...${PASSWORD} />
      <${Field} label="New password" name="newPassword" ...${NEW_PASSWORD} />
    <//>
  </details>`;
}

const Data = () => html`<details name="account">
  <summary>Your data</summary>
  <p class="hint">All you wrote and what was written to you, in one file.</p>
  <a class="button button--quiet" href="/api/auth/export" download>Download my data</a>
</details>
<details name="account">
  <summary>Delete your account</summary>
  <p class="hint">Your name, your pictures and all you have written disappear, for everybody and for ever.
    Nobody can bring them back: download your data first.</p>
  <${Form} action=${deleteAccount} submit="Delete my account" kind="danger">
    <${Field} label="Your password" name="password" ...${PASSWORD} />
  <//>
</details>`;
