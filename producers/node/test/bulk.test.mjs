// Many leads in one call: chunks, order, keys, and what goes wrong in between.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CHUNK } from "../lead-producer.mjs";
import { client, failure, ids, refusal } from "./scripted-client.mjs";

test("a bulk goes 200 leads and 1 MiB to a call, in order", async () => {
  const { calls, producer } = client();
  const few = await producer().enqueueMany(Array.from({ length: 401 }, (_, n) => ({ n })));
  assert.deepEqual(calls.map((call) => ids(call).length), [200, 200, 1]);
  assert.deepEqual(few, { accepted: 401, duplicates: 0, refused: [] });
  assert.ok(calls.every((call) => call[5] === "bulk"));
  calls.length = 0;
  await producer().enqueueMany(Array(12).fill({ x: "y".repeat(200_000) }));
  assert.deepEqual(calls.map((call) => ids(call).length), [5, 5, 2]);
  await producer().enqueueMany([]);
  assert.equal(calls.length, 3);
});

test("a bulk goes on past what it refuses, and says which", async () => {
  const { calls, producer } = client(["ok", 0, "f".repeat(32)]);
  const receipts = [];
  const summary = await producer().enqueueMany(["Ana", { n: 1 }, { n: NaN }, { n: 3 }], {
    key: (index, lead) => (lead.n === 3 ? "" : `k${index}`),
    onReceipt: (index, receipt) => receipts.push([index, receipt.duplicate]),
  });
  assert.deepEqual(summary, {
    accepted: 0,
    duplicates: 1,
    refused: [
      { index: 0, reason: "expected a lead as an object, found a value of type string" },
      { index: 2, reason: "n: expected a JSON value, found NaN or an infinity" },
      { index: 3, reason: "key: expected a text that is not empty, or none" },
    ],
  });
  assert.deepEqual(receipts, [[1, true]]);
  assert.equal(calls.length, 1);
});

test("whoever wants to be told of a refusal is told, and nothing is kept", async () => {
  const told = [];
  const onRefused = (index, error) => told.push([index, error.path]);
  const summary = await client().producer().enqueueMany([{}, { n: NaN }], { onRefused });
  assert.deepEqual(summary, { accepted: 1, duplicates: 0, refused: [] });
  assert.deepEqual(told, [[1, "n"]]);
});

test("a bulk reads no further than the chunk after the one under way", async () => {
  let [read, settled, most] = [0, 0, 0];
  async function* leads() {
    for (; read < 10 * CHUNK; read += 1) {
      most = Math.max(most, read - settled);
      yield { read };
    }
  }
  const { calls, producer } = client(async () => (await new Promise(setImmediate), ["ok"]));
  const summary = await producer().enqueueMany(leads(), { onReceipt: () => (settled += 1) });
  assert.equal(summary.accepted, 10 * CHUNK);
  assert.equal(calls.length, 10);
  assert.ok(most <= 2 * CHUNK, `found ${most} leads under way`);
});

test("what was sent is settled though the iterable fails", async () => {
  const receipts = [];
  async function* leads() {
    for (let n = 0; n < CHUNK + 7; n += 1) yield { n };
    throw new RangeError("the file is gone");
  }
  const options = { onReceipt: (index) => receipts.push(index) };
  const bulk = client().producer().enqueueMany(leads(), options);
  await assert.rejects(bulk, RangeError);
  assert.equal(receipts.length, CHUNK);
});

test("a bulk that fails ends the iterable, and Node does not end over it", async () => {
  let isEnded = false;
  async function* leads() {
    try {
      for (let n = 0; n < 5 * CHUNK; n += 1) {
        yield { n };
        if (n % CHUNK === 0) await new Promise(setImmediate); // the call fails meanwhile
      }
    } finally {
      isEnded = true;
    }
  }
  const { calls, producer } = client(refusal("MISCONF Errors writing to the AOF file"));
  const error = await failure(producer().enqueueMany(leads()));
  assert.deepEqual(error.summary, { accepted: 0, duplicates: 0, refused: [] });
  assert.ok(isEnded);
  assert.equal(calls.length, 1);
});

test("a bulk looks at its arguments before it reads a lead", async () => {
  function* leads() {
    assert.fail("read a lead");
  }
  await failure(client().producer().enqueueMany(leads(), { lane: "express" }));
});

test("a lead whose key cannot be made is refused alone, without its values", async () => {
  const { producer } = client();
  const key = (_, lead) => lead.order.id;
  const leads = [{ order: { id: "1" } }, { name: "Maria" }, null];
  const summary = await producer().enqueueMany(leads, { key });
  assert.equal(summary.accepted, 1);
  assert.deepEqual(
    summary.refused.map(({ index, reason }) => [index, /Maria/.test(reason)]),
    [
      [1, false],
      [2, false],
    ],
  );
  assert.match(summary.refused[0].reason, /^key: expected an idempotency key, found TypeError/);
});
