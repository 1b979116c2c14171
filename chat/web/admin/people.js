/** All accounts: who is an admin, who is deactivated, and what an admin can do about it. */

import { Act, addressOf, List, NewLink, usePages } from "/admin/pages.js";
import { html, useState } from "/html.js";
import { exactTime } from "/lib/format.js";
import { SearchField, UserAvatar } from "/views/ui.js";

export function People({ me }) {
  const [wanted, setWanted] = useState("");
  const pages = usePages(`/api/admin/users?q=${encodeURIComponent(wanted)}`, "users");
  return html`<${SearchField} label="Search people" value=${wanted} onValue=${setWanted} />
    <${List}
      label="People"
      pages=${pages}
      none="No people found"
      entry=${(user) => html`<${Account} user=${user} isMe=${user._id === me._id} reload=${pages.reload} />`}
    />`;
}

function Account({ user, isMe, reload }) {
  const [link, setLink] = useState("");
  const { _id, fullName, email, admin, verified, deactivatedAt, lastSeen, createdAt } = user;
  const act = (word, path, more) =>
    html`<${Act}
      word=${word}
      about=${fullName}
      title=${`${word}: ${fullName}`}
      path=${`/api/admin/users/${_id}${path}`}
      then=${reload}
      ...${more}
    />`;
  return html`<${UserAvatar} user=${user} />
    <div class="admin__about">
      <strong dir="auto">${fullName}</strong> ${isMe && html`<span class="admin__mark">You</span>`}
      ${admin && html`<span class="admin__mark">Admin</span>`}
      ${deactivatedAt && html`<span class="admin__mark admin__mark--bad">Deactivated</span>`}
      ${!verified && html`<span class="admin__mark">Unverified email</span>`}
      <p>${email}</p>
      <p class="hint">
        Joined ${exactTime(createdAt)}${lastSeen && `, last seen ${exactTime(lastSeen)}`}
      </p>
      ${
        !isMe &&
        html`<div class="admin__actions">
          ${
            deactivatedAt
              ? act("Reactivate", "/reactivate", { text: "They can log in again." })
              : act("Deactivate", "/deactivate", {
                  text: "Their sessions end, and they can't log in. Their messages stay.",
                })
          }
          ${act("New password", "/reset-link", {
            text: "You get a link with which they set a new password, for an hour.",
            then: (answer) => setLink(addressOf(answer)),
          })}
          ${act("Log out", "/log-out", { text: "All their sessions end. They can log in again." })}
          ${
            admin
              ? act("Remove admin", "/admin", { method: "DELETE", text: "They become an ordinary user." })
              : act("Make admin", "/admin", { method: "PUT", text: "They can do all that you can do here." })
          }
          ${act("Erase", "", {
            method: "DELETE",
            text: "Their account, messages and pictures are deleted. There is no way back.",
          })}
        </div>`
      }
      ${link && html`<${NewLink} link=${link} />`}
    </div>`;
}
