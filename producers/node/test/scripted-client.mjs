// A Redis client for tests that answers as it is told, and what tests ask of an error.

import assert from "node:assert/strict";

import { LeadProducer, ProducerError } from "../lead-producer.mjs";

export const FILES = new URL("../../lead_producers/", import.meta.url);
export const HEAD = 11; // arguments before the first lead
export const NAME = "Joana Prado";

/** A client that takes down what it is asked and answers in turn, the last answer for ever. */
export function client(...given) {
  const answers = given.length ? given : [["ok"]];
  const calls = [];
  const send = async (args, signal) => {
    calls.push(args.map(String));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    const found = typeof answer === "function" ? await answer(args, signal) : answer;
    if (found instanceof Error) throw found;
    return found;
  };
  const made = { where: "r:1", timeoutMs: 60_000 }; // a test that needs a bound sets one
  const producer = (options) => new LeadProducer(send, { ...made, ...options });
  return { calls, producer };
}

/** An error as Redis clients make it: with all that was sent. */
export function refusal(text) {
  return Object.assign(new Error(text), { name: "ReplyError", command: { args: [NAME] } });
}

/** The ids of the leads in a call. */
export const ids = (call) => call.slice(HEAD).filter((_, at) => at % 4 === 0);

/** The error that a call ends with, after what holds for each: no cause, no value of a lead. */
export async function failure(promise) {
  const error = await promise.then(() => null, (caught) => caught);
  assert.ok(error instanceof ProducerError);
  assert.equal(error.name, error.constructor.name);
  assert.equal(error.cause, undefined);
  assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes(NAME));
  return error;
}
