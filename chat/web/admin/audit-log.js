/** What admins did, the newest first. Nothing can change it. */

import { List, usePages } from "/admin/pages.js";
import { html } from "/html.js";
import { exactTime } from "/lib/format.js";

export function AuditLog() {
  const pages = usePages("/api/admin/log", "entries");
  return html`<p><a class="link" href="/api/admin/log/export" download>Export the whole log</a></p>
    <${List}
      label="Audit log"
      pages=${pages}
      none="No admin has done anything yet"
      entry=${(entry) => html`<${Entry} entry=${entry} />`}
    />`;
}

const Entry = ({ entry: { at, actor, action, userId, roomId, messageId, reason, details, failed } }) =>
  html`<div class="admin__about">
    <strong>${sentence(action)}</strong> ${failed && html`<span class="admin__mark admin__mark--bad">Failed</span>`}
    <p dir="auto">${[details, reason, failed].filter(Boolean).join(" – ")}</p>
    <p class="hint">
      ${actor}, ${exactTime(at)}${(userId ?? roomId ?? messageId) && html`, <code>${userId ?? roomId ?? messageId}</code>`}
    </p>
  </div>`;

/** "user_made_admin" → "User made admin" */
const sentence = (action) => action[0].toUpperCase() + action.slice(1).replaceAll("_", " ");
