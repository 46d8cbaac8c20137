// Redis at an address, for apps that have no Redis client: one connection, opened when it is first
// used, opened again after it was lost, shared by all calls.
//
// It says of each call that fails whether it may have been carried out. It must not repeat a call:
// whoever made it knows whether that is safe.

import { Connection, NoReply } from "./connection.mjs";
import { readRedisUrl } from "./redis-url.mjs";

export { NoReply } from "./connection.mjs";
export { RefusedByRedis } from "./resp.mjs";

/** A connection that was idle for longer may be dead without a sign of it, so it is left. */
const IDLE_MS = 30_000;

/** Sends commands to one Redis. */
export class Wire {
  #address;
  #timeoutMs;
  #idleMs;
  #connection = null;

  /**
   * Read an address: redis://, rediss:// (TLS) or unix://, with user, password and database.
   * `timeoutMs` is the bound on opening a connection. Throws TypeError, without a password.
   */
  constructor(url, { timeoutMs = 2000, idleMs = IDLE_MS } = {}) {
    this.#address = readRedisUrl(url);
    this.#timeoutMs = timeoutMs;
    this.#idleMs = idleMs;
  }

  /** The server's name, without a password. */
  get where() {
    return this.#address.where;
  }

  /**
   * Make one call; gives its reply: texts, numbers, null, arrays. Throws RefusedByRedis; or
   * NoReply, at the latest when the signal says that the call was given up.
   */
  send = async (args, signal) => {
    if (!this.#connection?.isUsable(this.#idleMs)) {
      this.close();
      this.#connection = new Connection(this.#address, this.#timeoutMs);
    }
    const connection = this.#connection;
    await unlessGivenUp(connection.opened, signal);
    return connection.ask(args, signal);
  };

  /** Close the connection when its replies are there; the next call opens another. */
  close() {
    this.#connection?.leave();
    this.#connection = null;
  }
}

function unlessGivenUp(opened, signal) {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new NoReply("did not accept a connection in time", false));
    signal?.addEventListener("abort", giveUp, { once: true });
    opened.then(resolve, reject);
  });
}
