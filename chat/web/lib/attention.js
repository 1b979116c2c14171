/** Getting the user's attention: the page's title, the live region for screen readers, the browser's notifications. */

import { entryOf, go, opened, pathOf, state } from "/lib/state.js";
import { summary } from "/lib/format.js";

const WANTED = "chat:notifications";

/** Whether the user is looking at that conversation now. */
export const isWatching = (conversation) =>
  document.visibilityState === "visible" && document.hasFocus() && opened(state)?.conversation === conversation;

/** How many messages are unread in all conversations. */
export const unreadInAll = ({ people, rooms }) =>
  [...Object.values(people), ...Object.values(rooms)].reduce((sum, { unread }) => sum + (unread ?? 0), 0);

/** Show a count of unread messages in the title, and on the icon of an installed app. */
export function showCount(count) {
  document.title = count ? `(${count}) Chat` : "Chat";
  navigator.setAppBadge?.(count).catch(() => {}); // only an installed app has a badge
}

/** Tell of a new message of somebody else: to screen readers always, by a notification where nobody looks. */
export function announce(message) {
  const conversation = message.conversation ?? message.senderId;
  const [list, id] = entryOf(conversation) ?? [];
  if (!list || message.blocked) return;
  const who = state.people[message.senderId]?.fullName ?? "Somebody";
  const title = list === "rooms" ? `${who} in ${state.rooms[id].name}` : who;
  document.getElementById("live").textContent = `${title}: ${summary(message)}`;
  if (notificationsOn() && !isWatching(conversation)) show(title, summary(message), pathOf(conversation));
}

async function show(title, body, path) {
  const options = { body, tag: path, icon: "/img/icon-192.png", data: path };
  const worker = await navigator.serviceWorker?.getRegistration();
  if (worker?.active) return worker.showNotification(title, options); // phones allow this way alone
  const notification = new Notification(title, options);
  notification.onclick = () => (focus(), go(path), notification.close());
  return notification;
}

export const canNotify = () => "Notification" in globalThis;

/** Whether the user asked for notifications, and the browser allows them. */
export const notificationsOn = () =>
  canNotify() && Notification.permission === "granted" && localStorage.getItem(WANTED) === "yes";

/** Turn notifications on or off; whether they are on then. */
export async function wantNotifications(wanted) {
  localStorage.setItem(WANTED, wanted ? "yes" : "no");
  if (wanted && Notification.permission !== "granted") await Notification.requestPermission();
  return notificationsOn();
}

navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.open && go(data.open));
