/** The view library in one place: `html` templates, hooks, and a few helpers that most views need. */

import htm from "/vendor/htm.mjs";
import { h } from "/vendor/preact.mjs";

export const html = htm.bind(h);
export { Component, Fragment, render } from "/vendor/preact.mjs";
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "/vendor/hooks.mjs";

/** The names that are truthy, as one class attribute: `classes("row", open && "row--open")`. */
export const classes = (...names) => names.filter(Boolean).join(" ");
