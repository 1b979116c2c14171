/** What one-time links lead to: an invitation, a new password, the confirmation of an email. */

import { html, useEffect, useState } from "/html.js";
import { request } from "/lib/api.js";
import { start } from "/lib/session.js";
import { go } from "/lib/state.js";
import { notify } from "/lib/toasts.js";
import { SignUp } from "/views/sign-up.js";
import { Form, NewPasswordField } from "/views/ui.js";

const PAGES = { "/invite": Invitation, "/reset": NewPassword, "/confirm": ConfirmEmail };

/** The page of a link's path; the token is behind the `#`, and is sent to no server by itself. */
export const LinkPage = ({ path, ...rest }) => html`<${PAGES[path]} ...${rest} />`;

const token = () => location.hash.slice(1);
const toChat = () => go("/", { replace: true });

function Invitation({ limits }) {
  const [{ offer, failure }, show] = useState({});
  useEffect(() => {
    request("POST", "/api/auth/invitation", { token: token() }).then(
      (found) => show({ offer: found }),
      ({ message }) => show({ failure: message }),
    );
  }, []);
  if (failure) return html`<${Useless} why=${failure} />`;
  if (!offer) return html`<h1>One moment …</h1>`;
  const lead = offer.roomName ? `You are invited to ${offer.roomName}.` : "You are invited.";
  return html`<${SignUp}
    limits=${limits}
    lead=${lead}
    invitation=${token()}
    onLogIn=${toChat}
    onDone=${toChat}
  />`;
}

function NewPassword({ limits }) {
  async function save({ password }) {
    await request("POST", "/api/auth/reset-password", { token: token(), password });
    toChat();
    notify("Your password is set. Log in with it.");
    start();
  }
  return html`<h1>Set a new password</h1>
    <p class="welcome__lead">It ends all sessions of your account.</p>
    <${Form} action=${save} submit="Set password">
      <${NewPasswordField} label="New password" limits=${limits} />
    <//>`;
}

function ConfirmEmail() {
  async function confirm() {
    await request("POST", "/api/auth/confirm-email", { token: token() });
    toChat();
    notify("Your email is confirmed.");
    start();
  }
  return html`<h1>Confirm your email</h1>
    <${Form} action=${confirm} submit="Confirm email" />`;
}

const Useless = ({ why }) =>
  html`<h1>This link doesn't work</h1>
    <p class="welcome__lead">${why}</p>
    <button class="button" onClick=${toChat}>To the login</button>`;
