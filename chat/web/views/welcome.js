/** Before somebody is logged in: the login, signing up, and waiting for the server. */

import { html, useState } from "/html.js";
import { logIn, start } from "/lib/live.js";
import { state } from "/lib/state.js";
import { Field, Form, NEW_PASSWORD, PASSWORD } from "/views/ui.js";

export function Welcome() {
  const { phase } = state;
  return html`<div class="welcome">
    <div class="welcome__art" aria-hidden="true"><img src="/img/welcome.svg" alt="" /></div>
    <main class="welcome__main">
      <img class="welcome__logo" src="/img/icon.svg" alt="" width="56" height="56" />
      ${phase === "out" ? html`<${Login} />` : html`<${Waiting} failed=${phase === "unreachable"} />`}
    </main>
  </div>`;
}

const Waiting = ({ failed }) =>
  html`<h1>${failed ? "No connection" : "One moment …"}</h1>
    <p class="welcome__lead" role="status">${failed && "The server can't be reached. What you wrote is kept here; we go on trying."}</p>
    ${failed && html`<button class="button" onClick=${start}>Try again now</button>`}`;

const LOGIN = { title: "Good to see you", lead: "Log in to go on with your conversations.", submit: "Log in", other: "New here?" };
const SIGNUP = { title: "Make an account", lead: "A name, an email, a password.", submit: "Sign up", other: "You have an account?" };

function Login() {
  const [isNew, setNew] = useState(false);
  const words = isNew ? SIGNUP : LOGIN;
  return html`<h1>${words.title}</h1>
    <p class="welcome__lead">${words.lead}</p>
    <${Form} key=${isNew} action=${logIn} submit=${words.submit}>
      ${isNew && html`<${Field} label="Your name" name="fullName" autocomplete="name" maxlength="100" required />`}
      <${Field} label="Email" name="email" type="email" autocomplete="username" required />
      <${Field} label="Password" name="password" ...${isNew ? NEW_PASSWORD : PASSWORD} />
    <//>
    <p class="welcome__other">
      ${words.other}${" "}<button class="link" onClick=${() => setNew(!isNew)}>${isNew ? LOGIN.submit : SIGNUP.title}</button>
    </p>`;
}
