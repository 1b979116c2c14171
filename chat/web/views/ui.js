/** Small parts that many views use. */

import { classes, html, useEffect, useRef, useState } from "/html.js";
import { hue, initials } from "/lib/format.js";
import { set, titleOf } from "/lib/state.js";

const EMOJI = `👍 ❤️ 😂 😮 😢 🙏 🎉 🔥 👏 💯 ✅ 👀 😀 😁 😅 🤣 😊 🙂 😉 😍 😘 😎 🤔 🤨 😐 😴 😇 🥳 😭 😡 🤯 😱 🤗 🙄 😬 🤝 👋 👌 ✌️
  💪 🙌 👎 💔 💙 💚 ⭐ ☀️ 🌈 🍀 🌸 🍎 🍕 ☕ 🍻 🎂 🎁 ⚽ 🚀 💡 📌`.split(/\s+/);

export const Icon = ({ name }) => html`<svg class="icon" aria-hidden="true"><use href=${`/img/icons.svg#${name}`} /></svg>`;

export const IconButton = ({ icon, label, class: name, ...rest }) =>
  html`<button type="button" class=${classes("icon-button", name)} aria-label=${label} title=${label} ...${rest}>
    <${Icon} name=${icon} />
  </button>`;

/** A person's picture or initials, or a room's sign; a dot where they are online. */
export function Avatar({ of = {}, online, size = "m" }) {
  const picture = of.profilePic ? html`<img src=${of.profilePic} alt="" />` : initials(titleOf(of));
  return html`<span class=${`avatar avatar--${size}`} style=${{ "--hue": hue(of._id ?? "") }} aria-hidden="true">
    ${of.members ? html`<${Icon} name=${of.public ? "room" : "lock"} />` : picture}
    ${online && html`<span class="avatar__online"></span>`}
  </span>`;
}

/** A modal dialog; closing it takes it out of the state. */
export function Dialog({ title, class: name, children }) {
  const box = useRef();
  useEffect(() => box.current.showModal(), []);
  const close = () => box.current.close();
  return html`<dialog ref=${box} class=${classes("dialog", name)} aria-label=${title} closedby="any" onClose=${closeDialog}>
    <header class="dialog__head"><h2>${title}</h2><${IconButton} icon="close" label="Close" onClick=${close} /></header>
    <div class="dialog__body">${children}</div>
  </dialog>`;
}

export const closeDialog = () => set({ dialog: null });
export const openDialog = (kind, more) => set({ dialog: { kind, ...more } });

/** Ask before `run()`: `confirm({ title, text, yes, run })`. */
export const confirm = (question) => openDialog("confirm", question);

export function Confirm({ title, text, yes, run }) {
  const action = async () => (await run(), closeDialog());
  return html`<${Dialog} title=${title} class="dialog--small">
    <p>${text}</p>
    <${Form} action=${action} submit=${yes} kind="danger" />
  <//>`;
}

/** A form: `action(values, form)` is called with its fields, and what it throws is shown in words. */
export function Form({ action, submit, kind, children }) {
  const [{ busy, error }, show] = useState({});
  function onSubmit(event) {
    event.preventDefault();
    show({ busy: true });
    const done = action(Object.fromEntries(new FormData(event.target)), event.target);
    done.then(() => show({}), ({ message }) => show({ error: message }));
  }
  return html`<form class="form" onSubmit=${onSubmit}>
    ${children}
    <p class="form__error" role="alert">${error}</p>
    <button class=${classes("button", kind && `button--${kind}`)} disabled=${busy} aria-busy=${busy}>${submit}</button>
  </form>`;
}

export const Field = ({ label, hint, ...input }) =>
  html`<label class="field"><span>${label}</span><input ...${input} />${hint && html`<small>${hint}</small>`}</label>`;

export const PASSWORD = { type: "password", autocomplete: "current-password", required: true };
export const NEW_PASSWORD = { ...PASSWORD, autocomplete: "new-password", minlength: 6, hint: "At least 6 characters" };

export const SearchField = ({ label, value, onValue, ...rest }) =>
  html`<div class="search"><${Icon} name="search" /><input type="search" aria-label=${label} placeholder=${label}
    value=${value} onInput=${(event) => onValue(event.target.value)} ...${rest} /></div>`;

/** What to say where there is nothing to show. */
export const Empty = ({ icon, title, children }) =>
  html`<div class="empty">
    <span class="empty__icon"><${Icon} name=${icon} /></span><h2>${title}</h2><p>${children}</p>
  </div>`;

export const Skeleton = ({ of }) =>
  html`<div class="skeleton" role="status" aria-label=${`Loading ${of}`}><i></i><i></i><i></i><i></i><i></i></div>`;

/** Passing words at the bottom of the page. */
export const Notice = ({ notice }) => html`<div class="notice" role="status">
  ${notice && html`<p key=${notice} class=${`notice__text notice__text--${notice.kind}`}>${notice.text}</p>`}
</div>`;

let picking = null; // { button, picked }: for whom the emoji are shown

/** Let the user pick an emoji next to a button: `picked(emoji)`. */
export function pickEmoji(button, picked) {
  picking = { button, picked };
  button.ariaExpanded = true; // which also keeps it in sight
  document.getElementById("picker").showPopover({ source: button }); // its place is the style sheet's business
}

export function EmojiPicker() {
  const button = (emoji, index) =>
    html`<button type="button" autofocus=${!index} popovertarget="picker" onClick=${() => picking.picked(emoji)}>${emoji}</button>`;
  const onToggle = ({ newState }) => newState === "closed" && (picking.button.ariaExpanded = null);
  return html`<div id="picker" class="picker" popover role="dialog" aria-label="Pick an emoji" onToggle=${onToggle}>
    ${EMOJI.map(button)}
  </div>`;
}
