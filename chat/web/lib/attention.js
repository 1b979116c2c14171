/** Getting the user's attention: the page's title, the live region for screen readers, notifications. */

import { conversationIdOf, nameOf } from "/lib/conversations.js";
import { summary } from "/lib/format.js";
import { conversationAt, go, pathOf, state } from "/lib/state.js";

const WANTED = "chat:notifications";

/** Show a count of unread messages in the title, and on the icon of an installed app. */
export function showCount(count) {
  document.title = count ? `(${count}) Chat` : "Chat";
  navigator.setAppBadge?.(count).catch(() => {}); // only an installed app has a badge
}

/** Announce a new message: always to screen readers, and by a notification if the user is not looking at it. */
export function announce(message) {
  if (message.blocked) return;
  const id = conversationIdOf(message);
  const { room } = state.conversations[id];
  const title = nameOf(state.users, message.senderId, state.me) + (room ? ` in ${room.name}` : "");
  liveRegion().textContent = `${title}: ${summary(message)}`;
  const looking = state.attentive && conversationAt(state.path) === id;
  if (looking || !notificationsOn()) return;
  const path = pathOf(id);
  const options = { body: summary(message), tag: path, icon: "/img/icon-192.png", data: path };
  // Phones allow no other way than through the service worker.
  navigator.serviceWorker.ready.then((worker) => worker.showNotification(title, options));
}

/** Remove the last announcement from the page. */
export function clearAnnouncement() {
  liveRegion().textContent = "";
}

const liveRegion = () => document.getElementById("live");

export const canNotify = "Notification" in globalThis && "serviceWorker" in navigator;

/** Whether the user asked for notifications, and the browser allows them. */
export const notificationsOn = () =>
  canNotify && Notification.permission === "granted" && localStorage.getItem(WANTED) === "yes";

/** Turn notifications on or off: whether they are on then. */
export async function wantNotifications(wanted) {
  localStorage.setItem(WANTED, wanted ? "yes" : "no");
  if (wanted && Notification.permission !== "granted") await Notification.requestPermission();
  return notificationsOn();
}

navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.open && go(data.open));
