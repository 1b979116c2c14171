/** What users reported: to be decided, or decided already. */

import { Act, List, usePages } from "/admin/pages.js";
import { html, useState } from "/html.js";
import { exactTime } from "/lib/format.js";

const OUTCOMES = { dismissed: "Dismissed", message_deleted: "Message deleted", user_deactivated: "Person deactivated" };

export function Reports() {
  const [status, setStatus] = useState("open");
  const pages = usePages(`/api/admin/reports?status=${status}`, "reports");
  return html`<label class="field">
      <span>Show</span>
      <select value=${status} onChange=${({ target }) => setStatus(target.value)}>
        <option value="open">Open reports</option>
        <option value="closed">Decided reports</option>
      </select>
    </label>
    <${List}
      label="Reports"
      pages=${pages}
      none=${status === "open" ? "Nothing to decide" : "Nothing was decided yet"}
      entry=${(report) => html`<${Report} report=${report} reload=${pages.reload} />`}
    />`;
}

function Report({ report, reload }) {
  const { _id, createdAt, reporterName, userName, messageId, text, reason, outcome, closedAt } = report;
  const about = userName ?? "Deleted user";
  const decide = (word, decision, explained) =>
    html`<${Act}
      word=${word}
      about=${about}
      title=${`${word}?`}
      text=${explained}
      path=${`/api/admin/reports/${_id}`}
      body=${{ outcome: decision }}
      then=${reload}
    />`;
  return html`<div class="admin__about">
    <strong dir="auto">${about}</strong>
    <span class="admin__mark">${messageId ? "Message" : "Person"}</span>
    ${outcome && html`<span class="admin__mark">${OUTCOMES[outcome]}</span>`}
    ${text && html`<blockquote dir="auto">${text}</blockquote>`}
    <p dir="auto">${reason}</p>
    <p class="hint">
      Reported by ${reporterName ?? "a deleted user"}, ${exactTime(createdAt)}${
        closedAt && `; decided ${exactTime(closedAt)}`
      }
    </p>
    ${
      !outcome &&
      html`<div class="admin__actions">
        ${decide("Dismiss", "dismissed", "Nothing is done about it.")}
        ${messageId && decide("Delete message", "message_deleted", "A note that an admin deleted it keeps its place.")}
        ${userName && decide("Deactivate person", "user_deactivated", "They are logged out, and can't log in.")}
      </div>`
    }
  </div>`;
}
