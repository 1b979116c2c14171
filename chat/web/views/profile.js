/** One's own account: picture, name, notifications, devices, password, data. */

import { html, useEffect, useState } from "/html.js";
import { saveProfile } from "/lib/actions.js";
import { request } from "/lib/api.js";
import { canNotify, notificationsOn, wantNotifications } from "/lib/attention.js";
import { exactTime } from "/lib/format.js";
import { readProfilePicture } from "/lib/images.js";
import { deleteAccount, logOut } from "/lib/session.js";
import { closeDialog, go } from "/lib/state.js";
import { attempt, notify } from "/lib/toasts.js";
import { Dialog, Field, Form, Icon, NewPasswordField, PasswordField, UserAvatar } from "/views/ui.js";

export function Profile({ me, limits }) {
  const [sessions, setSessions] = useState([]);
  const [about, setAbout] = useState({}); // until the server has answered
  const callSessions = (method, path = "") => attempt(() => request(method, `/api/auth/sessions${path}`));
  const loadSessions = async () => setSessions((await callSessions("GET")) ?? []);
  const endSession = (path) => callSessions("DELETE", path).then(loadSessions);
  useEffect(() => {
    loadSessions();
    request("GET", "/api/about").then(setAbout, () => {});
  }, []);
  return html`<${Dialog} title="Your profile">
    <${Me} me=${me} limits=${limits} />
    ${canNotify && html`<${Notifications} />`}
    <${Sessions} sessions=${sessions} onEnd=${endSession} />
    <${Password} limits=${limits} onChanged=${loadSessions} />
    ${about.mail && html`<${Email} />`}
    <${Data} />
    ${about.version && html`<p class="hint">Version ${about.version}</p>`}
  <//>`;
}

function administer() {
  closeDialog();
  go("/admin");
}

function Me({ me, limits }) {
  async function save(changes) {
    await saveProfile(changes);
    notify("Saved");
  }
  const savePicture = ({ target }) =>
    attempt(async () => save({ profilePic: await readProfilePicture(target.files[0]) }));
  return html`<div class="profile__me">
      <label class="profile__picture">
        <${UserAvatar} user=${me} size="xl" /><span class="profile__change"><${Icon} name="camera" /></span>
        <input
          type="file"
          accept="image/*"
          class="unseen"
          aria-label="Change your picture"
          onChange=${savePicture}
        />
      </label>
      <div>
        <strong dir="auto">${me.fullName}</strong>
        <p>${me.email}</p>
        <button class="link" onClick=${() => attempt(logOut)}>Log out</button>
        ${me.admin && html`${" · "}<button class="link" onClick=${administer}>Administration</button>`}
      </div>
    </div>
    <${Form} action=${save} submit="Save name" kind="quiet">
      <${Field}
        label="Name"
        name="fullName"
        asked="your name"
        defaultValue=${me.fullName}
        autocomplete="name"
        max=${limits.maxNameLength}
        dir="auto"
        required
      />
    <//>`;
}

function Notifications() {
  async function change({ target }) {
    const wanted = target.checked;
    target.checked = await wantNotifications(wanted);
    if (wanted && !target.checked) {
      notify("Your browser blocks notifications from this site. Allow them in its settings.", "error");
    }
  }
  return html`<label class="switch">
    <input type="checkbox" role="switch" defaultChecked=${notificationsOn()} onChange=${change} />Notify me of
    new messages
  </label>`;
}

/** Where the user is logged in. `onEnd(path)` ends the session at that path, or all others without one. */
function Sessions({ sessions, onEnd }) {
  const session = ({ id, current, lastUsedAt, userAgent }) => {
    const name = deviceName(userAgent);
    return html`<li key=${id}>
      <span>
        <strong>${name}</strong>
        <small>${current ? "This device" : `Last used ${exactTime(lastUsedAt)}`}</small>
      </span>
      ${
        !current &&
        html`<button class="link" aria-label=${`Log out ${name}`} onClick=${() => onEnd(`/${id}`)}>
          Log out
        </button>`
      }
    </li>`;
  };
  const logOutOthers = html`<button class="link" title="Log out other devices" onClick=${() => onEnd()}>
    Log out everywhere else
  </button>`;
  return html`<section aria-label="Where you're logged in">
    <h3>Where you're logged in</h3>
    <ul class="people">
      ${sessions.map(session)}
    </ul>
    ${sessions.length > 1 && logOutOthers}
  </section>`;
}

/** A browser's name for people, from what it calls itself. */
function deviceName(userAgent) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "Another program";
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(userAgent)?.[1];
  return `${{ Edg: "Edge", OPR: "Opera" }[browser] ?? browser}${system ? ` on ${system}` : ""}`;
}

function Password({ limits, onChanged }) {
  async function save(fields, form) {
    await request("PUT", "/api/auth/password", fields);
    form.reset();
    notify("Your password was changed. All other devices were logged out.");
    onChanged();
  }
  return html`<details name="account">
    <summary>Change your password</summary>
    <${Form} action=${save} submit="Change password" kind="quiet">
      <${PasswordField} label="Current password" />
      <${NewPasswordField} label="New password" name="newPassword" limits=${limits} />
    <//>
  </details>`;
}

/** A new email counts once its link was opened, so the server has to send mail. */
function Email() {
  async function save(fields, form) {
    await request("PUT", "/api/auth/email", fields);
    form.reset();
    notify("A link is on its way to the new email. Open it to confirm the change.");
  }
  return html`<details name="account">
    <summary>Change your email</summary>
    <${Form} action=${save} submit="Change email" kind="quiet">
      <${Field} label="New email" name="email" type="email" asked="your new email" required />
      <${PasswordField} />
    <//>
  </details>`;
}

const Data = () =>
  html`<details name="account">
      <summary>Your data</summary>
      <p class="hint">Everything you wrote and everything that was written to you, in one file.</p>
      <a class="button button--quiet" href="/api/auth/export" download>Download my data</a>
    </details>
    <details name="account">
      <summary>Delete your account</summary>
      <p class="hint">
        Your name, your pictures and all your messages will be deleted for everyone. This can't be undone, so
        download your data first.
      </p>
      <${Form} action=${deleteAccount} submit="Delete my account" kind="danger">
        <${PasswordField} label="Your password" />
      <//>
    </details>`;
