/** Writing a message: the text, pictures, a reply or an edit. What is not sent yet survives a reload. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "/html.js";
import { addPictures, compose, edit, keepPictures, loadPictures, send, tellTyping } from "/lib/actions.js";
import { notify, patch, state } from "/lib/state.js";
import { Quote } from "/views/message.js";
import { Icon, IconButton, pickEmoji } from "/views/ui.js";

const MAX_TEXT = 4000; // characters that the server takes
const touch = matchMedia("(pointer: coarse)"); // there Enter begins a new line

export function Composer({ talk, title }) {
  const { conversation, mode, pictures } = talk;
  const editing = mode?.kind === "edit";
  const draftKey = `chat:draft:${state.me._id}:${conversation}`;
  const [text, setText] = useState("");
  const input = useRef();
  const empty = !text.trim() && !pictures.length;
  const leaveMode = () => patch(conversation, { mode: null });

  useLayoutEffect(() => {
    setText(editing ? mode.message.text : (localStorage.getItem(draftKey) ?? ""));
    if (mode || !touch.matches) input.current.focus();
  }, [mode]);

  useEffect(() => void loadPictures(conversation), []);

  function write(words) {
    setText(words);
    if (!editing) localStorage.setItem(draftKey, words);
  }

  async function submit(event) {
    event.preventDefault();
    const words = text.trim();
    input.current.focus();
    if (empty) return;
    if (words.length > MAX_TEXT) return notify(`A message has at most ${MAX_TEXT} characters; this one has ${words.length}.`, "error");
    if (editing) {
      if (words !== mode.message.text && !(await edit(mode.message, words))) return; // what was typed stays
    } else {
      send(talk, words, pictures, mode?.message._id);
      write("");
      keepPictures(conversation, []);
    }
    leaveMode();
  }

  function onKeyDown(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch.matches) submit(event);
    if (event.key === "Escape" && mode) leaveMode();
    if (event.key !== "ArrowUp" || text || mode) return;
    const last = talk.messages.findLast((one) => one.senderId === state.me._id && one.text && !one.system);
    if (!last?.rev) return;
    event.preventDefault();
    compose("edit", last);
  }

  function onPaste(event) {
    const files = [...event.clipboardData.files];
    if (files.length) event.preventDefault();
    addPictures(conversation, files);
  }

  function insert(emoji) {
    input.current.setRangeText(emoji, input.current.selectionStart, input.current.selectionEnd, "end");
    write(input.current.value);
    input.current.focus();
  }

  const onInput = ({ target }) => {
    write(target.value);
    tellTyping(talk);
  };
  const onPick = ({ target }) => {
    addPictures(conversation, [...target.files]);
    target.value = "";
    input.current.focus();
  };
  const waiting = (picture, index) => {
    const remove = () => keepPictures(conversation, pictures.toSpliced(index, 1));
    return html`<li key=${picture}>
      <img src=${picture} alt=${`Picture ${index + 1}`} />
      <${IconButton} icon="close" label=${`Remove picture ${index + 1}`} onClick=${remove} />
    </li>`;
  };
  return html`<form class="composer" onSubmit=${submit}>
    ${mode && html`<div class="composer__mode">
      <${Icon} name=${mode.kind} /><${Quote} message=${mode.message} onClick=${() => input.current.focus()} />
      <${IconButton} icon="close" label=${editing ? "Stop editing" : "Don't reply"} onClick=${leaveMode} />
    </div>`}
    ${pictures.length > 0 && html`<ul class="composer__images" aria-label="Pictures to send">${pictures.map(waiting)}</ul>`}
    <div class="composer__row">
      <label class="icon-button" title="Add pictures">
        <input type="file" accept="image/*" multiple class="unseen" aria-label="Add pictures" onChange=${onPick} /><${Icon} name="image" />
      </label>
      <div class="composer__box">
        <textarea ref=${input} rows=${text.split("\n").length} aria-label="Message" placeholder=${`Message ${title}`}
          value=${text} onKeyDown=${onKeyDown} onPaste=${onPaste} onInput=${onInput}></textarea>
        <${IconButton} icon="smile" label="Add an emoji" onClick=${(event) => pickEmoji(event.currentTarget, insert)} />
      </div>
      <button class="composer__send" aria-label=${editing ? "Save" : "Send"} disabled=${empty}><${Icon} name="send" /></button>
    </div>
  </form>`;
}
