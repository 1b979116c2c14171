/** Getting the user's attention: the page's title, the live region for screen readers, the browser's notifications. */

import { summary } from "/lib/format.js";
import { conversationOf, go, nameOf, opened, pathOf, set, state } from "/lib/state.js";

const WANTED = "chat:notifications";

/** Whether the user is looking at that conversation now. */
export const isWatching = (conversation) => document.hasFocus() && opened()?.conversation === conversation;

for (const event of ["focus", "blur"]) addEventListener(event, () => set({})); // what asks whether the user is looking asks again

/** Show a count of unread messages in the title, and on the icon of an installed app. */
export function showCount(count) {
  document.title = count ? `(${count}) Chat` : "Chat";
  navigator.setAppBadge?.(count).catch(() => {}); // only an installed app has a badge
}

/** Tell of a new message of somebody else: to screen readers always, by a notification where nobody looks. */
export function announce(message) {
  const conversation = conversationOf(message);
  if (message.blocked) return;
  const { name } = state.talks[conversation]; // a room's
  const title = nameOf(message.senderId) + (name ? ` in ${name}` : "");
  document.getElementById("live").textContent = `${title}: ${summary(message)}`;
  if (!notificationsOn() || isWatching(conversation)) return;
  const path = pathOf(conversation);
  const options = { body: summary(message), tag: path, icon: "/img/icon-192.png", data: path };
  navigator.serviceWorker.ready.then((worker) => worker.showNotification(title, options)); // phones allow no other way
}

export const canNotify = "Notification" in globalThis && "serviceWorker" in navigator;

/** Whether the user asked for notifications, and the browser allows them. */
export const notificationsOn = () => canNotify && Notification.permission === "granted" && localStorage.getItem(WANTED) === "yes";

/** Turn notifications on or off; whether they are on then. */
export async function wantNotifications(wanted) {
  localStorage.setItem(WANTED, wanted ? "yes" : "no");
  if (wanted && Notification.permission !== "granted") await Notification.requestPermission();
  return notificationsOn();
}

navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.open && go(data.open));
