/** Picking an emoji. */

import { html, useEffect, useRef } from "/html.js";
import { set, state } from "/lib/state.js";

const EMOJI = `👍 ❤️ 😂 😮 😢 🙏 🎉 🔥 👏 💯 ✅ 👀 😀 😁 😅 🤣 😊 🙂 😉 😍 😘 😎 🤔 🤨 😐 😴 😇 🥳 😭 😡 🤯 😱 🤗 🙄 😬 🤝 👋 👌 ✌️
  💪 🙌 👎 💔 💙 💚 ⭐ ☀️ 🌈 🍀 🌸 🍎 🍕 ☕ 🍻 🎂 🎁 ⚽ 🚀 💡 📌`.split(/\s+/);

/** Let the user pick an emoji next to a button: `picked(emoji)`. */
export const pickEmoji = (button, picked) => set({ picker: { button, picked } });

export function EmojiPicker() {
  const { picker } = state;
  const box = useRef();
  useEffect(() => {
    if (!picker) return;
    picker.button.ariaExpanded = true; // which also keeps it in sight
    box.current.showPopover({ source: picker.button }); // its place is the style sheet's business
    box.current.querySelector("button").focus();
  }, [picker]);
  if (!picker) return null;
  const pick = (emoji) => () => {
    box.current.hidePopover();
    picker.picked(emoji);
  };
  const onToggle = ({ newState }) => {
    if (newState === "open" || state.picker !== picker) return;
    set({ picker: null });
    picker.button.focus();
    picker.button.ariaExpanded = null;
  };
  return html`<div class="picker" popover="auto" role="dialog" aria-label="Pick an emoji" ref=${box} onToggle=${onToggle}>
    ${EMOJI.map((emoji) => html`<button type="button" key=${emoji} onClick=${pick(emoji)}>${emoji}</button>`)}
  </div>`;
}
