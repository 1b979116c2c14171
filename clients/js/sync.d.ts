/** A message as the server sends it. What is absent is left out. */
export interface Message {
  _id: string;
  senderId: string;
  createdAt: string;
  updatedAt: string;
  /** Missing, like `seq` and `rev`, in messages that another backend wrote, until they are migrated. */
  conversation?: string;
  /** Its place in the conversation. */
  seq?: number;
  /** Grows with each change of the message: keep the copy with the higher one. */
  rev?: number;
  /** A direct message has a receiver, a room's has a room. */
  receiverId?: string;
  room?: string;
  text?: string;
  image?: string;
  /** The address of the image at most 480 pixels wide and high; a small or animated one is served there as it is. */
  thumbnail?: string;
  clientId?: string;
  replyTo?: string;
  reactions?: Record<string, string[]>;
  editedAt?: string;
  /** Set on a message that was deleted: it has no text or image any more. */
  deletedAt?: string;
  [field: string]: unknown;
}

interface Content {
  /** The conversation's id: a room's id, or both users' ids in order, joined by `_`. */
  conversation: string;
  text?: string;
  /** A data URI. */
  image?: string;
  /** The id of a message of the same conversation. */
  replyTo?: string;
}

/** What a user writes: to another user, or in a room. */
export type Draft = Content & ({ to: string; room?: undefined } | { room: string; to?: undefined });

/** A message that is not acknowledged yet. */
export interface Entry extends Content {
  clientId: string;
  userId: string;
  to?: string;
  room?: string;
  /** Gives the order; milliseconds since 1970, at least about. */
  at: number;
  state: "waiting" | "sending" | "failed";
  /** Why a failed one was refused. */
  error?: string;
}

/**
 * Where the queue survives a reload. All tabs of a browser share one. Its calls take effect in the order in which they
 * are made. One that fails or hangs does not keep messages from being sent.
 */
export interface Storage {
  all(userId: string): Promise<Entry[]>;
  put(entry: Entry): Promise<unknown>;
  remove(clientId: string): Promise<unknown>;
}

/** What a failed `Request` rejects with. */
export interface RequestError extends Error {
  /** Of the server's answer; 0 or none if no answer of the server came. */
  status?: number;
  /** The server's, such as `wrong_user`. */
  code?: string;
  /** Seconds, from the header `Retry-After`. */
  retryAfter?: number;
}

/** Calls the server; a promise of the answer's JSON. It has to send the `headers`, and should end with the `signal`. */
export type Request = (
  method: string,
  path: string,
  body: object,
  options: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<any>;

export type StopReason = "logged_out" | "wrong_user";

export interface Options {
  /** Who is logged in on this page. Each user has a queue of their own. */
  userId: string;
  request: Request;
  /**
   * Messages that are new or changed, from the socket, a catch-up or an own send. The same one may come more than once:
   * key them by `_id`, and keep the one with the higher `rev`.
   */
  onMessages(messages: Message[]): void;
  /** What is not acknowledged yet, in order, after each change. */
  onQueue(entries: Entry[]): void;
  /**
   * Called once if the server no longer takes this page for `userId`: the login has ended, or another user has logged in.
   * What waits stays in the storage for the next `createSync` of this user.
   */
  onStop?(reason: StopReason): void;
  /** By default `outbox()`. */
  storage?: Storage;
}

export interface Sync {
  /** Queue a message; the queue's entry for it. */
  send(draft: Draft): Entry;
  /** Send a failed entry once more. */
  retry(clientId: string): void;
  /** Forget an entry. One that is on its way at this moment may still arrive. */
  discard(clientId: string): Promise<void>;
  /** Take in a message that arrived. `attach` does it for those of the socket. */
  take(message: Message): void;
  /** Say that the page has loaded a conversation: every change up to `rev`. Without it, a catch-up loads all of it. */
  follow(conversation: string, rev: number): void;
  /** Whether a conversation was loaded, by the page or by a catch-up. */
  follows(conversation: string): boolean;
  /** Fetch all that was missed. Resolves to whether it worked; if not, it is tried again by itself. */
  catchUp(): Promise<boolean>;
  /** Listen to a socket of socket.io-client: its messages, and its connects. Each connect leads to a catch-up. */
  attach(socket: { connected?: boolean; on(event: string, listener: (value: any) => void): unknown }): void;
  /** Try again now what waits between two attempts. The browser's `online` event and each connect do it. */
  wake(): void;
  /** Stop sending and listening, for instance at a log-out. What waits stays in the storage. */
  stop(): void;
}

/** Queue, send, and catch up: for one user, on one page. */
export function createSync(options: Options): Sync;

/** The queue in IndexedDB. If the browser refuses that, it keeps nothing. */
export function outbox(name?: string): Storage;
