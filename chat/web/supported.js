/*
 * Tells people with a browser that is too old for this page. It is loaded before the page's modules and written in the
 * JavaScript of 2009, so that any browser can run it.
 */
(function () {
  var has =
    "noModule" in document.createElement("script") &&
    window.HTMLDialogElement &&
    window.OffscreenCanvas &&
    window.ResizeObserver &&
    Array.prototype.findLast &&
    Array.prototype.toSpliced;
  if (has) return;
  document.documentElement.className += " unsupported";
  document.getElementById("app").innerHTML =
    '<div class="too-old"><h1>Your browser is too old for this page</h1>' +
    "<p>Update it, or use another one: Chrome or Edge 119, Firefox 115, Safari 17, or later.</p></div>";
})();
