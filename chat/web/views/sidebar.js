/** The list of conversations, rooms and people. */

import { classes, html, memo, useMemo, usePortions, useState } from "/html.js";
import { isMember, nameOf, titleOf, typingUsers, userOf } from "/lib/conversations.js";
import { shortTime, summary } from "/lib/format.js";
import { go, openDialog, pathOf } from "/lib/state.js";
import { folded } from "/lib/text.js";
import { memberCount } from "/views/conversation.js";
import { ConversationAvatar, Empty, Icon, IconButton, SearchField, Skeleton, UserAvatar } from "/views/ui.js";

const LINK = { connecting: "Connecting …", offline: "No connection. What you write is kept and sent later." };
const ROOMS_SHOWN = 5; // rooms to join, so that people are not far down

/** The properties are parts of the state, under their names there. */
export function Sidebar({ me, users, conversations, listed, link, online, path, minute }) {
  const [text, setText] = useState("");
  const wanted = text.trim();
  const sections = useMemo(
    () => arrange({ conversations, users, me, wanted }),
    [conversations, users, me, wanted],
  );
  const search = () => openDialog("search", { text: wanted });
  const entry = (conversation) => {
    const { id, userId, room } = conversation;
    const address = pathOf(id);
    return html`<${Entry}
      key=${id}
      conversation=${conversation}
      user=${room ? null : userOf(users, userId)}
      speaker=${speakerOf(conversation, users, me)}
      path=${address}
      current=${path === address}
      online=${online.has(userId)}
      minute=${minute}
    />`;
  };
  return html`<nav class="sidebar" aria-label="Conversations">
    <header class="sidebar__head">
      <button type="button" class="sidebar__me" onClick=${() => openDialog("profile")}>
        <${UserAvatar} user=${me} online=${link === "online"} />
        <span class="unseen">Your profile: </span><strong dir="auto">${me.fullName}</strong>
      </button>
      <${IconButton} icon="plus" label="New room" onClick=${() => openDialog("new-room")} />
    </header>
    <${SearchField} label="Search" value=${text} onValue=${setText} />
    <p class="link-state" role="status" hidden=${link === "online"}>
      ${LINK[link] && html`<${Icon} name="cloud" />${LINK[link]}`}
    </p>
    <div class="sidebar__list">
      ${
        wanted &&
        html`<button type="button" class="sidebar__find" onClick=${search}>
          <${Icon} name="search" />Find “${wanted}” in messages
        </button>`
      }
      ${!listed && html`<${Skeleton} of="conversations" />`}
      <${Sections} key=${wanted} sections=${sections} entry=${entry} />
      ${listed && !sections.length && html`<${Nothing} wanted=${wanted} />`}
    </div>
  </nav>`;
}

/** `entry(conversation)`: how one is shown. */
function Sections({ sections, entry }) {
  const [allRooms, showAllRooms] = useState(false);
  const sizes = sections.map(([title, all]) =>
    title === "Rooms to join" && !allRooms ? Math.min(all.length, ROOMS_SHOWN) : all.length,
  );
  let left = usePortions(sizes.reduce((sum, size) => sum + size, 0));
  return sections.map(([title, all], index) => {
    const shown = all.slice(0, Math.min(sizes[index], left));
    left -= shown.length;
    return (
      shown.length > 0 &&
      html`<section key=${title} aria-label=${title}>
        <h2>${title}</h2>
        <ul>
          ${shown.map(entry)}
        </ul>
        ${
          sizes[index] < all.length &&
          html`<button type="button" class="link sidebar__more" onClick=${() => showAllRooms(true)}>
            Show all ${all.length} rooms
          </button>`
        }
      </section>`
    );
  });
}

const Nothing = ({ wanted }) =>
  html`<${Empty} icon="people" title=${wanted ? "No people found" : "No one else is here yet"}>
    ${wanted ? "Try another name, or search the messages." : "When others sign up, they appear here."}
  <//>`;

/**
 * The sections that have something in them: `[title, conversations]`, narrowed to names and emails with that
 * text.
 */
function arrange({ conversations, users, me, wanted }) {
  const groups = { Conversations: [], "Rooms to join": [], People: [] };
  const sought = folded(wanted);
  const fits = (conversation) => {
    const email = users[conversation.userId]?.email ?? "";
    return folded(`${titleOf(conversation, users)} ${email}`).includes(sought);
  };
  for (const conversation of Object.values(conversations)) {
    if (!wanted || fits(conversation)) groups[sectionOf(conversation, me)].push(conversation);
  }
  const time = ({ room, lastMessage }) => lastMessage?.createdAt ?? room?.createdAt ?? "";
  const byName = (a, b) => titleOf(a, users).localeCompare(titleOf(b, users));
  for (const group of Object.values(groups))
    group.sort((a, b) => time(b).localeCompare(time(a)) || byName(a, b));
  return Object.entries(groups).filter(([, group]) => group.length);
}

function sectionOf(conversation, me) {
  if (!isMember(conversation, me)) return "Rooms to join";
  return conversation.room || conversation.lastMessage ? "Conversations" : "People";
}

/** Who said the last message, where that is not plain: "Ann: ", or "". */
function speakerOf({ room, lastMessage }, users, me) {
  if (!lastMessage || lastMessage.system) return "";
  const name = nameOf(users, lastMessage.senderId, me);
  return room || name === "You" ? `${name}: ` : "";
}

const Entry = memo(({ conversation, user, speaker, path, current, online }) => {
  const { room, lastMessage, unread } = conversation;
  const typing = typingUsers(conversation).length > 0;
  const preview = lastMessage ? speaker + summary(lastMessage) : room ? memberCount(room) : user.email;
  const open = (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    go(path);
  };
  return html`<li>
    <a
      href=${path}
      class=${classes("entry", unread && "entry--unread")}
      aria-current=${current ? "page" : null}
      onClick=${open}
    >
      <${ConversationAvatar} room=${room} user=${user} online=${online} />
      <span class="entry__text">
        <span class="entry__top">
          <strong dir="auto">${room?.name ?? user.fullName}</strong>${
            online && html`<span class="unseen"> (online)</span>`
          }
          ${lastMessage && html`<time>${shortTime(lastMessage.createdAt)}</time>`}
        </span>
        <span class="entry__last">
          <span class=${typing ? "entry__typing" : null} dir="auto">${typing ? "typing …" : preview}</span>
          ${
            unread > 0 &&
            html`<b class="badge">${unread > 99 ? "99+" : unread}<span class="unseen"> unread</span></b>`
          }
        </span>
      </span>
    </a>
  </li>`;
});
