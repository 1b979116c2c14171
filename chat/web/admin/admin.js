/** The administration, for admins only. It is loaded when it is first opened. */

import { AuditLog } from "/admin/audit-log.js";
import { Health } from "/admin/health.js";
import { Invitations } from "/admin/invitations.js";
import { People } from "/admin/people.js";
import { Reports } from "/admin/reports.js";
import { Rooms } from "/admin/rooms.js";
import { html } from "/html.js";
import { go } from "/lib/state.js";
import { IconButton } from "/views/ui.js";

const SECTIONS = {
  people: { title: "People", view: People },
  invitations: { title: "Invitations", view: Invitations },
  reports: { title: "Reports", view: Reports },
  rooms: { title: "Rooms", view: Rooms },
  log: { title: "Audit log", view: AuditLog },
  health: { title: "Health", view: Health },
};

export function Admin({ path, me, conversations }) {
  const open = path.split("/")[2] ?? "people";
  const { title, view } = SECTIONS[open] ?? SECTIONS.people;
  const tab = ([name, section]) => {
    const address = `/admin/${name}`;
    const follow = (event) => {
      event.preventDefault();
      go(address);
    };
    return html`<a href=${address} aria-current=${section.view === view ? "page" : null} onClick=${follow}
      >${section.title}</a
    >`;
  };
  return html`<link rel="stylesheet" href="/styles/admin.css" />
    <main class="admin">
      <header class="admin__head">
        <${IconButton} icon="back" label="Back to the chat" onClick=${() => go("/")} />
        <h1>Administration</h1>
      </header>
      <nav class="admin__tabs" aria-label="Administration">${Object.entries(SECTIONS).map(tab)}</nav>
      <section aria-label=${title}><${view} ...${{ me, conversations }} /></section>
    </main>`;
}
