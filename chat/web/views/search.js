/** Finding messages, in all conversations or in one. */

import { html, useEffect, useState } from "/html.js";
import { jumpTo } from "/lib/actions.js";
import { request } from "/lib/api.js";
import { conversationIdOf, nameOf, targetId, titleOf, userOf } from "/lib/conversations.js";
import { shortTime, summary } from "/lib/format.js";
import { closeDialog } from "/lib/state.js";
import { highlighted } from "/lib/text.js";
import { ConversationAvatar, Dialog, Empty, SearchField } from "/views/ui.js";

const WAIT_MS = 250; // after the last key

/** `within`: the conversation to search; all of them without it. `text`: what is searched for at first. */
export function Search({ within, text = "", conversations, me, users }) {
  const [typed, setTyped] = useState(text);
  const wanted = typed.trim();
  const { messages, error } = useFound(wanted, within);
  const title = within ? `Search in ${titleOf(within, users)}` : "Search messages";
  const found = (message) => {
    const conversation = conversations[conversationIdOf(message)];
    return html`<${Found} key=${message._id} ...${{ message, conversation, wanted, me, users }} />`;
  };
  return html`<${Dialog} title=${title} initialFocus="[type=search]">
    <${SearchField} label="Text to find" value=${typed} onValue=${setTyped} />
    <p class="form__error" role="alert">${error}</p>
    <ul class="found">
      ${messages?.map(found)}
    </ul>
    <p class="unseen" role="status">${messages && `${messages.length} found`}</p>
    ${
      messages?.length === 0 &&
      html`<${Empty} icon="search" title="Nothing found">No message contains “${wanted}”.<//>`
    }
  <//>`;
}

/** What the server finds: `{ messages }` or `{ error }`; `{}` until it has answered. */
function useFound(wanted, within) {
  const [found, setFound] = useState({});
  useEffect(() => {
    setFound({});
    if (!wanted) return undefined;
    let current = true;
    const timer = setTimeout(async () => {
      const query = new URLSearchParams({ q: wanted, ...(within && { with: targetId(within) }) });
      const answer = await request("GET", `/api/messages/search?${query}`).then(
        (messages) => ({ messages }),
        (error) => ({ error: error.message }),
      );
      if (current) setFound(answer);
    }, WAIT_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted]);
  return found;
}

function Found({ message, conversation, wanted, me, users }) {
  if (!conversation) return null; // of a room that I have just left
  const { room, userId } = conversation;
  const speaker = nameOf(users, message.senderId, me);
  const title = titleOf(conversation, users);
  const where = room ? ` in ${title}` : speaker === "You" ? ` to ${title}` : "";
  function show() {
    closeDialog();
    jumpTo(conversation.id, message._id);
  }
  return html`<li>
    <button type="button" onClick=${show}>
      <${ConversationAvatar} room=${room} user=${room ? null : userOf(users, userId)} size="s" />
      <span>
        <strong dir="auto">${speaker + where}</strong><time>${shortTime(message.createdAt)}</time>
        <span class="found__text" dir="auto">${highlighted(summary(message), wanted)}</span>
      </span>
    </button>
  </li>`;
}
