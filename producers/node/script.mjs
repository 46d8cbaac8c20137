// The call of enqueue.lua: what is sent, how long it may take, and when it is made again.
//
// It owns the bound in time and the retries. A call can be repeated because the leads' ids were
// minted before it and the script does nothing for an id that it knows. It must not look into a
// lead, and it never keeps a client's error: that may carry the arguments of the call.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { FormatMismatch, QueueFull, QueueUnavailable } from "./errors.mjs";

/** The version of the record format that this release writes. */
export const FORMAT = "1";

/** How often a call that failed on the way is made, within its bound. */
export const TRIES = 3;

const PAUSE_MS = 50;
const TIMEOUT_MAX_MS = 3_600_000;
const NAMESPACE = /^[A-Za-z0-9_.-]{1,64}$/;

// An error that Redis answered begins with a word in capitals. Redis 6.2 puts that of a command in
// a script behind "ERR Error running script ...: -".
const REFUSED = /^-?[A-Z]{3,}\b/;
const CODES = /(?:^-?|: -)([A-Z]{3,})\b/g;

// A server that says so will be back by itself, so the bound is used up.
const PASSING = new Set(["LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"]);
const WORDS = {
  LOADING: "is still loading its data",
  BUSY: "is busy with a script",
  NOAUTH: "wants a password: put it into the URL",
  WRONGPASS: "refused the user or password",
  READONLY: "is a read-only replica: use the primary's address",
  MISCONF: "cannot write to its disk: see its log",
  NOREPLICAS: "has too few replicas to take writes",
  CROSSSLOT: "is a Redis Cluster, which is not supported",
  MOVED: "is a Redis Cluster, which is not supported",
};

/** Makes the call, in one namespace. */
export class EnqueueScript {
  #send;
  #namespace;
  #timeoutMs;
  #redis;
  #text;
  #sha;
  #bell;

  constructor(send, { namespace, timeoutMs, where, files }) {
    if (typeof send !== "function") throw new TypeError("send: expected a function");
    if (typeof namespace !== "string" || !NAMESPACE.test(namespace)) {
      throw new RangeError("namespace: expected 1 to 64 letters, digits, '_', '.' or '-'");
    }
    if (!(timeoutMs > 0 && timeoutMs <= TIMEOUT_MAX_MS)) {
      throw new RangeError(`timeoutMs: expected more than 0 and at most ${TIMEOUT_MAX_MS}`);
    }
    this.#send = send;
    this.#namespace = namespace;
    this.#timeoutMs = timeoutMs;
    this.#redis = where ? `Redis at ${where}` : "Redis";
    this.#text = readFileSync(new URL("enqueue.lua", files));
    this.#sha = createHash("sha1").update(this.#text).digest("hex");
    this.#bell = JSON.stringify(JSON.parse(readFileSync(new URL("bell.json", files), "utf8")));
  }

  /**
   * Enqueue leads of `{leadId, keyDigest, contentDigest, json}` in one call.
   * Gives a Map from the position of each that is a duplicate to the id of the lead that holds its
   * place. Throws QueueFull, QueueUnavailable or FormatMismatch, within the bound.
   */
  async call(leads, { lane, source, dedupeSeconds }) {
    const ends = performance.now() + this.#timeoutMs;
    const head = ["1", `{${this.#namespace}}:`, FORMAT, lane, source, this.#bell, "0"];
    const args = [...head, String(dedupeSeconds), ""]; // in no trace
    for (const lead of leads) {
      args.push(lead.leadId, lead.keyDigest, lead.contentDigest, lead.json);
    }
    let unsure = false;
    for (let tries = 1; ; tries += 1) {
      const { reply, fault } = await this.#attempt(args, ends - performance.now());
      if (!fault) return this.#understood(reply, leads.length);
      unsure ||= fault.sent;
      if (!isWorthAnotherTry(fault, tries, ends)) throw this.#failure(fault, unsure);
      if (tries > 1) await pause(PAUSE_MS);
    }
  }

  /** Make the call once; gives its reply, or what went wrong. */
  async #attempt(args, leftMs) {
    const giveUp = new AbortController();
    try {
      return { reply: await within(leftMs, giveUp, this.#ask(args, giveUp.signal)) };
    } catch (error) {
      if (!giveUp.signal.aborted) return { fault: faultOf(error) };
      const sent = error?.sent !== false;
      const missed = sent ? "did not answer" : "did not accept a connection";
      return { fault: { sent, code: "", text: `${missed} within ${this.#timeoutMs / 1000} s` } };
    }
  }

  async #ask(args, signal) {
    try {
      return await this.#send(["EVALSHA", this.#sha, ...args], signal);
    } catch (error) {
      // A client may answer long after we gave up: then nothing more must be sent.
      if (signal.aborted || faultOf(error).code !== "NOSCRIPT") throw error;
    }
    return this.#send(["EVAL", this.#text, ...args], signal);
  }

  #understood(reply, size) {
    const [word, ...rest] = Array.isArray(reply) ? reply : [];
    switch (String(word)) {
      case "ok": {
        const holders = holdersIn(rest, size);
        if (holders) return holders;
        break;
      }
      case "full":
        throw new QueueFull(`${this.#redis} is short of memory: free or add some`);
      case "format":
        throw new FormatMismatch(
          `namespace '${this.#namespace}' holds records of format '${String(rest[0])}',` +
            ` this release writes '${FORMAT}': update the older side`,
        );
    }
    throw this.#unavailable("gave an answer that is none", true);
  }

  #failure(fault, unsure) {
    if (fault.code === "OOM" && !unsure) {
      return new QueueFull(`${this.#redis} is out of memory: free or add some`);
    }
    return this.#unavailable(WORDS[fault.code] ?? fault.text, unsure);
  }

  #unavailable(words, maybeEnqueued) {
    const fate = maybeEnqueued ? "perhaps enqueued all the same" : "not enqueued";
    return new QueueUnavailable(`${this.#redis} ${words} (${fate})`, { maybeEnqueued });
  }
}

/** Wait for work, but no longer than so many ms; then give it up, and throw. */
async function within(ms, giveUp, work) {
  let timer;
  const late = new Promise((_, reject) => {
    const end = () => {
      giveUp.abort(); // a client that heeds it says whether the call was sent: let it speak first
      setImmediate(reject, new Error("late"));
    };
    // Where this process was busy itself, the reply may lie there unread: that comes first.
    timer = setTimeout(setImmediate, Math.max(ms, 1), end);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What an error says: `code`, the word with which Redis refused, or ""; `sent`, whether it ran. */
function faultOf(error) {
  const text = String(error?.message ?? "");
  if (REFUSED.test(text)) {
    // Redis lists the arguments of a command that it does not know.
    const said = text.split(", with args", 1)[0].slice(0, 200);
    const codes = [...text.matchAll(CODES)].map((found) => found[1]);
    const code = text.includes("unauthenticated") ? "NOAUTH" : codes.at(-1);
    return { sent: false, code, text: `refused the call: ${said}` };
  }
  const name = error?.reason ?? `cannot be reached: ${error?.code || error?.constructor?.name}`;
  return { sent: error?.sent !== false, code: "", text: name };
}

function isWorthAnotherTry(fault, tries, ends) {
  if (ends - performance.now() <= PAUSE_MS) return false;
  if (PASSING.has(fault.code)) return true;
  return (!fault.code || fault.code === "READONLY") && tries < TRIES;
}

function holdersIn(rest, size) {
  const holders = new Map();
  for (let at = 0; at < rest.length; at += 2) {
    const position = Number(rest[at]);
    if (!Number.isInteger(position) || position < 0 || position >= size || rest[at + 1] == null) {
      return null;
    }
    holders.set(position, String(rest[at + 1]));
  }
  return holders;
}
