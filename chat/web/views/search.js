/** Finding messages, in all conversations or in one. */

import { html, useEffect, useState } from "/html.js";
import { jumpTo } from "/lib/actions.js";
import { request } from "/lib/api.js";
import { shortTime, summary } from "/lib/format.js";
import { conversationOf, nameOf, state, titleOf } from "/lib/state.js";
import { Avatar, closeDialog, Dialog, Empty, SearchField } from "/views/ui.js";

const WAIT_MS = 250; // after the last key
const SHORTEST = 2;

/** `within`: the talk to look through; without it, all of them. */
export function Search({ within, text = "" }) {
  const [typed, setTyped] = useState(text);
  const [{ messages, error }, setFound] = useState({});
  const wanted = typed.trim();
  useEffect(() => {
    let current = true;
    const show = (found) => current && setFound(found);
    const find = () => {
      const query = new URLSearchParams({ q: wanted, ...(within && { with: within._id }) });
      request("GET", `/api/messages/search?${query}`).then((messages) => show({ messages }), (error) => show({ error: error.message }));
    };
    show({});
    const timer = wanted.length >= SHORTEST && setTimeout(find, WAIT_MS);
    return () => ((current = false), clearTimeout(timer));
  }, [wanted]);
  return html`<${Dialog} title=${within ? `Search in ${titleOf(within)}` : "Search messages"}>
    <${SearchField} label="Text to find" value=${typed} onValue=${setTyped} autofocus />
    <p class="form__error" role="alert">${error}</p>
    <ul class="found">${messages?.map((message) => html`<${Found} key=${message._id} message=${message} />`)}</ul>
    <p class="unseen" role="status">${messages && `${messages.length} found`}</p>
    ${messages?.length === 0 && html`<${Empty} icon="search" title="Nothing found">No message contains “${wanted}”.<//>`}
  <//>`;
}

function Found({ message }) {
  const talk = state.talks[conversationOf(message)];
  const who = nameOf(message.senderId);
  const where = talk?.name ? ` in ${talk.name}` : who === "You" ? ` to ${titleOf(talk)}` : "";
  const show = () => (closeDialog(), jumpTo(conversationOf(message), message._id));
  return html`<li><button type="button" onClick=${show}>
    <${Avatar} of=${talk} size="s" />
    <span><strong>${who + where}</strong><time>${shortTime(message.createdAt)}</time><span>${summary(message)}</span></span>
  </button></li>`;
}
