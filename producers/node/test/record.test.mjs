// What an object becomes, and what is refused without a word of what it holds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BadLead } from "../errors.mjs";
import { MAX_BYTES, MAX_DEPTH, contentDigest, encode, keyDigest, newLeadId } from "../record.mjs";

const SECRET = "joana.prado@cliente.example";
const ODD = { constructor: { name: "Joana" } };
const HALF = "\ud83d";

class Form {
  name = SECRET;
}

function nested(depth) {
  let value = "leaf";
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

function holdingItself() {
  const lead = { custom: { list: [] } };
  lead.custom.list.push(lead.custom);
  return lead;
}

const endless = { toJSON: () => ({ a: { ...endless } }) };

function throwing() {
  throw new Error(SECRET);
}

const BAD = [
  ["undefined", { name: SECRET, phone: undefined }, "phone", "found undefined"],
  ["undefined in a list", { a: [1, undefined] }, "a[1]", "found undefined"],
  ["a hole in a list", { a: [1, , 3] }, "a[1]", "found undefined"],
  ["a function", { a: { b: () => SECRET } }, "a.b", "type function"],
  ["a symbol", { a: Symbol(SECRET) }, "a", "type symbol"],
  ["a symbol as a name", { a: { [Symbol(SECRET)]: 1 } }, "a", "type symbol"],
  ["NaN", { custom: { score: NaN } }, "custom.score", "NaN"],
  ["an infinity", { a: [{ b: -Infinity }] }, "a[0].b", "infinity"],
  ["a BigInt", { a: 10n }, "a", "type bigint"],
  ["half a surrogate pair", { name: SECRET + HALF }, "name", "lone surrogate"],
  ["the same in a name", { utm: { [HALF]: 1 } }, "utm", "lone surrogate"],
  ["a Map", { custom: new Map([[SECRET, 1]]) }, "custom", "type Map"],
  ["a Set", { a: [new Set([SECRET])] }, "a[0]", "type Set"],
  ["an instance of a class", { a: new Form() }, "a", "type Form"],
  ["an Error", { a: new Error(SECRET) }, "a", "type Error"],
  ["a promise", { a: Promise.resolve(SECRET) }, "a", "type Promise"],
  ["a boxed text", { a: new String(SECRET) }, "a", "type String"],
  ["bytes", { a: Buffer.from(SECRET) }, "a", "type Buffer"],
  ["other bytes", { a: new Uint8Array(3) }, "a", "type Uint8Array"],
  ["a date that is none", { born: new Date(SECRET) }, "born", "an invalid date"],
  ["a circle", holdingItself(), "custom.list[0]", "holds itself"],
  ["too deep", nested(MAX_DEPTH + 1), Array(MAX_DEPTH).fill("a").join("."), "levels"],
  ["much too deep", nested(100_000), Array(MAX_DEPTH).fill("a").join("."), "levels"],
  ["what makes itself anew", { a: endless }, "a", "type Object|levels"],
  ["a getter that throws", { a: { get b() { return throwing(); } } }, "a.b", "cannot be read"],
  ["a toJSON that throws", { a: { toJSON: throwing } }, "a", "cannot be read"],
  ["a toJSON that gives nothing", { a: { toJSON() {} } }, "a", "found undefined"],
  ["the first of two", { a: 1, b: undefined, c: undefined }, "b", "undefined"],
  ["an odd name", { "a\n\u202eb": NaN }, "a\\u{a}\\u{202e}b", "NaN"],
  ["a field called constructor", { a: new (class {})(), constructor: SECRET }, "a", "type "],
  ["a constructor that is data", { a: Object.create(ODD) }, "a", "type Object$"],
];

for (const [name, lead, path, words] of BAD) {
  test(`${name} is refused, and the error says where`, () => {
    assert.throws(() => encode(lead), (error) => {
      assert.ok(error instanceof BadLead);
      assert.match(error.message, new RegExp(words));
      assert.match(error.message, /^\S+: expected/);
      assert.ok(!error.message.includes(SECRET) && !error.message.includes("\n"));
      assert.equal(error.cause, undefined);
      if (!words.includes("levels")) assert.equal(error.path, path);
      return error.path.startsWith(path);
    });
  });
}

for (const lead of [null, undefined, [], "name=Ana", 1, 10n, () => {}, new Date(0), [["a", 1]]]) {
  test(`${typeof lead} ${String(lead).slice(0, 20)} is no lead`, () => {
    const message = /^expected a lead as an object, found /;
    assert.throws(() => encode(lead), { path: "", message });
  });
}

test("a Map, a class's instance and bytes are no lead either, and are named", () => {
  for (const [lead, name] of [[new Map(), "Map"], [new Form(), "Form"], [Buffer.of(1), "Buffer"]]) {
    assert.throws(() => encode(lead), { path: "", message: new RegExp(`found .*${name}$`) });
  }
});

test("what JSON can say is stored as JSON.stringify writes it", () => {
  const lead = {
    name: "João \"Zé\" d'Ávila \u2028 😀 \\ \0 \x7f",
    list: [[], {}, null, true, 0, -1.5, 1e21, 2 ** 53],
    born: new Date(0),
    10: "ten",
    __proto__: null,
    toJSON: undefined,
  };
  delete lead.toJSON;
  assert.equal(encode(lead).toString(), JSON.stringify(lead));
  assert.equal(encode(JSON.parse('{"__proto__":1}')).toString(), '{"__proto__":1}');
});

test("a container may be in two places", () => {
  const shared = { a: [1] };
  const text = '{"x":{"a":[1]},"y":[{"a":[1]},[1]]}';
  assert.equal(encode({ x: shared, y: [shared, shared.a] }).toString(), text);
});

test("what has a toJSON is asked once, and told its name", () => {
  const asked = [];
  const price = { toJSON: (name) => (asked.push(name), "9.90") };
  assert.equal(encode({ price, list: [price] }).toString(), '{"price":"9.90","list":["9.90"]}');
  assert.deepEqual(asked, ["price", "0"]);
  assert.equal(encode({ toJSON: () => ({ name: "Ana" }) }).toString(), '{"name":"Ana"}');
});

for (const character of ["x", "é", "😀"]) {
  test(`256 KiB of ${character} are taken and one byte more is not`, () => {
    const room = MAX_BYTES - '{"x":""}'.length;
    const width = Buffer.byteLength(character);
    const x = character.repeat(Math.floor(room / width)) + "x".repeat(room % width);
    assert.equal(encode({ x }).length, MAX_BYTES);
    const message = `expected at most ${MAX_BYTES} bytes of JSON, found ${MAX_BYTES + 1}`;
    assert.throws(() => encode({ x: `${x}x` }), { path: "", message });
  });
}

test("64 levels are taken", () => {
  assert.equal(encode(nested(MAX_DEPTH)).toString(), JSON.stringify(nested(MAX_DEPTH)));
});

test("a long path is cut", () => {
  const lead = { ["n".repeat(5000)]: { m: NaN } };
  assert.throws(() => encode(lead), (error) => error.path.length === 200);
});

test("an id is 32 hex digits that begin with the time, and does not repeat", () => {
  const ids = new Set(Array.from({ length: 1000 }, newLeadId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  const [first] = ids;
  assert.ok(Math.abs(parseInt(first.slice(0, 12), 16) - Date.now()) < 3_600_000);
});

test("a key's digest is the first half of its SHA-256", () => {
  assert.equal(keyDigest("abc"), "ba7816bf8f01cfea414140de5dae2223");
});

test("equal content has one digest, whatever the order of its names", () => {
  const one = contentDigest(encode({ a: 1, b: { c: [1, 2], d: "é" } }));
  assert.equal(contentDigest(encode({ b: { d: "é", c: [1, 2] }, a: 1 })), one);
  for (const other of [{ a: 1 }, { a: 1, b: { c: [2, 1], d: "é" } }, { a: 1, b: { c: [1, 2] } }]) {
    assert.notEqual(contentDigest(encode(other)), one);
  }
});
