/** The form with which people create an account. */

import { html } from "/html.js";
import { logIn } from "/lib/session.js";
import { Field, Form, NewPasswordField } from "/views/ui.js";

/** `invitation` is the token of the link that invites them, if there is one; `onDone` is called when they are in. */
export function SignUp({ limits, lead, invitation, onLogIn, onDone }) {
  async function signUp(fields) {
    await logIn({ ...fields, invitation });
    onDone?.();
  }
  return html`<h1>Create account</h1>
    <p class="welcome__lead" dir="auto">${lead}</p>
    <${Form} key="sign-up" action=${signUp} submit="Create account">
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
}

export const EmailField = () =>
  html`<${Field}
    label="Email"
    name="email"
    type="email"
    asked="your email"
    autocomplete="username"
    required
  />`;
