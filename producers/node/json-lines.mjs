// A file of leads as JSON lines, in constant memory; a bad line stops no other.
//
// JSON.parse keeps the last of two equal names and rounds long numbers, both in silence. What is
// stored must be what the file says, so such a line is refused. No complaint holds a value.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** The most bytes of one line: four times what a lead may have. */
export const LONGEST = 1_048_576;

const DIGITS_MAX = 15; // a number of more digits may be another one in JavaScript
const LINE_FEED = 10;
const TEXTS = /"[^"\\]*(?:\\.[^"\\]*)*"/g;
const NUMBERS = /-?\d[\d.eE+-]*/g;

/** Tell the content of a file from any other: 64 hex digits. */
export async function fileDigest(path) {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path)) hash.update(block);
  return hash.digest("hex");
}

/**
 * Read a file; gives for each line that is not blank `{line, record}`, both from 1, and `lead` or
 * `fault`, what is wrong with it.
 */
export async function* readJsonLines(path) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [line, record] = [0, 0];
  for await (const bytes of splitLines(createReadStream(path))) {
    line += 1;
    const found = bytes ? read(bytes, decoder) : { fault: `expected at most ${LONGEST} bytes` };
    if (found) yield { line, record: (record += 1), ...found };
  }
}

/** Gives each line's bytes, or null for one that is too long. */
async function* splitLines(blocks) {
  let [held, size] = [[], 0];
  const hold = (part) => {
    size += part.length;
    if (size <= LONGEST) held.push(part);
    else held = [];
  };
  const take = () => {
    const whole = size <= LONGEST ? Buffer.concat(held) : null;
    [held, size] = [[], 0];
    return whole;
  };
  for await (const block of blocks) {
    let begins = 0;
    for (let at; (at = block.indexOf(LINE_FEED, begins)) >= 0; begins = at + 1) {
      hold(block.subarray(begins, at));
      yield take();
    }
    hold(block.subarray(begins));
  }
  if (size) yield take();
}

function read(bytes, decoder) {
  let text;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { fault: "expected UTF-8, found bytes that are not" };
  }
  if (!text.trim()) return null;
  try {
    return faithful(text, JSON.parse(text));
  } catch {
    return { fault: "expected JSON, found something else" }; // JSON's own words hold the text
  }
}

function faithful(text, lead) {
  const outline = text.replace(TEXTS, '""');
  const names = (some) => some.split(":").length;
  if (names(outline) !== names(JSON.stringify(lead).replace(TEXTS, '""'))) {
    return { fault: "expected each name once in an object, found one twice" };
  }
  if ((outline.match(NUMBERS) ?? []).some(isRounded)) {
    const words = `expected numbers of at most ${DIGITS_MAX} digits, found more: write it as text`;
    return { fault: words };
  }
  return { lead };
}

function isRounded(number) {
  const digits = number.replace(/[eE].*/, "").replace(/[-.]/g, "").replace(/^0+|0+$/g, "");
  return digits.length > DIGITS_MAX || (digits !== "" && Number(number) === 0);
}
