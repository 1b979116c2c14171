/** Lists that the server gives in pages, and what all sections of the administration share. */

import { html, useEffect, useRef, useState } from "/html.js";
import { request } from "/lib/api.js";
import { confirm } from "/lib/state.js";
import { attempt, notify } from "/lib/toasts.js";
import { Skeleton } from "/views/ui.js";

/**
 * The entries at `path`, whose answer has them under `name`, with `older` for the next page. `more()` loads that;
 * `reload()` begins again. `entries` is undefined until the first page is there.
 */
export function usePages(path, name) {
  const [pages, show] = useState({});
  const asked = useRef(); // an answer that comes after a newer question is dropped
  async function load(earlier, before) {
    const question = (asked.current = {});
    try {
      const page = await request("GET", before ? `${path}${path.includes("?") ? "&" : "?"}before=${before}` : path);
      if (question === asked.current) show({ entries: [...earlier, ...page[name]], older: page.older });
    } catch ({ message }) {
      if (question === asked.current) show({ entries: earlier, failure: message });
    }
  }
  const reload = () => load([]);
  useEffect(() => {
    reload();
  }, [path]);
  return { ...pages, reload, more: () => load(pages.entries, pages.older) };
}

/** A list of entries, each rendered by `entry`; `none` is said if there are none. */
export function List({ label, pages: { entries, older, failure, more }, entry, none }) {
  if (!entries) return html`<${Skeleton} of=${label} />`;
  return html`${failure && html`<p class="form__error" role="alert">${failure}</p>`}
    ${!entries.length && !failure && html`<p class="hint">${none}</p>`}
    <ul class="admin__list" aria-label=${label}>
      ${entries.map((one) => html`<li key=${one._id} class="admin__entry">${entry(one)}</li>`)}
    </ul>
    ${older && html`<button class="button button--quiet" onClick=${more}>Show more</button>`}`;
}

/** A button that asks for the reason, which the audit log keeps, and then calls the server. */
export function Act({ word, about, title, text, method = "POST", path, body, then }) {
  const ask = () =>
    confirm({
      title,
      text,
      yes: word,
      asksReason: true,
      run: async ({ reason }) => {
        const answer = await request(method, path, { ...body, reason });
        notify("Done");
        then(answer);
      },
    });
  return html`<button class="link" aria-label=${`${word}: ${about}`} onClick=${ask}>${word}</button>`;
}

/** A one-time link that is shown to be sent to someone. */
export function NewLink({ link }) {
  const copy = () =>
    attempt(async () => {
      await navigator.clipboard.writeText(link);
      notify("Copied");
    });
  return html`<div class="admin__link" role="status">
    <p>Send this link. It is shown only now.</p>
    <code>${link}</code>
    ${navigator.clipboard && html`<button class="button button--quiet" onClick=${copy}>Copy</button>`}
  </div>`;
}

/** The address of a link; a server that doesn't know its own address gives the path. */
export const addressOf = ({ link }) => new URL(link, location.origin).href;
