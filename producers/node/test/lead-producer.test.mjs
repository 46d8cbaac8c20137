// What is sent, how often and for how long, with a client that does as each test says.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  BadLead, FormatMismatch, LeadProducer, QueueFull, QueueUnavailable,
} from "../lead-producer.mjs";
import { FILES, HEAD, NAME, client, failure, ids, refusal } from "./scripted-client.mjs";

const SCRIPT = readFileSync(new URL("enqueue.lua", FILES));
const SHA = createHash("sha1").update(SCRIPT).digest("hex");

const lost = (code) => Object.assign(new Error(`read ${code} ${NAME}`), { code });
const never = () => new Promise(() => {});

test("a call has the arguments of the protocol in their order", async () => {
  const { calls, producer } = client();
  const options = { key: "abc", source: "form/7", lane: "bulk", dedupeSeconds: 60 };
  const receipt = await producer({ namespace: "shop" }).enqueue({ b: 1, a: "é" }, options);
  const bell = JSON.stringify(JSON.parse(readFileSync(new URL("bell.json", FILES), "utf8")));
  const [[...call]] = calls;
  const same = createHash("sha256").update('{"a":"é","b":1}').digest("hex").slice(0, 32);
  const head = ["EVALSHA", SHA, "1", "{shop}:", "1", "bulk", "form/7", bell, "0", "60", ""];
  const lead = [receipt.leadId, "ba7816bf8f01cfea414140de5dae2223", same, '{"b":1,"a":"é"}'];
  assert.deepEqual(call, [...head, ...lead]);
  assert.equal(receipt.duplicate, false);
});

test("where neither is asked for there are no digests", async () => {
  const { calls, producer } = client();
  await producer().enqueue({});
  assert.deepEqual(calls[0].slice(HEAD + 1), ["", "", "{}"]);
});

test("a duplicate's receipt names the lead that was there, as texts or as bytes", async () => {
  const holder = "0".repeat(32);
  for (const reply of [["ok", 0, holder], ["ok", "0", Buffer.from(holder)]]) {
    const receipt = await client(reply).producer().enqueue({}, { key: "k" });
    assert.deepEqual(receipt, { leadId: holder, duplicate: true });
  }
});

test("a script that Redis has not seen is sent in full, within the same call", async () => {
  const { calls, producer } = client(refusal("NOSCRIPT No matching script."), ["ok"]);
  await producer().enqueue({});
  assert.deepEqual(calls.map((call) => call[0]), ["EVALSHA", "EVAL"]);
  assert.equal(calls[1][1], SCRIPT.toString());
  assert.deepEqual(calls[1].slice(2), calls[0].slice(2));
});

test("a call that was lost is made again with the same ids, three times at the most", async () => {
  const back = client(lost("ECONNRESET"), lost("EPIPE"), ["ok"]);
  const receipt = await back.producer().enqueue({});
  assert.deepEqual(back.calls.map(ids), Array(3).fill([receipt.leadId]));
  const gone = client(lost("ECONNRESET"));
  const error = await failure(gone.producer({ timeoutMs: 60_000 }).enqueue({ name: NAME }));
  assert.ok(error instanceof QueueUnavailable);
  const words = "cannot be reached: ECONNRESET (perhaps enqueued all the same)";
  assert.equal(error.message, `Redis at r:1 ${words}`);
  assert.equal(gone.calls.length, 3);
  assert.ok(error.maybeEnqueued);
});

test("a call that never left is said to be not enqueued", async () => {
  const unsent = Object.assign(lost("ECONNREFUSED"), { sent: false });
  const error = await failure(client(unsent).producer().enqueue({}));
  assert.equal(error.message, "Redis at r:1 cannot be reached: ECONNREFUSED (not enqueued)");
  assert.equal(error.maybeEnqueued, false);
});

test("a call that may have run once stays unsure, whatever comes after it", async () => {
  const { producer } = client(lost("ECONNRESET"), refusal("OOM command not allowed"));
  const error = await failure(producer().enqueue({ name: NAME }));
  assert.ok(error instanceof QueueUnavailable);
  assert.match(error.message, /refused the call: OOM .*\(perhaps enqueued all the same\)$/);
});

test("a client that never answers is given up within the bound, and told so", async () => {
  let given;
  const { calls, producer } = client((_, signal) => ((given = signal), never()));
  const error = await failure(producer({ timeoutMs: 50, where: "" }).enqueue({ name: NAME }));
  assert.ok(error instanceof QueueUnavailable && given.aborted);
  assert.equal(error.message, "Redis did not answer within 0.05 s (perhaps enqueued all the same)");
  assert.equal(calls.length, 1);
});

test("a client that heeds the signal may say that nothing was sent", async () => {
  const heed = (_, signal) =>
    new Promise((_, reject) => {
      const unsent = Object.assign(new Error("gave up"), { sent: false });
      signal.addEventListener("abort", () => reject(unsent));
    });
  const error = await failure(client(heed).producer({ timeoutMs: 50 }).enqueue({}));
  assert.match(error.message, /did not accept a connection within 0.05 s \(not enqueued\)$/);
});

test("after it was given up a call sends nothing more, whatever the client then says", async () => {
  let answer;
  const late = new Promise((resolve) => (answer = resolve));
  const { calls, producer } = client(() => late);
  await failure(producer({ timeoutMs: 50 }).enqueue({}));
  answer(refusal("NOSCRIPT No matching script."));
  await new Promise(setImmediate);
  assert.deepEqual(calls.map((call) => call[0]), ["EVALSHA"]);
});

test("a reply that came while the process was busy itself counts", async () => {
  const busy = (_, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("gave up")));
      setImmediate(() => {
        randomBytes(8, () => resolve(["ok"])); // comes as what is read from a socket does
        const ends = performance.now() + 60;
        while (performance.now() < ends);
      });
    });
  const receipt = await client(busy).producer({ timeoutMs: 30 }).enqueue({});
  assert.equal(receipt.duplicate, false);
});

const REFUSALS = [
  ["LOADING Redis is loading", QueueUnavailable, "is still loading its data (not enqueued)", true],
  ["BUSY Redis is busy", QueueUnavailable, "is busy with a script (not enqueued)", true],
  ["NOAUTH Authentication required.", QueueUnavailable, "wants a password: put it into the URL"],
  ["WRONGPASS invalid", QueueUnavailable, "refused the user or password (not enqueued)"],
  ["READONLY You can't", QueueUnavailable, "use the primary's address (not enqueued)", true],
  ["MISCONF Errors", QueueUnavailable, "cannot write to its disk: see its log (not enqueued)"],
  ["NOREPLICAS Not", QueueUnavailable, "has too few replicas to take writes (not enqueued)"],
  ["MOVED 1 a:1", QueueUnavailable, "is a Redis Cluster, which is not supported (not enqueued)"],
  ["OOM command not allowed", QueueFull, "Redis at r:1 is out of memory: free or add some"],
  ["ERR Error running script (call to f_1): @user_script:1: -OOM command", QueueFull, "free or add"],
  ["ERR Protocol error: unauthenticated bulk", QueueUnavailable, "wants a password"],
  [`ERR unknown command 'X', with args beginning with: '${NAME}'`, QueueUnavailable, "'X' (not enq"],
];

for (const [text, kind, words, isTriedAgain] of REFUSALS) {
  test(`${text.slice(0, 40)} is put into words`, async () => {
    const { calls, producer } = client(refusal(text));
    const error = await failure(producer({ timeoutMs: 200 }).enqueue({ name: NAME }));
    assert.equal(error.constructor, kind);
    assert.ok(error.message.includes(words), error.message);
    assert.equal(calls.length > 1, Boolean(isTriedAgain));
  });
}

test("a server that says it will be back is asked again until the bound", async () => {
  const loading = refusal("LOADING Redis is loading the dataset in memory");
  const { calls, producer } = client(...Array(5).fill(loading), ["ok"]);
  const receipt = await producer({ timeoutMs: 60_000 }).enqueue({});
  assert.deepEqual(calls.map(ids), Array(6).fill([receipt.leadId]));
});

test("answers of the script are told apart", async () => {
  const full = await failure(client(["full"]).producer().enqueue({}));
  assert.ok(full instanceof QueueFull);
  assert.equal(full.message, "Redis at r:1 is short of memory: free or add some");
  const format = await failure(client(["format", "99"]).producer().enqueue({}));
  assert.ok(format instanceof FormatMismatch);
  const holds = "namespace 'leads' holds records of format '99'";
  assert.equal(format.message, `${holds}, this release writes '1': update the older side`);
});

for (const reply of [null, "OK", 1, [], ["what"], ["ok", 1, "x"], ["ok", -1, "x"], ["ok", 0], {}]) {
  test(`${JSON.stringify(reply)} is no answer`, async () => {
    const error = await failure(client(reply).producer().enqueue({}));
    assert.ok(error instanceof QueueUnavailable && error.maybeEnqueued);
    const words = "gave an answer that is none (perhaps enqueued all the same)";
    assert.equal(error.message, `Redis at r:1 ${words}`);
  });
}

const BAD_ARGUMENTS = [
  ["lane", { lane: "express" }],
  ["source", { source: "s".repeat(101) }],
  ["source", { source: "a\nb" }],
  ["source", { source: "\ud800" }],
  ["source", { source: 7 }],
  ["key", { key: "" }],
  ["key", { key: 7 }],
  ["key", { key: "\ud800" }],
  ["dedupeSeconds", { dedupeSeconds: 0 }],
  ["dedupeSeconds", { dedupeSeconds: null }],
  ["dedupeSeconds", { dedupeSeconds: 604_801 }],
  ["dedupeSeconds", { dedupeSeconds: NaN }],
  ["dedupeSeconds", { dedupeSeconds: "60" }],
];

for (const [path, options] of BAD_ARGUMENTS) {
  test(`with ${JSON.stringify(options).slice(0, 40)} nothing is sent`, async () => {
    const { calls, producer } = client();
    const error = await failure(producer().enqueue({}, options));
    assert.ok(error instanceof BadLead);
    assert.equal(error.path, path);
    assert.match(error.message, /^\w+: expected /);
    assert.deepEqual(calls, []);
  });
}

test("a source of 100 characters is taken, beyond the first plane too", async () => {
  const { calls, producer } = client();
  await producer().enqueue({}, { source: "😀".repeat(100), key: null });
  assert.equal(calls[0][6], "😀".repeat(100));
});

test("what a producer is made of is looked at when it is made", () => {
  const send = () => {};
  assert.throws(() => new LeadProducer("redis://localhost"), /^TypeError: send: expected a function/);
  for (const namespace of ["", "a b", "{a}", "é", "x".repeat(65), 7]) {
    assert.throws(() => new LeadProducer(send, { namespace }), /namespace: expected 1 to 64/);
  }
  for (const timeoutMs of [0, -1, NaN, Infinity, 3_600_001]) {
    assert.throws(() => new LeadProducer(send, { timeoutMs }), /timeoutMs: expected more than 0/);
  }
  const files = new URL("nowhere/", import.meta.url);
  assert.throws(() => new LeadProducer(send, { files }), /ENOENT.*enqueue\.lua/);
});
