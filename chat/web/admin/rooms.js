/** All rooms. What was said in them is not for admins to read. */

import { Act, List, usePages } from "/admin/pages.js";
import { html, useState } from "/html.js";
import { exactTime } from "/lib/format.js";
import { RoomAvatar, SearchField } from "/views/ui.js";

export function Rooms() {
  const [wanted, setWanted] = useState("");
  const pages = usePages(`/api/admin/rooms?q=${encodeURIComponent(wanted)}`, "rooms");
  return html`<${SearchField} label="Search rooms" value=${wanted} onValue=${setWanted} />
    <${List}
      label="Rooms"
      pages=${pages}
      none="No rooms found"
      entry=${(room) => html`<${Room} room=${room} reload=${pages.reload} />`}
    />`;
}

const Room = ({ room, reload }) =>
  html`<${RoomAvatar} room=${room} />
    <div class="admin__about">
      <strong dir="auto">${room.name}</strong>
      <p class="hint">
        ${room.public ? "Public" : "Private"}, ${room.memberCount} ${room.memberCount === 1 ? "member" : "members"},
        created ${exactTime(room.createdAt)}
      </p>
      <${Act}
        word="Delete"
        about=${room.name}
        title=${`Delete ${room.name}?`}
        text="The room and all its messages will be deleted for everyone."
        method="DELETE"
        path=${`/api/admin/rooms/${room._id}`}
        then=${reload}
      />
    </div>`;
