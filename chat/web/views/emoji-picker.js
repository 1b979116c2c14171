/** Picking an emoji, next to the button that asks for it. */

import { html, useEffect, useRef, useState } from "/html.js";

const EMOJI =
  `👍 ❤️ 😂 😮 😢 🙏 🎉 🔥 👏 💯 ✅ 👀 😀 😁 😅 🤣 😊 🙂 😉 😍 😘 😎 🤔 🤨 😐 😴 😇 🥳 😭 😡 🤯 😱 🤗 🙄 😬 🤝 👋 👌 ✌️
  💪 🙌 👎 💔 💙 💚 ⭐ ☀️ 🌈 🍀 🌸 🍎 🍕 ☕ 🍻 🎂 🎁 ⚽ 🚀 💡 📌`.split(/\s+/);
const COLUMNS = 8;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
const MARGIN = 8; // px to the button and to the edges of the window
let open = () => {};

/** Let the user pick an emoji next to a button: `picked(emoji)`. */
export const pickEmoji = (button, picked) => open({ button, picked });

/** Where pickers appear; once in the page. */
export function EmojiPicker() {
  const [request, setRequest] = useState(null); // { button, picked }
  open = setRequest;
  return request && html`<${Picker} key=${request} ...${request} close=${() => setRequest(null)} />`;
}

function Picker({ button, picked, close }) {
  const box = useRef();

  useEffect(() => {
    const closeOutside = ({ target }) => box.current.contains(target) || button.contains(target) || close();
    button.setAttribute("aria-expanded", "true"); // which also keeps the message's buttons in sight
    Object.assign(box.current.style, placeNextTo(button, box.current));
    box.current.querySelector("button").focus({ preventScroll: true });
    document.addEventListener("pointerdown", closeOutside);
    addEventListener("resize", close);
    return () => {
      button.removeAttribute("aria-expanded");
      document.removeEventListener("pointerdown", closeOutside);
      removeEventListener("resize", close);
    };
  }, []);

  function choose(emoji) {
    close();
    button.focus({ preventScroll: true });
    picked(emoji);
  }

  function onKeyDown(event) {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
      button.focus({ preventScroll: true });
    }
    const buttons = [...box.current.children];
    const next = buttons[buttons.indexOf(document.activeElement) + STEPS[event.key]];
    if (!STEPS[event.key]) return;
    event.preventDefault();
    next?.focus();
  }

  return html`<div ref=${box} class="picker" role="dialog" aria-label="Pick an emoji" onKeyDown=${onKeyDown}>
    ${EMOJI.map((emoji) => html`<button type="button" key=${emoji} onClick=${() => choose(emoji)}>${emoji}</button>`)}
  </div>`;
}

/** The style that places a box above a button, or below it if there is more room, inside the window. */
function placeNextTo(button, box) {
  const { top, bottom, left } = button.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const above = top - MARGIN - height;
  const y = above >= MARGIN ? above : Math.min(bottom + MARGIN, innerHeight - MARGIN - height);
  const x = Math.min(left, innerWidth - MARGIN - width);
  return { top: `${Math.max(MARGIN, y)}px`, left: `${Math.max(MARGIN, x)}px` };
}
