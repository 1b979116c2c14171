/** Picking an emoji. */

import { html, useEffect, useRef } from "/html.js";
import { set, state, use } from "/lib/state.js";

const EMOJI =
  "👍 ❤️ 😂 😮 😢 🙏 🎉 🔥 👏 💯 ✅ 👀 😀 😁 😅 🤣 😊 🙂 😉 😍 😘 😎 🤔 🤨 😐 😴 😇 🥳 😭 😡 🤯 😱 🤗 🙄 😬 🤝 👋 👌 ✌️ 💪 🙌 👎 💔 💙 💚 ⭐ ☀️ 🌈 🍀 🌸 🍎 🍕 ☕ 🍻 🎂 🎁 ⚽ 🚀 💡 📌".split(" ");
const GAP = 8; // px to the edges of the window

/** Let the user pick an emoji next to a button: `picked(emoji)`. */
export const pickEmoji = (button, picked) => set({ picker: { button, picked } });

export function EmojiPicker() {
  const picker = use((now) => now.picker);
  const box = useRef();
  useEffect(() => {
    if (!picker) return;
    const { style, offsetWidth, offsetHeight } = (box.current.showPopover(), box.current);
    const { left, top, bottom } = picker.button.getBoundingClientRect();
    style.left = `${Math.max(GAP, Math.min(left, innerWidth - offsetWidth - GAP))}px`;
    style.top = `${top > offsetHeight + GAP ? top - offsetHeight - GAP : Math.min(bottom + GAP, innerHeight - offsetHeight - GAP)}px`;
    box.current.querySelector("button").focus();
  }, [picker]);
  if (!picker) return null;
  const pick = (emoji) => () => (box.current.hidePopover(), picker.picked(emoji));
  const onToggle = (event) => event.newState === "closed" && state.picker === picker && (set({ picker: null }), picker.button.focus());
  return html`<div class="picker" popover="auto" role="dialog" aria-label="Pick an emoji" ref=${box} onToggle=${onToggle}>
    ${EMOJI.map((emoji) => html`<button type="button" key=${emoji} onClick=${pick(emoji)}>${emoji}</button>`)}
  </div>`;
}
