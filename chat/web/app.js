/** The page: what is shown, and what goes on as long as it is open. */

import { html, render, useEffect } from "/html.js";
import { showCount } from "/lib/attention.js";
import { start } from "/lib/session.js";
import { conversationAt, watch } from "/lib/state.js";
import { About } from "/views/about.js";
import { Conversation } from "/views/conversation.js";
import { EmojiPicker } from "/views/emoji-picker.js";
import { NewRoom } from "/views/new-room.js";
import { Profile } from "/views/profile.js";
import { Sidebar } from "/views/sidebar.js";
import { Confirm, Dialog, Empty, Lazy, Skeleton, Toast, ToastContext } from "/views/ui.js";
import { isLink, Welcome } from "/views/welcome.js";

function App({ state }) {
  const { phase, dialog, conversations, toast, limits, path, me } = state;
  const unread = Object.values(conversations).reduce((sum, conversation) => sum + conversation.unread, 0);
  useEffect(() => showCount(unread), [unread]);
  const inside = phase === "in" && !isLink(path);
  const welcome = html`<${Welcome} ...${{ phase, path, me, limits }} />`;
  return html`<${ToastContext.Provider} value=${toast}>
    ${inside ? html`<${Chat} state=${state} />` : welcome} ${!dialog && html`<${Toast} />`}
  <//>`;
}

function Chat({ state }) {
  const { dialog, conversations, listed, path, me } = state;
  const open = conversations[conversationAt(path)];
  const loading = !listed && path !== "/";
  if (me.admin && /^\/admin(\/|$)/.test(path)) {
    return html`<${Lazy} module="/admin/admin.js" view="Admin" ...${state} />
      ${dialog && html`<${OpenDialog} key=${dialog} dialog=${dialog} state=${state} />`}`;
  }
  return html`<div class=${open || loading ? "app app--open" : "app"}>
      <${Sidebar} ...${state} />
      ${
        open
          ? html`<${Conversation} key=${open.id} conversation=${open} ...${state} />`
          : html`<${NoConversation} loading=${loading} />`
      }
    </div>
    ${dialog && html`<${OpenDialog} key=${dialog} dialog=${dialog} state=${state} />`}
    <${EmojiPicker} />`;
}

const NoConversation = ({ loading }) =>
  html`<main class="conversation conversation--none">
    <h1 class="unseen">Chat</h1>
    ${
      loading
        ? html`<${Skeleton} of="messages" />`
        : html`<${Empty} icon="chat" title="Pick a conversation"
            >Choose someone from the list and say hello.<//
          >`
    }
  </main>`;

function OpenDialog({ dialog, state }) {
  const { me, users, conversations, limits } = state;
  switch (dialog.kind) {
    case "profile":
      return html`<${Profile} ...${{ me, limits }} />`;
    case "about":
      return (
        conversations[dialog.id] && html`<${About} conversation=${conversations[dialog.id]} ...${state} />`
      );
    case "new-room":
      return html`<${NewRoom} ...${{ me, users, limits }} />`;
    case "search":
      return html`<${Lazy}
        module="/views/search.js"
        view="Search"
        within=${conversations[dialog.within]}
        text=${dialog.text}
        ...${{ conversations, me, users }}
      />`;
    case "picture":
      return html`<${LargePicture} ...${dialog} />`;
    default:
      return html`<${Confirm} ...${dialog} />`;
  }
}

const LargePicture = ({ src, title }) =>
  html`<${Dialog} title=${title} class="dialog--picture">
    <a href=${src} target="_blank" rel="noopener"><img src=${src} alt=${title} /></a>
  <//>`;

if (!document.documentElement.classList.contains("unsupported")) {
  watch((state) => render(html`<${App} state=${state} />`, document.getElementById("app")));
  start();
  navigator.serviceWorker?.register("/sw.js");
}
