/** Small parts that many views use. */

import { classes, createContext, html, useContext, useEffect, useRef, useState } from "/html.js";
import { characters, hue, initials } from "/lib/format.js";
import { closeDialog } from "/lib/state.js";
import { notify } from "/lib/toasts.js";

const MAX_REASON = 500; // characters, as the server has it

export const Icon = ({ name }) =>
  html`<svg class="icon" aria-hidden="true"><use href=${`/img/icons.svg#${name}`} /></svg>`;

export const IconButton = ({ icon, label, class: name, ...rest }) =>
  html`<button
    type="button"
    class=${classes("icon-button", name)}
    aria-label=${label}
    title=${label}
    ...${rest}
  >
    <${Icon} name=${icon} />
  </button>`;

/** A user's picture or initials, with a dot if they are online. */
export function Avatar({ id = "", name, picture, online, size = "m" }) {
  return html`<span class=${`avatar avatar--${size}`} style=${{ "--hue": hue(id) }} aria-hidden="true">
    ${picture ? html`<img src=${picture} alt="" />` : initials(name)}
    ${online && html`<span class="avatar__online"></span>`}
  </span>`;
}

export const UserAvatar = ({ user, ...rest }) =>
  html`<${Avatar} id=${user._id} name=${user.fullName} picture=${user.profilePic} ...${rest} />`;

/** A room's sign: open or locked. */
export function RoomAvatar({ room, size = "m" }) {
  const style = { "--hue": hue(room._id) };
  return html`<span class=${`avatar avatar--room avatar--${size}`} style=${style} aria-hidden="true">
    <${Icon} name=${room.public ? "room" : "lock"} />
  </span>`;
}

/** The picture of a conversation: its room's, or the other user's. */
export const ConversationAvatar = ({ room, user, online, size }) =>
  room
    ? html`<${RoomAvatar} room=${room} size=${size} />`
    : html`<${UserAvatar} user=${user} online=${online} size=${size} />`;

/** The toast that is to be shown. A modal dialog covers the page, so an open one shows it. */
export const ToastContext = createContext(null);

export function Toast() {
  const toast = useContext(ToastContext);
  return html`<div class="toast" role="status">
    ${toast && html`<p key=${toast} class=${`toast__text toast__text--${toast.kind}`}>${toast.text}</p>`}
  </div>`;
}

/** A modal dialog. `initialFocus` is a selector; by default the browser chooses. */
export function Dialog({ title, class: name, initialFocus, children }) {
  const box = useRef();
  useEffect(() => {
    box.current.showModal();
    if (initialFocus) box.current.querySelector(initialFocus)?.focus();
  }, []);
  const close = () => box.current.close();
  const onClick = ({ target }) => target === box.current && close(); // on the backdrop
  return html`<dialog
    ref=${box}
    class=${classes("dialog", name)}
    aria-label=${title}
    onClose=${closeDialog}
    onClick=${onClick}
  >
    <div class="dialog__frame">
      <header class="dialog__head">
        <h2 dir="auto">${title}</h2>
        <${IconButton} icon="close" label="Close" onClick=${close} />
      </header>
      <div class="dialog__body">${children}</div>
    </div>
    <${Toast} />
  </dialog>`;
}

/** A question before an action, which may ask for a reason: `run({ reason })`. */
export function Confirm({ title, text, yes, run, asksReason }) {
  const action = async (values) => {
    await run(values);
    closeDialog();
  };
  return html`<${Dialog} title=${title} class="dialog--small">
    <p>${text}</p>
    <${Form} action=${action} submit=${yes} kind="danger">
      ${asksReason && html`<${Field} label="Reason" name="reason" asked="a reason" max=${MAX_REASON} required />`}
    <//>
  <//>`;
}

/**
 * A form: `action(values, form)` is called with its fields if they are valid. What is wrong is said in words.
 */
export function Form({ action, submit, kind, children }) {
  const [{ busy, error }, show] = useState({});
  async function onSubmit(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const invalid = [...form.elements].find((input) => problemOf(input));
    if (invalid) {
      invalid.focus();
      return show({ error: problemOf(invalid) });
    }
    show({ busy: true });
    try {
      await action(Object.fromEntries(new FormData(form)), form);
      show({});
    } catch ({ message }) {
      show({ error: message });
    }
  }
  return html`<form class="form" onSubmit=${onSubmit} novalidate>
    ${children}
    <p class="form__error" role="alert">${error}</p>
    <button class=${classes("button", kind && `button--${kind}`)} disabled=${busy} aria-busy=${busy}>
      ${submit}
    </button>
  </form>`;
}

/** What is wrong with a field, in words; "" if nothing is. Lengths count code points, as the server does. */
function problemOf({ value, required, type, validity, dataset: { asked, min, max } }) {
  if (required && !value.trim()) return `Enter ${asked}`;
  if (type === "email" && validity.typeMismatch) return "Enter a valid email address";
  if (characters(value) < Number(min)) return `Use at least ${min} characters`;
  if (characters(value) > Number(max)) return `Use at most ${max} characters`;
  return "";
}

/**
 * A labelled input. `asked` is what is missing if it is empty ("your name"); `min` and `max` count
 * characters.
 */
export const Field = ({ label, hint, asked, min, max, ...input }) =>
  html`<label class="field">
    <span>${label}</span>
    <input ...${input} data-asked=${asked ?? label.toLowerCase()} data-min=${min} data-max=${max} />
    ${hint && html`<small>${hint}</small>`}
  </label>`;

/** The current password of the user. */
export const PasswordField = ({ label = "Password" }) =>
  html`<${Field}
    label=${label}
    name=${label === "Current password" ? "currentPassword" : "password"}
    type="password"
    autocomplete="current-password"
    asked="your password"
    required
  />`;

export const NewPasswordField = ({ label = "Password", name = "password", limits }) =>
  html`<${Field}
    label=${label}
    name=${name}
    type="password"
    autocomplete="new-password"
    asked="a password"
    min=${limits.minPasswordLength}
    hint=${limits.minPasswordLength && `At least ${limits.minPasswordLength} characters`}
    required
  />`;

export const SearchField = ({ label, value, onValue, ...rest }) =>
  html`<div class="search">
    <${Icon} name="search" />
    <input
      type="search"
      dir="auto"
      aria-label=${label}
      placeholder=${label}
      value=${value}
      onInput=${(event) => onValue(event.target.value)}
      ...${rest}
    />
  </div>`;

/** What is said if there is nothing to show. */
export const Empty = ({ icon, title, children }) =>
  html`<div class="empty">
    <span class="empty__icon"><${Icon} name=${icon} /></span>
    <h2>${title}</h2>
    <p>${children}</p>
  </div>`;

export const Skeleton = ({ of }) =>
  html`<div class="skeleton" role="status" aria-label=${`Loading ${of}`}>
    <i></i><i></i><i></i><i></i><i></i>
  </div>`;

/** A view that few users need, or that needs the server anyway: its module is loaded only when it is shown. */
export function Lazy({ module, view, ...properties }) {
  const [loaded, setLoaded] = useState();
  useEffect(() => {
    import(module).then(setLoaded, () => notify("Can't load this page. Try again.", "error"));
  }, [module]);
  return loaded && html`<${loaded[view]} ...${properties} />`;
}
