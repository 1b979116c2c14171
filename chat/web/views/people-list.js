/** A list of people, with a box to narrow it if it is long. */

import { html, memo, usePortions, useState } from "/html.js";
import { nameOf, userOf } from "/lib/conversations.js";
import { folded } from "/lib/text.js";
import { SearchField, UserAvatar } from "/views/ui.js";

const LONG = 6; // people from which a list is narrowed

/** `ids`: whom to list; `control(id)`: what can be done with each; `as`: the element of an entry. */
export function PeopleList({ ids, users, me, control, as = "div" }) {
  const [wanted, setWanted] = useState("");
  const shown = usePortions(ids.length);
  const sought = folded(wanted.trim());
  const fits = (id) => !sought || folded(nameOf(users, id, me)).includes(sought);
  const person = (id) =>
    html`<${Person}
      key=${id}
      id=${id}
      user=${userOf(users, id)}
      name=${nameOf(users, id, me)}
      hidden=${!fits(id)}
      control=${control}
      as=${as}
    />`;
  return html`${
      ids.length > LONG &&
      html`<${SearchField} label="Find people" value=${wanted} onValue=${setWanted} form="" />`
    }
    <ul class="people people--scroll">
      ${ids.slice(0, shown).map(person)} ${!ids.some(fits) && html`<li class="hint">No people found</li>`}
    </ul>`;
}

const Person = memo(
  ({ id, user, name, hidden, control, as }) =>
    html`<li hidden=${hidden}>
      <${as}><${UserAvatar} user=${user} size="s" /><strong dir="auto">${name}</strong>${control(id)}<//>
    </li>`,
);

/** The ids of all other users who are not among `ids`, and have not deleted their accounts. */
export const othersThan = (ids, users, me) =>
  Object.keys(users).filter((id) => id !== me._id && !users[id].deleted && !ids.includes(id));
