/** The page: what is shown, and what goes on as long as it is open. */

import { html, render, useEffect } from "/html.js";
import { showCount } from "/lib/attention.js";
import { start } from "/lib/live.js";
import { opened, state, watch } from "/lib/state.js";
import { About, NewRoom } from "/views/about.js";
import { Conversation } from "/views/conversation.js";
import { Profile } from "/views/profile.js";
import { Search } from "/views/search.js";
import { Sidebar } from "/views/sidebar.js";
import { Confirm, Dialog, EmojiPicker, Empty, Notice, Skeleton } from "/views/ui.js";
import { Welcome } from "/views/welcome.js";

const Picture = ({ src, title }) => html`<${Dialog} title=${title} class="dialog--picture">
  <a href=${src} target="_blank" rel="noopener"><img src=${src} alt=${title} /></a>
<//>`;

const Nothing = ({ loading }) => html`<main class="conversation conversation--none">
  <h1 class="unseen">Chat</h1>
  ${loading
    ? html`<${Skeleton} of="messages" />`
    : html`<${Empty} icon="chat" title="Pick a conversation">Choose somebody from the list, and say hello.<//>`}
</main>`;

const DIALOGS = { profile: Profile, about: About, "new-room": NewRoom, search: Search, confirm: Confirm, picture: Picture };

function App() {
  const { phase, dialog, talks, notice, listed, path } = state;
  const unread = Object.values(talks).reduce((sum, talk) => sum + talk.unread, 0);
  const talk = opened();
  const loading = !listed && path !== "/";
  useEffect(() => showCount(unread), [unread]);
  if (phase !== "in") return html`<${Welcome} /><${Notice} notice=${notice} />`;
  return html`<div class=${talk || loading ? "app app--open" : "app"}>
      <${Sidebar} />
      ${talk ? html`<${Conversation} key=${talk.conversation} talk=${talk} />` : html`<${Nothing} loading=${loading} />`}
    </div>
    ${dialog && html`<${DIALOGS[dialog.kind]} key=${dialog} ...${dialog} />`}
    <${EmojiPicker} />
    <${Notice} notice=${notice} />`;
}

watch(() => render(html`<${App} />`, document.getElementById("app")));
start();
navigator.serviceWorker?.register("/sw.js");
