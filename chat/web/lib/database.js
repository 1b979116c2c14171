/** Values in IndexedDB. If the browser refuses that (a full disk, a private window), nothing is kept. */

const VERSION = 2;
const STORE = "values";

/** A database of values by key: `get(key)`, `put(key, value)`, `removePrefix(prefix)`. */
export function database(name) {
  let opening = null;

  async function run(mode, work) {
    opening ??= open(name);
    const transaction = (await opened(opening))?.transaction(STORE, mode);
    if (!transaction) return undefined;
    const { result } = await finished(transaction, work(transaction.objectStore(STORE)));
    return result;
  }

  return {
    get: (key) => run("readonly", (store) => store.get(key)),
    put: (key, value) => run("readwrite", (store) => store.put(value, key)),
    removePrefix: (prefix) =>
      run("readwrite", (store) => store.delete(IDBKeyRange.bound(prefix, `${prefix}\uffff`))),
  };
}

const opened = (opening) => opening.catch(() => null);

function open(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      for (const old of [...request.result.objectStoreNames]) request.result.deleteObjectStore(old);
      request.result.createObjectStore(STORE);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction, request) {
  transaction.commit(); // now: the page may be closed before the browser does it by itself
  return new Promise((resolve) => {
    transaction.oncomplete = () => resolve(request);
    transaction.onabort = () => resolve({});
  });
}
