// RESP2, Redis's protocol, as far as a script's call needs it: commands to bytes, bytes to replies.

/** More is no reply to what is asked here. */
export const REPLY_MAX_BYTES = 65_536;

const CRLF = "\r\n";
const NUMBER = /^-?\d{1,15}$/;
const DEPTH_MAX = 4;

/** What Redis answered is an error; its text begins with a code, such as OOM. */
export class RefusedByRedis extends Error {}

/** What came is not Redis's protocol. */
export class NotRedis extends Error {}

/** Encode a command of texts and Buffers. */
export function encodeCommand(args) {
  const parts = [Buffer.from(`*${args.length}${CRLF}`)];
  for (const arg of args) {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(arg);
    parts.push(Buffer.from(`$${bytes.length}${CRLF}`), bytes, Buffer.from(CRLF));
  }
  return Buffer.concat(parts);
}

/** Puts replies together from bytes, however they come. */
export class ReplyReader {
  #held = Buffer.alloc(0);

  /**
   * Take bytes; gives each reply that is whole by now: a text, a number, null, an array of these,
   * or a RefusedByRedis as a value. Throws NotRedis.
   */
  *read(bytes) {
    this.#held = this.#held.length ? Buffer.concat([this.#held, bytes]) : bytes;
    while (this.#held.length) {
      const found = parse(this.#held, 0, 0);
      if (!found) break;
      this.#held = this.#held.subarray(found.end);
      yield found.value;
    }
    if (this.#held.length > REPLY_MAX_BYTES) throw new NotRedis();
  }
}

/** The reply that begins at a place, and where it ends; null where it is not all there. */
function parse(bytes, at, depth) {
  const kind = String.fromCharCode(bytes[at] ?? 0);
  if (bytes.length > at && !"+-:$*".includes(kind)) throw new NotRedis();
  const lineEnd = bytes.indexOf(CRLF, at);
  if (lineEnd < 0) return null;
  const line = bytes.toString("utf8", at + 1, lineEnd);
  const end = lineEnd + 2;
  if (kind === "+") return { value: line, end };
  if (kind === "-") return { value: new RefusedByRedis(line), end };
  if (!NUMBER.test(line)) throw new NotRedis();
  const number = Number(line);
  if (kind === ":") return { value: number, end };
  if (number > REPLY_MAX_BYTES) throw new NotRedis();
  if (number < 0) return { value: null, end };
  return kind === "$" ? bulk(bytes, end, number) : array(bytes, end, number, depth + 1);
}

function bulk(bytes, at, length) {
  if (bytes.length < at + length + 2) return null;
  return { value: bytes.toString("utf8", at, at + length), end: at + length + 2 };
}

function array(bytes, at, length, depth) {
  if (depth > DEPTH_MAX) throw new NotRedis();
  const value = [];
  let end = at;
  while (value.length < length) {
    const found = parse(bytes, end, depth);
    if (!found) return null;
    value.push(found.value);
    end = found.end;
  }
  return { value, end };
}
