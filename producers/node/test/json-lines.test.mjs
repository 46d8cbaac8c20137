// A file of leads, line by line: what is in it to the digit, or why not.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { LONGEST, readJsonLines } from "../json-lines.mjs";

const folder = mkdtempSync(join(tmpdir(), "json-lines-"));
after(() => rmSync(folder, { recursive: true }));

async function found(content) {
  const path = join(folder, "leads.jsonl");
  writeFileSync(path, content);
  const items = [];
  for await (const item of readJsonLines(path)) items.push(item);
  return items;
}

test("lines are numbered, and blank ones are no records", async () => {
  assert.deepEqual(await found('\ufeff{"a":1}\r\n\n  \n{"b":"é😀"}'), [
    { line: 1, record: 1, lead: { a: 1 } },
    { line: 4, record: 2, lead: { b: "é😀" } },
  ]);
  assert.deepEqual(await found(""), []);
});

const FAULTS = [
  ["no JSON", "{'a': 1}", /expected JSON/],
  ["NaN", '{"a": NaN}', /expected JSON/],
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), /expected UTF-8/],
  ["one name twice", '{"a": 1, "b": {"a": 2, "a": 3}}', /each name once/],
  ["one name twice, one of them escaped", '{"a": 1, "\\u0061": 2}', /each name once/],
  ["a long whole number", '{"a": 12345678901234567890}', /write it as text/],
  ["a long fraction", '{"a": [-0.12345678901234567]}', /write it as text/],
  ["a number that is all but nothing", '{"a": 1e-400}', /write it as text/],
  ["a long line", `{"a": "${"x".repeat(LONGEST)}"}`, /at most 1048576 bytes/],
];
for (const [name, line, words] of FAULTS) {
  test(`${name} is refused, and stops no other`, async () => {
    const newline = Buffer.from("\n");
    const before = Buffer.from('{"a":"b\\"c: 12345678901234567890"}');
    const items = await found(Buffer.concat([before, newline, Buffer.from(line), newline, before]));
    assert.deepEqual(items.map((item) => [item.line, Boolean(item.lead)]), [
      [1, true], [2, false], [3, true],
    ]);
    assert.match(items[1].fault, words);
  });
}

test("numbers that JavaScript holds to the digit are taken", async () => {
  const [{ lead }] = await found('{"a": [1.50, 1e3, -0, 100000000000000000000, 0.1, 123456789012345]}');
  assert.deepEqual(lead.a, [1.5, 1000, -0, 1e20, 0.1, 123456789012345]);
});

test("a line of the longest kind is read at once", async () => {
  const [{ lead }] = await found(`{"a":"${"\\u00e9".repeat(170_000)}"}`);
  assert.equal(lead.a.length, 170_000);
});
