// One open connection to Redis: commands out at once, replies in order.
//
// It owns the socket. What it cannot know is who waits for how long: that is in the signal of each
// call. Where a call was given up and nothing before it is still wanted, the server hangs, and the
// connection is of no more use to anybody.

import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";

import { RefusedByRedis, ReplyReader, encodeCommand } from "./resp.mjs";

/**
 * No answer came. `sent` says whether any of the call may have arrived; `reason` is for people, and
 * follows "Redis at ...".
 */
export class NoReply extends Error {
  constructor(reason, sent) {
    super(reason);
    this.reason = reason;
    this.sent = sent;
  }
}

export class Connection {
  #socket;
  #reader = new ReplyReader();
  #waiting = [];
  #isClosed = false;
  #isLeft = false;
  #idleSince = Infinity;
  #failOpening = () => {};

  /** Begin to connect, within a bound; `opened` settles when Redis has let us in. */
  constructor({ connect, isTls, greeting }, timeoutMs) {
    this.#socket = isTls ? connectTls(connect) : connectPlain(connect);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes) => this.#receive(bytes));
    this.#socket.on("error", ({ code, name }) => this.#end(`cannot be reached: ${code || name}`));
    for (const event of ["end", "close"]) {
      this.#socket.on(event, () => this.#end("cannot be reached: it closed the connection"));
    }
    this.opened = this.#open(isTls ? "secureConnect" : "connect", greeting, timeoutMs);
    this.opened.catch(() => {}); // whoever waits hears of it, and perhaps nobody does any more
  }

  /** Whether a new call may go this way. */
  isUsable(idleMs) {
    const isFresh = this.#waiting.length > 0 || performance.now() - this.#idleSince < idleMs;
    return !this.#isClosed && !this.#isLeft && isFresh;
  }

  /** Send a command; gives its reply. Throws RefusedByRedis or NoReply. */
  ask(args, signal) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed || signal?.aborted) {
        reject(new NoReply("cannot be reached: the connection was lost", false));
        return;
      }
      const call = { resolve, reject, isGivenUp: false };
      signal?.addEventListener("abort", () => this.#giveUp(call), { once: true });
      this.#waiting.push(call);
      this.#socket.ref();
      this.#socket.write(encodeCommand(args));
    });
  }

  /** Take no more calls, and close when those under way have their replies. */
  leave() {
    this.#isLeft = true;
    if (!this.#waiting.length) this.#end("cannot be reached: the connection was closed here");
  }

  async #open(event, greeting, timeoutMs) {
    const late = `did not accept a connection within ${timeoutMs / 1000} s`;
    const timer = setTimeout(() => this.#end(late), timeoutMs);
    try {
      await new Promise((resolve, reject) => {
        this.#socket.once(event, resolve);
        this.#failOpening = reject;
      });
      await Promise.all(greeting.map((args) => this.ask(args)));
      this.#rest();
    } catch (error) {
      this.#end(error.reason);
      if (error instanceof RefusedByRedis) throw error;
      throw new NoReply(error.reason, false); // what was sent so far was no call
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(bytes) {
    try {
      for (const reply of this.#reader.read(bytes)) this.#settle(reply);
    } catch {
      this.#end("answered with what is not Redis's protocol");
    }
  }

  #settle(reply) {
    const { resolve, reject } = this.#waiting.shift(); // none: it spoke unasked, which ends it too
    if (!(reply instanceof RefusedByRedis)) {
      resolve(reply);
    } else {
      // A primary that was demoted keeps its connections: the next calls find the new one afresh.
      if (reply.message.includes("READONLY")) this.#isLeft = true;
      reject(reply);
    }
    if (!this.#waiting.length) this.#rest();
  }

  #rest() {
    this.#idleSince = performance.now();
    this.#socket.unref(); // an app that has nothing else to do may end
    if (this.#isLeft) this.leave();
  }

  #giveUp(call) {
    call.isGivenUp = true;
    call.reject(new NoReply("did not answer in time", true));
    if (this.#waiting[0]?.isGivenUp) this.#end("did not answer in time");
  }

  #end(reason) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#failOpening(new NoReply(reason, false));
    for (const call of this.#waiting.splice(0)) call.reject(new NoReply(reason, true));
  }
}
