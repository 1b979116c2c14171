/** Whether the server can do its work. */

import { html, useEffect, useState } from "/html.js";
import { request } from "/lib/api.js";

export function Health() {
  const [{ text, version }, show] = useState({ text: "Asking the server …" });
  const ask = () =>
    request("GET", "/readyz").then(
      (answer) => show({ text: "The server and all that it needs are working.", version: answer.version }),
      ({ message }) => show({ text: message }),
    );
  useEffect(() => {
    ask();
  }, []);
  return html`<p role="status">${text}</p>
    ${version && html`<p class="hint">Version ${version}</p>`}
    <button class="button button--quiet" onClick=${ask}>Check again</button>
    <p class="hint">
      <code>flask doctor</code> on the server checks its settings, its disk and the proxy as well, and${" "}
      <code>flask verify</code> all that is stored.
    </p>`;
}
