// From a lead as an object to the JSON that is stored, and the id that it is stored under.
//
// It refuses what JSON.stringify would drop or change in silence, and says where it was. It reads
// each property once, and no error of its holds a value.

import { createHash, randomBytes } from "node:crypto";
import { types } from "node:util";

import { BadLead } from "./errors.mjs";

/** The largest lead that is taken, encoded: 256 KiB. */
export const MAX_BYTES = 262_144;

/** Containers within each other, the lead itself counted; the worker reads no more. */
export const MAX_DEPTH = 64;

const PATH_MAX = 200;
const LONE_SURROGATE = /\p{Surrogate}/u;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Mint an id: 32 hex digits, the first 12 of them the time in ms, the rest random. */
export function newLeadId() {
  return Date.now().toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
}

/** Digest an idempotency key, so that what an app puts into one is not readable in Redis. */
export function keyDigest(key) {
  return digest(key);
}

/** Digest what a lead says, whatever the order of its names. Takes what `encode` gave. */
export function contentDigest(json) {
  return digest(sorted(JSON.parse(json.toString())));
}

/** Whether a text is free of what does not print: control characters, line separators and such. */
export function isPrintable(text) {
  return text.search(UNPRINTABLE) < 0;
}

/** Whether a text can be written as UTF-8. */
export function isUnicode(text) {
  return !LONE_SURROGATE.test(text);
}

/**
 * Encode a lead as compact UTF-8 JSON, in a Buffer. What has a `toJSON`, such as a Date, is asked.
 * Throws BadLead for undefined, functions, NaN, BigInt, lone surrogates, Map, Set, instances of
 * classes, what holds itself, and what is deeper than MAX_DEPTH or larger than MAX_BYTES.
 */
export function encode(lead) {
  const walk = { path: [], above: [] };
  let text;
  try {
    const value = plain(lead, walk);
    if (!isObject(value) || Array.isArray(value) || !isObject(lead)) {
      throw new BadLead("", `expected a lead as an object, found ${typeName(lead)}`);
    }
    text = container(value, walk);
  } catch (error) {
    if (error instanceof BadLead) throw error;
    // Of a getter or a toJSON; its text may hold a value.
    throw fault(walk, "expected a JSON value, found one that cannot be read");
  }
  const bytes = Buffer.from(text);
  if (bytes.length > MAX_BYTES) {
    throw new BadLead("", `expected at most ${MAX_BYTES} bytes of JSON, found ${bytes.length}`);
  }
  return bytes;
}

function write(given, walk) {
  const value = plain(given, walk);
  if (typeof value === "string") {
    if (isUnicode(value)) return JSON.stringify(value);
    throw fault(walk, "expected Unicode text, found a lone surrogate");
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw fault(walk, "expected a JSON value, found NaN or an infinity");
  }
  if (isObject(value)) return container(value, walk);
  if (value === null || ["number", "boolean"].includes(typeof value)) return JSON.stringify(value);
  throw fault(walk, `expected a JSON value, found ${typeName(value)}`);
}

/** What JSON.stringify would write in place of a value: mostly the value itself. */
function plain(value, walk) {
  if (ArrayBuffer.isView(value)) {
    throw fault(walk, `expected a JSON value, found ${typeName(value)}`);
  }
  if (types.isDate(value) && Number.isNaN(value.getTime())) {
    throw fault(walk, "expected a JSON value, found an invalid date");
  }
  const mayTell = isObject(value) || typeof value === "bigint";
  if (!mayTell || typeof value.toJSON !== "function") return value;
  return value.toJSON(String(walk.path.at(-1) ?? ""));
}

function container(value, walk) {
  if (walk.above.includes(value)) {
    throw fault(walk, "expected JSON, found a container that holds itself");
  }
  if (walk.above.length === MAX_DEPTH) {
    throw fault(walk, `expected at most ${MAX_DEPTH} levels, found more`);
  }
  walk.above.push(value);
  const text = Array.isArray(value) ? list(value, walk) : fields(value, walk);
  walk.above.pop();
  return text;
}

function list(values, walk) {
  const items = Array.from(values, (value, position) => inside(position, value, walk));
  return `[${items.join(",")}]`;
}

function fields(object, walk) {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw fault(walk, `expected a JSON value, found ${typeName(object)}`);
  }
  const isSeen = Object.prototype.propertyIsEnumerable;
  if (Object.getOwnPropertySymbols(object).some((name) => isSeen.call(object, name))) {
    throw fault(walk, "expected field names that are text, found a value of type symbol");
  }
  return `{${Object.keys(object).map((name) => field(object, name, walk)).join(",")}}`;
}

function field(object, name, walk) {
  if (!isUnicode(name)) {
    throw fault(walk, "expected field names in Unicode, found a lone surrogate");
  }
  walk.path.push(name); // before it is read, for a getter may throw
  const text = write(object[name], walk);
  walk.path.pop();
  return `${JSON.stringify(name)}:${text}`;
}

function inside(position, value, walk) {
  walk.path.push(position);
  const text = write(value, walk);
  walk.path.pop();
  return text;
}

function fault(walk, message) {
  let path = "";
  for (const step of walk.path) {
    if (typeof step === "number") path += `[${step}]`;
    else path += (path && ".") + step.replace(UNPRINTABLE, escaped);
  }
  return new BadLead([...path].slice(0, PATH_MAX).join(""), message);
}

function escaped(character) {
  return `\\u{${character.codePointAt(0).toString(16)}}`;
}

function typeName(value) {
  if (value === null || value === undefined) return String(value);
  if (!isObject(value)) return `a value of type ${typeof value}`;
  // Of the prototype, never of the object: a lead may well have a field called `constructor`.
  const made = Object.getPrototypeOf(value)?.constructor;
  const name = typeof made === "function" ? made.name : "";
  return `a value of type ${/^[A-Za-z_$][\w$]{0,63}$/.test(name) ? name : "Object"}`;
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}

function sorted(value) {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const items = Object.keys(value).sort();
  return `{${items.map((name) => `${JSON.stringify(name)}:${sorted(value[name])}`).join(",")}}`;
}

function digest(text) {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 32);
}
