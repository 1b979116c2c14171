/** Values as people read them. */

import { html } from "/html.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const GROUP_MS = 5 * MINUTE; // messages of one person closer than this are shown as one group

/** What writes dates in the reader's language. */
function dates(options) {
  const formatter = new Intl.DateTimeFormat(undefined, options);
  return (date) => formatter.format(new Date(date));
}

export const clock = dates({ hour: "2-digit", minute: "2-digit" });
export const exactTime = dates({ dateStyle: "full", timeStyle: "short" });
const weekday = dates({ weekday: "long" });
const dayMonth = dates({ day: "numeric", month: "short" });
const fullDay = dates({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
const daysAgo = (date) => Math.round((midnight(Date.now()) - midnight(date)) / DAY);

export const sameDay = (a, b) => midnight(a) === midnight(b);

/** "today", "yesterday", "Monday", or the whole date. */
export function dayName(date) {
  const days = daysAgo(date);
  if (days < 2) return relative.format(-days, "day");
  return days < 7 ? weekday(date) : fullDay(date);
}

/** The time of today, the weekday of this week, or the day: for lists. */
export function shortTime(date) {
  const days = daysAgo(date);
  if (days < 1) return clock(date);
  return days < 7 ? weekday(date).slice(0, 3) : dayMonth(date);
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
  return [words[0], words[1] && words.at(-1)].map((word) => [...(word ?? "")][0]).join("").toUpperCase();
}

/** A colour for an id: the same each time, spread around the wheel. */
export const hue = (id) => ([...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 3600, 7) % 12) * 30;

/** A message in one line. */
export const summary = ({ deletedAt, text, image }) => (deletedAt ? "Message deleted" : (text ?? (image ? "Photo" : "")));

/** Whether a message goes on with the group of the one before it. */
export const continues = (before, { senderId, system, createdAt }) =>
  before?.senderId === senderId && !before.system && !system && new Date(createdAt) - new Date(before.createdAt) < GROUP_MS;

/** Whether a text is a few emoji and nothing else: it is shown large. */
export const isJustEmoji = (text) => /^\p{RGI_Emoji}{1,6}$/v.test(text);

const ADDRESS = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/g;
const link = (address) => html`<a href=${address} target="_blank" rel="noopener noreferrer">${address}</a>`;

/** A text with its web addresses as links. */
export const linked = (text) => text.split(ADDRESS).map((part, index) => (index % 2 ? link(part) : part));
