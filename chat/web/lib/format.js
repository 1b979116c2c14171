/** Values as people read them. */

const MINUTE = 60_000; // ms
const DAY = 24 * 60 * MINUTE;

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

/** The beginning of a date's day, in ms. */
export const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
const daysAgo = (date) => Math.round((midnight(Date.now()) - midnight(date)) / DAY);

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
  if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(-daysAgo(date), "day");
}

/** Up to two initials. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words[1] && words.at(-1)].map((word) => [...(word ?? "")][0]);
  return letters.join("").toUpperCase();
}

/** A colour for an id: the same each time, spread around the wheel. */
export const hue = (id) =>
  ([...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 3600, 7) % 12) * 30;

/** A message in one line. */
export function summary({ deletedAt, blocked, text, image }) {
  if (deletedAt) return "Message deleted";
  if (blocked) return "Message from a blocked user";
  return text ?? (image ? "Photo" : "");
}

/** The number of characters as the server counts them: code points. */
export const characters = (text) => [...text].length;

// The `v` flag has a property for this, but Firefox 115 does not know the flag.
const EMOJI = /(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)\p{Emoji_Modifier}?/u.source;
const FLAG = /\p{Regional_Indicator}{2}/u.source;
const JUST_EMOJI = new RegExp(`^(?:${FLAG}|${EMOJI}(?:\\u200D${EMOJI})*){1,6}$`, "u");

/** Whether a text is a few emoji and nothing else. */
export const isJustEmoji = (text) => text.length < 100 && JUST_EMOJI.test(text);
