/**
 * The service worker: the page opens without a network. The server is asked first, so that a new version shows at once;
 * what it answered last time stands in while it can't be reached.
 */

const SHELL = "shell";
const NOT_PAGES = /^\/(api|socket\.io|uploads|healthz|readyz|metrics)(\/|$)/;

self.addEventListener("install", (event) => {
  const fill = async () => (await caches.open(SHELL)).addAll(await parts());
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

/** The page and all that it names: its scripts are listed there, to be loaded early. */
async function parts() {
  const page = await (await fetch("/")).text();
  const named = Array.from(page.matchAll(/(?:href|src)="(\/[^"]+)"/g), ([, path]) => path);
  return [...new Set(["/", "/img/icons.svg", "/img/welcome.svg", ...named])];
}

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method === "GET" && origin === location.origin && !NOT_PAGES.test(pathname))
    event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(SHELL);
  const key = request.mode === "navigate" ? "/" : request;
  const fresh = await fetch(request).catch(() => null);
  if (fresh?.ok) await cache.put(key, fresh.clone());
  return fresh ?? (await cache.match(key)) ?? Response.error();
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

async function show(path) {
  const [page] = await self.clients.matchAll({ type: "window" });
  if (!page) return self.clients.openWindow(path);
  page.postMessage({ open: path });
  return page.focus();
}
