/** The list of conversations, people and rooms. */

import { classes, html, memo, useMemo, useState } from "/html.js";
import { shortTime, summary } from "/lib/format.js";
import { go, nameOf, pathOf, state, titleOf, typingIn } from "/lib/state.js";
import { standing } from "/views/conversation.js";
import { Avatar, Empty, Icon, IconButton, openDialog, SearchField, Skeleton } from "/views/ui.js";

const LINK = { connecting: "Connecting …", offline: "No connection. What you write is kept and sent later." };

export function Sidebar() {
  const { me, talks, listed, link } = state;
  const [text, setText] = useState("");
  const wanted = text.trim();
  const sections = useMemo(() => sort(talks, wanted.toLowerCase()), [talks, wanted]);
  return html`<nav class="sidebar" aria-label="Conversations">
    <header class="sidebar__head">
      <button type="button" class="sidebar__me" onClick=${() => openDialog("profile")}>
        <${Avatar} of=${me} online=${link === "online"} /><span class="unseen">Your profile: </span><strong>${me.fullName}</strong>
      </button>
      <${IconButton} icon="plus" label="New room" onClick=${() => openDialog("new-room")} />
    </header>
    <${SearchField} label="Search" value=${text} onValue=${setText} />
    <p class="link-state" role="status" hidden=${link === "online"}>${LINK[link] && html`<${Icon} name="cloud" />${LINK[link]}`}</p>
    <div class="sidebar__list">
      ${wanted && html`<button type="button" class="sidebar__find" onClick=${() => openDialog("search", { text: wanted })}>
        <${Icon} name="search" />Find “${wanted}” in messages
      </button>`}
      ${!listed && html`<${Skeleton} of="conversations" />`}
      ${sections.map(([title, some]) => html`<section key=${title} aria-label=${title}>
        <h2>${title}</h2><ul>${some.map(entry)}</ul>
      </section>`)}
      ${listed && !sections.length && html`<${Empty} icon="people" title=${wanted ? "Nobody by that name" : "Nobody else is here yet"}>
        ${wanted ? "Try another name, or look into the messages." : "When others sign up, they appear here."}
      <//>`}
    </div>
  </nav>`;
}

/** The sections that have something in them: `[title, talks]`, narrowed to names and addresses that contain a text. */
function sort(talks, wanted) {
  const section = ({ members, lastMessage }) =>
    members && !members.includes(state.me._id) ? "Rooms to join" : members || lastMessage ? "Conversations" : "People";
  const time = ({ members, lastMessage, createdAt }) => lastMessage?.createdAt ?? (members ? createdAt : "");
  const order = (a, b) => time(b).localeCompare(time(a)) || titleOf(a).localeCompare(titleOf(b));
  const fitting = Object.values(talks).filter((talk) => `${titleOf(talk)} ${talk.email}`.toLowerCase().includes(wanted));
  const groups = Object.groupBy(fitting.sort(order), section);
  return ["Conversations", "People", "Rooms to join"].filter((title) => groups[title]).map((title) => [title, groups[title]]);
}

function entry(talk) {
  const path = pathOf(talk.conversation);
  const { minute, online } = state;
  return html`<${Entry} key=${path} ...${{ talk, path, minute, current: state.path === path, online: online.has(talk._id) }} />`;
}

const Entry = memo(({ talk, path, current, online }) => {
  const { lastMessage: last, unread, members } = talk;
  const typing = typingIn(talk).length > 0;
  const by = last && !last.system && (members || nameOf(last.senderId) === "You") ? `${nameOf(last.senderId)}: ` : "";
  const preview = last ? by + summary(last) : members ? standing(talk) : talk.email;
  const open = (event) => event.metaKey || event.ctrlKey || (event.preventDefault(), go(path));
  return html`<li>
    <a href=${path} class=${classes("entry", unread && "entry--unread")} aria-current=${current ? "page" : null} onClick=${open}>
      <${Avatar} of=${talk} online=${online} />
      <span class="entry__text">
        <span class="entry__top"><strong>${titleOf(talk)}</strong>${online && html`<span class="unseen"> (online)</span>`}
          ${last && html`<time>${shortTime(last.createdAt)}</time>`}</span>
        <span class="entry__last"><span class=${typing ? "entry__typing" : null}>${typing ? "typing …" : preview}</span>
          ${unread > 0 && html`<b class="badge">${unread > 99 ? "99+" : unread}<span class="unseen"> unread</span></b>`}</span>
      </span>
    </a>
  </li>`;
});
