/** Before a user is logged in: logging in, creating an account, waiting for the server. */

import { html, useState } from "/html.js";
import { logIn, start } from "/lib/session.js";
import { Field, Form, NewPasswordField, PasswordField } from "/views/ui.js";

export function Welcome({ phase, limits }) {
  return html`<div class="welcome">
    <div class="welcome__art" aria-hidden="true"><img src="/img/welcome.svg" alt="" /></div>
    <main class="welcome__main">
      <img class="welcome__logo" src="/img/icon.svg" alt="" width="56" height="56" />
      ${
        phase === "out"
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
  const [isNew, setNew] = useState(false);
  const toggle = () => setNew(!isNew);
  return isNew
    ? html`<${SignUp} limits=${limits} onLogIn=${toggle} />`
    : html`<${LogIn} onSignUp=${toggle} />`;
}

const LogIn = ({ onSignUp }) =>
  html`<h1>Welcome back</h1>
    <p class="welcome__lead">Log in to continue</p>
    <${Form} key="log-in" action=${logIn} submit="Log in">
      <${EmailField} />
      <${PasswordField} />
    <//>
    <p class="welcome__other">
      New here?${" "}<button class="link" onClick=${onSignUp}>Create account</button>
    </p>`;

const SignUp = ({ limits, onLogIn }) =>
  html`<h1>Create account</h1>
    <p class="welcome__lead">All it takes is a name, an email and a password.</p>
    <${Form} key="sign-up" action=${logIn} submit="Create account">
      <${Field}
        label="Your name"
        name="fullName"
        asked="your name"
        autocomplete="name"
        max=${limits.maxNameLength}
        dir="auto"
        required
      />
      <${EmailField} />
      <${NewPasswordField} limits=${limits} />
    <//>
    <p class="welcome__other">
      Already have an account?${" "}<button class="link" onClick=${onLogIn}>Log in</button>
    </p>`;

const EmailField = () =>
  html`<${Field}
    label="Email"
    name="email"
    type="email"
    asked="your email"
    autocomplete="username"
    required
  />`;
