/** One row of a conversation. */

import { classes, html, useState } from "/html.js";
import { compose, deleteMessage, discard, jumpTo, report, retry, toggleReaction } from "/lib/actions.js";
import { conversationIdOf } from "/lib/conversations.js";
import { clock, exactTime, isJustEmoji } from "/lib/format.js";
import { confirm, openDialog } from "/lib/state.js";
import { linked } from "/lib/text.js";
import { pickEmoji } from "/views/emoji-picker.js";
import { Avatar, Icon, IconButton } from "/views/ui.js";

/**
 * A row of `rowsOf`. Rows are rendered again only if they change, so nothing but the row may be read here.
 */
export function MessageRow({ row }) {
  if (row.day) return html`<p class="day"><span>${row.day}</span></p>`;
  if (row.line)
    return html`<p class="line">
      <span>New<span class="unseen"> messages</span></span>
    </p>`;
  if (row.key === "start") return html`<p class="start">${row.start}</p>`;
  if (row.message.system) {
    return html`<p class="day day--event" data-stop tabindex="-1" dir="auto">${row.message.text}</p>`;
  }
  return html`<${Message} ...${row} />`;
}

function Message(row) {
  // Only a message that the pointer or the focus has reached needs its buttons.
  const [reached, setReached] = useState(false);
  const reach = () => setReached(true);
  const { message, name, picture, first, mine, goal, inRoom, quotedName, quotedText } = row;
  const { text, image, thumbnail, entry, senderId, createdAt, replyTo, rev } = message;
  const gone = message.deletedAt ? tombstone(message) : message.blocked && "Message from a blocked user";
  const failed = entry?.state === "failed";
  const room = inRoom && !mine;
  const large = text && !image && !replyTo && isJustEmoji(text);
  const look = { mine, first, goal, failed, gone, room, large, image: image && !gone };
  const modifiers = Object.keys(look).filter((key) => look[key]);
  const photoTitle = mine ? "Your photo" : `Photo from ${name}`;
  const showQuoted = () => jumpTo(conversationIdOf(message), replyTo);
  return html`<article
    class=${classes("message", ...modifiers.map((key) => `message--${key}`))}
    data-stop
    tabindex="-1"
    aria-label=${`${name}, ${exactTime(createdAt)}`}
    onPointerEnter=${reach}
    onFocusIn=${reach}
  >
    <div class="message__body">
      ${room && first && html`<${Avatar} id=${senderId} name=${name} picture=${picture} size="s" />`}
      ${room && first && html`<span class="message__name" dir="auto">${name}</span>`}
      <div class="bubble">
        ${replyTo && html`<${Quote} name=${quotedName} text=${quotedText} onClick=${showQuoted} />`}
        ${image && !gone && html`<${Picture} ...${{ image, thumbnail }} title=${photoTitle} />`}
        <p class="bubble__text" dir="auto">${gone || (text && linked(text))}<${Meta} ...${row} /></p>
      </div>
      ${!gone && row.reactions && html`<${Reactions} message=${message} reactions=${row.reactions} />`}
      ${failed && html`<${Failed} entry=${entry} />`}
      ${reached && !gone && rev !== undefined && html`<${Actions} ...${row} />`}
    </div>
  </article>`;
}

const tombstone = ({ deletedBy }) =>
  deletedBy ? `Message deleted by an ${deletedBy}` : "Message deleted"; // an owner of the room, or an admin

/** The message that is replied to, in short; without a `name` if it is not loaded. */
export const Quote = ({ name = "An earlier message", text = "Show it", onClick }) =>
  html`<button type="button" class="quote" onClick=${onClick}>
    <strong dir="auto">${name}</strong><span dir="auto">${text}</span>
  </button>`;

/** A picture in small; the whole one is loaded when it is asked for, or if there is none in small. */
function Picture({ image, thumbnail = image, title }) {
  const show = () => openDialog("picture", { src: image, title });
  const showWhole = ({ target }) => {
    if (target.src !== new URL(image, location.href).href) target.src = image;
  };
  return html`<button
    type="button"
    class="bubble__image"
    aria-label=${`${title}: show it large`}
    onClick=${show}
  >
    <img src=${thumbnail} alt="" loading="lazy" onError=${showWhole} />
  </button>`;
}

function Meta({
  message: { entry, editedAt, deletedAt, createdAt },
  mine,
  readers,
  others,
  inRoom,
  uploaded,
}) {
  return html`<span class="meta">
    ${uploaded !== undefined && html`<${Progress} fraction=${uploaded} />`}
    ${editedAt && !deletedAt && "edited "}
    <time>${clock(createdAt)}</time>
    ${mine && !deletedAt && html`<${Delivery} ...${{ entry, readers, others, inRoom }} />`}
  </span>`;
}

function Delivery({ entry, readers, others, inRoom }) {
  let [icon, words] = ["check", "Sent"];
  if (entry) [icon, words] = ["clock", "Waiting to be sent"];
  else if (readers && readers === others) [icon, words] = ["read", "Read"];
  if (readers && inRoom) words = `Read by ${readers} of ${others}`;
  return html`<span class=${`meta__${icon}`} role="img" aria-label=${words} title=${words}>
    <${Icon} name=${icon} />
  </span>`;
}

function Progress({ fraction }) {
  const percent = Math.round(fraction * 100);
  return html`<span role="progressbar" aria-label="Sending photo" aria-valuenow=${percent}
    >${percent} %</span
  >`;
}

function Reactions({ message, reactions }) {
  const chip = ({ emoji, count, names, mine }) =>
    html`<button
      type="button"
      key=${emoji}
      class="reaction"
      aria-pressed=${mine}
      title=${names}
      onClick=${() => toggleReaction(message, emoji)}
    >
      ${emoji} <span>${count}</span><span class="unseen"> from ${names}</span>
    </button>`;
  return html`<div class="reactions">${reactions.map(chip)}</div>`;
}

const Failed = ({ entry: { error, clientId } }) =>
  html`<p class="failed" role="alert">
    Not sent. ${error}${" · "}
    <button class="link" onClick=${() => retry(clientId)}>Try again</button>${" · "}
    <button class="link" onClick=${() => discard(clientId)}>Discard</button>
  </p>`;

function Actions({ message, mine, closed }) {
  const pick = (event) => pickEmoji(event.currentTarget, (emoji) => toggleReaction(message, emoji));
  const askToDelete = () =>
    confirm({
      title: "Delete this message?",
      text: "It will be deleted for everyone.",
      yes: "Delete",
      run: () => deleteMessage(message),
    });
  const edit = () => compose("edit", message);
  const askToReport = () => report({ message: message._id }, "this message");
  return html`<div class="actions" role="group" aria-label="Message">
    ${!closed && html`<${IconButton} icon="smile" label="React" onClick=${pick} />`}
    ${!closed && html`<${IconButton} icon="reply" label="Reply" onClick=${() => compose("reply", message)} />`}
    ${!closed && mine && message.text && html`<${IconButton} icon="edit" label="Edit" onClick=${edit} />`}
    ${mine && html`<${IconButton} icon="trash" label="Delete" onClick=${askToDelete} />`}
    ${!mine && html`<${IconButton} icon="flag" label="Report" onClick=${askToReport} />`}
  </div>`;
}
