/** Writing a message: the text, pictures, a reply or an edit. What is not sent yet survives a reload. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "/html.js";
import {
  addPictures,
  compose,
  editMessage,
  restorePictures,
  send,
  sendTyping,
  setPictures,
} from "/lib/actions.js";
import { nameOf } from "/lib/conversations.js";
import { loadText, saveText } from "/lib/drafts.js";
import { characters, summary } from "/lib/format.js";
import { updateComposer } from "/lib/state.js";
import { notify } from "/lib/toasts.js";
import { pickEmoji } from "/views/emoji-picker.js";
import { Quote } from "/views/message.js";
import { Icon, IconButton } from "/views/ui.js";

const touch = matchMedia("(pointer: coarse)"); // there Enter begins a new line

/** `messages` are those of the conversation that are loaded; `title` is the conversation's. */
export function Composer({ conversation, composer, messages, title, limits, me, users }) {
  const { id } = conversation;
  const { mode, pictures } = composer;
  const editing = mode?.kind === "edit";
  const [text, setText] = useState("");
  const input = useRef();
  const empty = !text.trim() && !pictures.length;
  const leaveMode = () => updateComposer(id, { mode: null });

  useLayoutEffect(() => {
    setText(editing ? mode.message.text : loadText(me._id, id));
    if (mode || !touch.matches) input.current.focus();
  }, [mode]);

  useEffect(() => {
    restorePictures(id);
  }, []);

  function write(words) {
    setText(words);
    if (!editing) saveText(me._id, id, words);
  }

  async function submit(event) {
    event.preventDefault();
    const words = text.trim();
    const length = characters(words);
    input.current.focus();
    if (empty) return;
    if (length > limits.maxTextLength) {
      const most = limits.maxTextLength.toLocaleString();
      return notify(
        `A message has at most ${most} characters; this one has ${length.toLocaleString()}`,
        "error",
      );
    }
    if (editing) {
      if (words !== mode.message.text && !(await editMessage(mode.message, words))) return; // what was typed stays
    } else {
      send(conversation, words, pictures, mode?.message._id);
      write("");
      setPictures(id, []);
    }
    leaveMode();
  }

  function onKeyDown(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touch.matches) submit(event);
    if (event.key === "Escape" && mode) leaveMode();
    if (event.key === "ArrowUp" && !text && !mode) editLast(event);
  }

  function editLast(event) {
    const last = messages.findLast(
      (message) => message.senderId === me._id && message.text && !message.system,
    );
    if (!last?.rev) return;
    event.preventDefault();
    compose("edit", last);
  }

  function onPaste(event) {
    const files = [...event.clipboardData.files];
    if (files.length) event.preventDefault();
    addPictures(id, files);
  }

  function insert(emoji) {
    input.current.setRangeText(emoji, input.current.selectionStart, input.current.selectionEnd, "end");
    write(input.current.value);
    input.current.focus();
  }

  function onInput({ target }) {
    write(target.value);
    sendTyping(conversation);
  }

  function onPick({ target }) {
    addPictures(id, [...target.files]);
    target.value = "";
    input.current.focus();
  }

  return html`<form class="composer" onSubmit=${submit}>
    ${
      mode &&
      html`<div class="composer__mode">
        <${Icon} name=${mode.kind} />
        <${Quote}
          name=${nameOf(users, mode.message.senderId, me)}
          text=${summary(mode.message)}
          onClick=${() => input.current.focus()}
        />
        <${IconButton} icon="close" label=${editing ? "Stop editing" : "Don't reply"} onClick=${leaveMode} />
      </div>`
    }
    <${Pictures} pictures=${pictures} onChange=${(left) => setPictures(id, left)} />
    <div class="composer__row">
      <label class="icon-button" title="Add pictures">
        <input
          type="file"
          accept="image/*"
          multiple
          class="unseen"
          aria-label="Add pictures"
          onChange=${onPick}
        /><${Icon} name="image" />
      </label>
      <div class="composer__box">
        <textarea
          ref=${input}
          rows=${text.split("\n").length}
          dir="auto"
          aria-label="Message"
          placeholder=${`Message ${title}`}
          value=${text}
          onKeyDown=${onKeyDown}
          onPaste=${onPaste}
          onInput=${onInput}
        ></textarea>
        <${IconButton}
          icon="smile"
          label="Add an emoji"
          onClick=${(event) => pickEmoji(event.currentTarget, insert)}
        />
      </div>
      <button class="composer__send" aria-label=${editing ? "Save" : "Send"} disabled=${empty}>
        <${Icon} name="send" />
      </button>
    </div>
  </form>`;
}

/** The pictures that wait to be sent. */
function Pictures({ pictures, onChange }) {
  const picture = (uri, index) => {
    const label = `Remove picture ${index + 1}`;
    const remove = () => onChange(pictures.toSpliced(index, 1));
    return html`<li key=${uri}>
      <img src=${uri} alt=${`Picture ${index + 1}`} />
      <${IconButton} icon="close" label=${label} onClick=${remove} />
    </li>`;
  };
  return (
    pictures.length > 0 &&
    html`<ul class="composer__images" aria-label="Pictures to send">
      ${pictures.map(picture)}
    </ul>`
  );
}
