/** Texts with marked-up parts: web addresses, and what a search has found. */

import { html } from "/html.js";

const ADDRESS = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/g;
const BEFORE_MATCH = 60; // characters that are shown before what was found in a long text

/** A text with its web addresses as links. */
export function linked(text) {
  return text.split(ADDRESS).map((part, index) => {
    if (index % 2 === 0) return part;
    return html`<a href=${part} target="_blank" rel="noopener noreferrer">${part}</a>`;
  });
}

/** A text without its accents and in lower case, for comparing: the rule of the server's search. */
export const folded = (text) =>
  text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").normalize("NFC")
    .toUpperCase().toLowerCase().replaceAll("ς", "σ");

/** The part of a text around the first of the words that were searched for, with all of them marked. */
export function highlighted(text, query) {
  const ranges = matches(text, query);
  const parts = [];
  let end = 0;
  if (ranges[0]?.[0] > BEFORE_MATCH * 1.5) {
    end = ranges[0][0] - BEFORE_MATCH;
    parts.push("… ");
  }
  for (const [from, to] of ranges) {
    if (from < end) continue;
    parts.push(text.slice(end, from), html`<mark>${text.slice(from, to)}</mark>`);
    end = to;
  }
  return [...parts, text.slice(end)];
}

/** Where the words of a query are in a text: `[from, to]`, in order. Accents and case make no difference. */
function matches(text, query) {
  let plain = "";
  const positions = []; // of each character of `plain` in `text`
  let position = 0;
  for (const char of text) {
    for (const one of folded(char)) {
      plain += one;
      for (let unit = 0; unit < one.length; unit++) positions.push(position);
    }
    position += char.length;
  }
  const found = [];
  for (const word of folded(query).split(/\s+/).filter(Boolean)) {
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) {
      found.push([positions[at], positions[at + word.length] ?? text.length]);
    }
  }
  return found.sort(([a], [b]) => a - b);
}
