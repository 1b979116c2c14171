/** Before a user is in the chat: logging in, creating an account, one-time links, waiting for the server. */

import { html, useEffect, useState } from "/html.js";
import { request } from "/lib/api.js";
import { logIn, logOut, start } from "/lib/session.js";
import { attempt, notify } from "/lib/toasts.js";
import { EmailField, SignUp } from "/views/sign-up.js";
import { Form, Lazy, PasswordField } from "/views/ui.js";

/** Whether a path is that of a one-time link. */
export const isLink = (path) => ["/invite", "/reset", "/confirm"].includes(path);

export function Welcome({ phase, path, me, limits }) {
  return html`<div class="welcome">
    <div class="welcome__art" aria-hidden="true"><img src="/img/welcome.svg" alt="" /></div>
    <main class="welcome__main">
      <img class="welcome__logo" src="/img/icon.svg" alt="" width="56" height="56" />
      ${
        isLink(path)
          ? html`<${Lazy} module="/views/links.js" view="LinkPage" ...${{ path, limits }} />`
          : phase === "unconfirmed"
            ? html`<${Unconfirmed} me=${me} />`
            : phase === "out"
              ? html`<${Entrance} limits=${limits} />`
              : html`<${Waiting} failed=${phase === "unreachable"} />`
      }
    </main>
  </div>`;
}

const Waiting = ({ failed }) =>
  html`<h1>${failed ? "No connection" : "One moment …"}</h1>
    <p class="welcome__lead" role="status">
      ${failed && "Can't reach the server. What you wrote is kept here, and we keep trying."}
    </p>
    ${failed && html`<button class="button" onClick=${start}>Try again now</button>`}`;

function Entrance({ limits }) {
  const [view, show] = useState("log-in");
  const [about, setAbout] = useState({ signup: "open" }); // until the server has answered
  useEffect(() => {
    request("GET", "/api/about").then(setAbout, () => {});
  }, []);
  const toLogIn = () => show("log-in");
  if (view === "forgot") return html`<${Forgot} onLogIn=${toLogIn} />`;
  if (view === "sign-up") {
    const lead = "All it takes is a name, an email and a password.";
    return html`<${SignUp} limits=${limits} lead=${lead} onLogIn=${toLogIn} />`;
  }
  return html`<${LogIn} about=${about} show=${show} />`;
}

const LogIn = ({ about, show }) =>
  html`<h1>Welcome back</h1>
    <p class="welcome__lead">Log in to continue</p>
    <${Form} key="log-in" action=${logIn} submit="Log in">
      <${EmailField} />
      <${PasswordField} />
    <//>
    ${
      about.mail &&
      html`<p class="welcome__other">
        <button class="link" onClick=${() => show("forgot")}>Forgot password?</button>
      </p>`
    }
    <p class="welcome__other">
      ${
        about.signup === "open"
          ? html`New here?${" "}<button class="link" onClick=${() => show("sign-up")}>Create account</button>`
          : "New accounts are by invitation: ask an admin for a link."
      }
    </p>`;

function Forgot({ onLogIn }) {
  async function send(fields, form) {
    await request("POST", "/api/auth/forgot-password", fields);
    form.reset();
    notify("If there is an account with this email, a link is on its way to it.");
  }
  return html`<h1>Forgot your password?</h1>
    <p class="welcome__lead">We send you a link to set a new one.</p>
    <${Form} key="forgot" action=${send} submit="Send link">
      <${EmailField} />
    <//>
    <p class="welcome__other"><button class="link" onClick=${onLogIn}>Back to the login</button></p>`;
}

function Unconfirmed({ me }) {
  const sendAgain = () =>
    attempt(async () => {
      await request("POST", "/api/auth/confirmation");
      notify("A link is on its way to your email.");
    });
  return html`<h1>Confirm your email</h1>
    <p class="welcome__lead">We sent a link to ${me.email}. Open it, then come back.</p>
    <button class="button" onClick=${start}>I have confirmed it</button>
    <p class="welcome__other">
      <button class="link" onClick=${sendAgain}>Send the link again</button>${" · "}
      <button class="link" onClick=${() => attempt(logOut)}>Log out</button>
    </p>`;
}
