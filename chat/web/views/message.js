/** One row of a conversation. */

import { classes, html } from "/html.js";
import { compose, jumpTo, react, remove } from "/lib/actions.js";
import { clock, exactTime, isJustEmoji, linked, summary } from "/lib/format.js";
import { sync } from "/lib/live.js";
import { conversationOf, nameOf, state, userOf } from "/lib/state.js";
import { Avatar, confirm, Icon, IconButton, openDialog, pickEmoji } from "/views/ui.js";

/** What a row of `rowsOf` looks like. */
export function Row({ row }) {
  if (row.day) return html`<p class="day"><span>${row.day}</span></p>`;
  if (row.line) return html`<p class="line"><span>New<span class="unseen"> messages</span></span></p>`;
  if (row.start) return html`<p class="start">${row.start}</p>`;
  if (row.message.system) return html`<p class="day day--event" data-stop tabindex="-1">${row.message.text}</p>`;
  return html`<${Message} ...${row} />`;
}

function Message({ message, first, mine, quoted, seen, all, goal, inRoom }) {
  const { text, image, entry, senderId, createdAt, reactions, replyTo, rev } = message;
  const name = nameOf(senderId);
  const gone = message.deletedAt ? "Message deleted" : message.blocked && "From somebody you block";
  const failed = entry?.state === "failed";
  const room = inRoom && !mine;
  const look = { mine, first, goal, failed, gone, room, large: text && !image && !quoted && isJustEmoji(text) };
  const modifiers = Object.keys(look).filter((key) => look[key]).map((key) => `message--${key}`);
  const label = `${name}, ${exactTime(createdAt)}`;
  return html`<article class=${classes("message", ...modifiers)} data-stop tabindex="-1" aria-label=${label}>
    <div class="message__body">
      ${room && first && html`<${Avatar} of=${userOf(senderId)} size="s" /><span class="message__name">${name}</span>`}
      <div class="bubble">
        ${quoted && html`<${Quote} message=${quoted} onClick=${() => jumpTo(conversationOf(message), replyTo)} />`}
        ${image && !gone && html`<${Picture} src=${image} title=${mine ? "Your photo" : `Photo from ${name}`} />`}
        <p class="bubble__text">${gone || (text && linked(text))}<${Meta} ...${{ message, mine, seen, all, inRoom }} /></p>
      </div>
      ${!gone && reactions && html`<${Reactions} message=${message} />`}
      ${failed && html`<${Failed} entry=${entry} />`}
      ${!gone && rev !== undefined && html`<${Actions} message=${message} mine=${mine} />`}
    </div>
  </article>`;
}

/** The message that is answered, in short; its id alone where it is not loaded. */
export function Quote({ message, onClick }) {
  const [name, text] = message.senderId ? [nameOf(message.senderId), summary(message)] : ["An earlier message", "Show it"];
  return html`<button type="button" class="quote" onClick=${onClick}><strong>${name}</strong><span>${text}</span></button>`;
}

function Picture({ src, title }) {
  const show = () => openDialog("picture", { src, title });
  return html`<button type="button" class="bubble__image" aria-label=${`${title}: show it large`} onClick=${show}>
    <img src=${src} alt="" loading="lazy" />
  </button>`;
}

function Meta({ message: { entry, editedAt, deletedAt, createdAt }, mine, seen, all, inRoom }) {
  let [icon, words] = entry ? ["clock", "Waiting to be sent"] : seen && seen === all ? ["read", "Read"] : ["check", "Sent"];
  if (seen && inRoom) words = `Read by ${seen} of ${all}`;
  const sign = html`<span class=${`meta__${icon}`} role="img" aria-label=${words} title=${words}><${Icon} name=${icon} /></span>`;
  return html`<span class="meta">
    ${editedAt && !deletedAt && "edited "}<time>${clock(createdAt)}</time>${mine && !deletedAt && sign}
  </span>`;
}

function Reactions({ message }) {
  const chip = ([emoji, users]) => {
    const who = users.map(nameOf).join(", ");
    const mine = users.includes(state.me._id);
    const turn = () => react(message, emoji);
    return html`<button type="button" key=${emoji} class="reaction" aria-pressed=${mine} title=${who} onClick=${turn}>
      ${emoji} <span>${users.length}</span><span class="unseen"> from ${who}</span>
    </button>`;
  };
  return html`<div class="reactions">${Object.entries(message.reactions).map(chip)}</div>`;
}

const Failed = ({ entry: { error, clientId } }) =>
  html`<p class="failed" role="alert">
    Not sent. ${error}${" · "}
    <button class="link" onClick=${() => sync.retry(clientId)}>Try again</button>${" · "}
    <button class="link" onClick=${() => sync.discard(clientId)}>Discard</button>
  </p>`;

function Actions({ message, mine }) {
  const run = () => remove(message);
  const question = { title: "Delete this message?", text: "It disappears for everybody.", yes: "Delete", run };
  const pick = (event) => pickEmoji(event.currentTarget, (emoji) => react(message, emoji));
  return html`<div class="actions" role="group" aria-label="Message">
    <${IconButton} icon="smile" label="React" onClick=${pick} />
    <${IconButton} icon="reply" label="Reply" onClick=${() => compose("reply", message)} />
    ${mine && message.text && html`<${IconButton} icon="edit" label="Edit" onClick=${() => compose("edit", message)} />`}
    ${mine && html`<${IconButton} icon="trash" label="Delete" onClick=${() => confirm(question)} />`}
  </div>`;
}
