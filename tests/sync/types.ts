// The hand-written declarations of the package fit the code: each function is what they say.
import type * as declared from "../../clients/js/sync.js";
import { createSync, outbox } from "../../chat/web/sync.js";

const create: typeof declared.createSync = createSync;
const storage: typeof declared.outbox = outbox;

const sync = create({
  userId: "a",
  request: async (method, path, body, { headers, signal }) => (await fetch(path, { method, headers, signal, body: JSON.stringify(body) })).json(),
  onMessages: (messages) => console.log(messages[0]?.text?.length),
  onQueue: (entries) => console.log(entries[0]?.state === "failed"),
  onStop: (reason) => console.log(reason === "wrong_user"),
  storage: storage("other"),
});
const entry: declared.Entry = sync.send({ conversation: "a_b", to: "b", text: "hi" });
sync.retry(entry.clientId);
// @ts-expect-error a message goes to a user or into a room
sync.send({ conversation: "a_b", text: "hi" });
// @ts-expect-error a misspelled option
create({ userID: "a" });
