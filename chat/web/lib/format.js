/** Values as people read them. */

import { html } from "/html.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const GROUP_MS = 5 * MINUTE; // messages of one person closer than this are shown as one group
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
const daysAgo = (date) => Math.round((midnight(Date.now()) - midnight(date)) / DAY);
const capital = (words) => words[0].toUpperCase() + words.slice(1);

export const clock = (date) => time.format(new Date(date));
export const exactTime = (date) => exact.format(new Date(date));
export const sameDay = (a, b) => midnight(a) === midnight(b);

/** "Today", "Yesterday", "Monday", or the whole date. */
export function dayName(date) {
  const days = daysAgo(date);
  if (days < 2) return capital(relative.format(-days, "day"));
  return days < 7 ? weekday.format(new Date(date)) : fullDay.format(new Date(date));
}

/** The time of today, the weekday of this week, or the day: for lists. */
export function shortTime(date) {
  const days = daysAgo(date);
  if (days < 1) return clock(date);
  return days < 7 ? weekday.format(new Date(date)).slice(0, 3) : dayMonth.format(new Date(date));
}

/** "3 hours ago". */
export function ago(date) {
  const minutes = Math.round((new Date(date) - Date.now()) / MINUTE);
  if (minutes > -1) return "just now";
  if (minutes > -60) return relative.format(minutes, "minute");
  return minutes > -24 * 60 ? relative.format(Math.round(minutes / 60), "hour") : relative.format(-daysAgo(date), "day");
}

/** Up to two initials. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => [...word][0] ?? "").join("").toUpperCase();
}

/** A colour for an id: the same each time, spread around the wheel. */
export const hue = (id) => ([...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 3600, 7) % 12) * 30;

/** A message in one line. */
export function summary(message) {
  if (message.deletedAt) return "Message deleted";
  return message.text ?? (message.image ? "Photo" : "");
}

/** Whether a message goes on with the group of the one before it. */
export const continues = (before, message) =>
  before?.senderId === message.senderId &&
  !before.system &&
  !message.system &&
  new Date(message.createdAt) - new Date(before.createdAt) < GROUP_MS;

/** Whether a text is a few emoji and nothing else: it is shown large. */
export const isJustEmoji = (text) =>
  /^(?:\p{Extended_Pictographic}|[\u{1F3FB}-\u{1F3FF}\u{1F1E6}-\u{1F1FF}\uFE0F\u200D]){1,8}$/u.test(text);

/** A text with its web addresses as links. */
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/g).map((part, index) =>
    index % 2 ? html`<a href=${part} target="_blank" rel="noopener noreferrer">${part}</a>` : part,
  );
}
