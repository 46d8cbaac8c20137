// LeadProducer: what a backend app calls. It hands leads to Redis and waits for nothing else.
//
// It owns what a call takes and gives; script.mjs owns how it is made. It reads no environment, and
// must never hold a lead back in memory: a call ends with a receipt or an error.

import { BadLead, NotEnqueued } from "./errors.mjs";
import { contentDigest, encode, isPrintable, isUnicode, keyDigest, newLeadId } from "./record.mjs";
import { EnqueueScript } from "./script.mjs";

export * from "./errors.mjs";

/** The most leads that one call takes. */
export const CHUNK = 200;

/** The most bytes of leads that one call takes: Redis stands still for it. */
export const CHUNK_BYTES = 1_048_576;

const LANES = ["live", "bulk"];
const SOURCE_MAX = 100;
const DEDUPE_MAX_SECONDS = 604_800; // a week: for longer, and for certain, there are keys

/** Enqueues leads, through a Redis client that you have or through wire.mjs. */
export class LeadProducer {
  #script;

  /**
   * @param {(args: (string|Buffer)[], signal: AbortSignal) => Promise<unknown>} send makes one call
   *   of Redis: `(args) => redis.call(...args)` for ioredis, `(args) => client.sendCommand(args)`
   *   for redis. Where it heeds the signal, which says that the call was given up, it should reject
   *   with an error whose `sent` is false if no byte of the call has left.
   * @param {object} [options]
   * @param {string} [options.namespace] which queue; the worker's LEADS_NAMESPACE.
   * @param {number} [options.timeoutMs] the bound on one call, tries and waiting included.
   * @param {string} [options.where] what errors call the server; without a password.
   * @param {URL} [options.files] the folder, with a slash at its end, of enqueue.lua and bell.json.
   */
  constructor(send, options = {}) {
    this.#script = new EnqueueScript(send, {
      namespace: options.namespace ?? "leads",
      timeoutMs: options.timeoutMs ?? 2000,
      where: options.where ?? "",
      files: options.files ?? new URL("../lead_producers/", import.meta.url),
    });
  }

  /**
   * Enqueue one lead, in one round trip; gives `{leadId, duplicate}`.
   *
   * `key` is your own idempotency key: a second lead under the same key is not enqueued, and its
   * receipt names the first. `source` says where the lead came from, for operators; it is not
   * personal. `lane` is `live`, or `bulk` for what may wait behind it. With `dedupeSeconds` a lead
   * that says the same as one of that long ago is not enqueued either.
   *
   * Throws BadLead and QueueFull: nothing was enqueued. QueueUnavailable: Redis did not confirm
   * within the bound; try again with a `key` to be sure of one lead.
   */
  async enqueue(lead, { key, source, lane = "live", dedupeSeconds } = {}) {
    const words = checked(lane, source, dedupeSeconds);
    const entry = prepared(lead, () => key, words);
    return receipt(entry, (await this.#script.call([entry], words)).get(0));
  }

  /**
   * Enqueue many leads, up to CHUNK to a round trip, in constant memory.
   *
   * `leads` is any iterable or async iterable. `key(index, lead)` gives the idempotency key;
   * `onReceipt(index, receipt)` is called for each lead that is in the queue. Gives
   * `{accepted, duplicates, refused}`: a lead that cannot be stored is in `refused`, as
   * `{index, reason}`, and stops no other. With `onRefused(index, error)`, for bulks in which many
   * may be bad, it is told instead of kept.
   *
   * Throws as `enqueue`; earlier chunks are enqueued, and the error's `summary` counts them. The
   * bound is for each chunk.
   */
  async enqueueMany(leads, options = {}) {
    const { source, lane = "bulk", dedupeSeconds } = options;
    const words = checked(lane, source, dedupeSeconds);
    const summary = { accepted: 0, duplicates: 0, refused: [] };
    try {
      await this.#enqueueAll(leads, words, summary, options);
    } catch (error) {
      if (error instanceof NotEnqueued) error.summary = summary;
      throw error;
    }
    return summary;
  }

  async #enqueueAll(leads, words, summary, options) {
    let underWay = null;

    // While Redis works on one chunk the next is read, so there is never more than one under way;
    // and whatever the iterable throws, that one is settled.
    const settle = async () => {
      const { chunk, call } = underWay ?? {};
      underWay = null;
      if (chunk) count(summary, chunk, await call, options.onReceipt);
    };
    try {
      for await (const chunk of chunks(entries(leads, words, summary, options))) {
        await settle();
        underWay = { chunk, call: this.#script.call(chunk, words) };
        underWay.call.catch(() => {}); // it is awaited later, and Node must not end over it before
      }
    } finally {
      await settle();
    }
  }
}

function checked(lane, source, dedupeSeconds) {
  if (!LANES.includes(lane)) throw new BadLead("lane", `expected one of ${LANES.join(", ")}`);
  const said = source ?? "";
  if (typeof said !== "string" || !isPrintable(said) || [...said].length > SOURCE_MAX) {
    throw new BadLead("source", `expected up to ${SOURCE_MAX} printable characters, or none`);
  }
  if (dedupeSeconds !== undefined && !isTime(dedupeSeconds)) {
    const words = `expected 0.001 to ${DEDUPE_MAX_SECONDS} seconds, or none`;
    throw new BadLead("dedupeSeconds", words);
  }
  return { lane, source: said, dedupeSeconds: dedupeSeconds ?? 0 };
}

function isTime(seconds) {
  return typeof seconds === "number" && seconds >= 0.001 && seconds <= DEDUPE_MAX_SECONDS;
}

function made(key, index, lead) {
  try {
    return key?.(index, lead);
  } catch (error) {
    // Its text may hold a value.
    throw new BadLead("key", `expected an idempotency key, found ${error?.name} while it was made`);
  }
}

function prepared(lead, keyOf, { dedupeSeconds }) {
  const json = encode(lead);
  return {
    leadId: newLeadId(),
    keyDigest: digestOf(keyOf()),
    contentDigest: dedupeSeconds ? contentDigest(json) : "",
    json,
  };
}

function digestOf(key) {
  if (key === undefined || key === null) return "";
  if (typeof key !== "string" || !key || !isUnicode(key)) {
    throw new BadLead("key", "expected a text that is not empty, or none");
  }
  return keyDigest(key);
}

async function* entries(leads, words, summary, { key, onRefused }) {
  let index = 0;
  for await (const lead of leads) {
    try {
      yield { index, ...prepared(lead, () => made(key, index, lead), words) };
    } catch (error) {
      if (!(error instanceof BadLead)) throw error;
      if (onRefused) onRefused(index, error);
      else summary.refused.push({ index, reason: error.message });
    }
    index += 1;
  }
}

async function* chunks(entries) {
  let chunk = [];
  let size = 0;
  for await (const entry of entries) {
    if (size + entry.json.length > CHUNK_BYTES) {
      yield chunk;
      [chunk, size] = [[], 0];
    }
    chunk.push(entry);
    size += entry.json.length;
    if (chunk.length === CHUNK) {
      yield chunk;
      [chunk, size] = [[], 0];
    }
  }
  if (chunk.length) yield chunk;
}

function count(summary, chunk, holders, onReceipt) {
  summary.duplicates += holders.size;
  summary.accepted += chunk.length - holders.size;
  if (!onReceipt) return;
  for (const [position, entry] of chunk.entries()) {
    onReceipt(entry.index, receipt(entry, holders.get(position)));
  }
}

function receipt(entry, holder) {
  return { leadId: holder ?? entry.leadId, duplicate: holder !== undefined };
}
