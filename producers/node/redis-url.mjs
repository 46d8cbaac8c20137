// Where Redis is and who we are there, from redis://, rediss:// (TLS) or unix://.
//
// No error of its holds a piece of the address, for the password's sake.

import { readFileSync } from "node:fs";
import { isIP } from "node:net";

const SCHEMES = ["redis:", "rediss:", "unix:"];
const OPTIONS = ["db", "username", "password", "ssl_ca_certs"];
const NO_ADDRESS =
  "expected Redis's URL to begin with redis://, rediss:// or unix://," +
  " and characters such as / # @ in its password to be written as %2F %23 %40";

/**
 * Read an address. Gives `connect`, options of net.connect or tls.connect; `isTls`; `greeting`, the
 * commands that are said first; `where`, the server's name for messages. Throws TypeError.
 */
export function readRedisUrl(url) {
  const parts = split(url);
  const option = options(parts.searchParams);
  const isTls = parts.protocol === "rediss:";
  const path = decodeURIComponent(parts.pathname);
  const host = decodeURIComponent(parts.hostname).replace(/^\[|\]$/g, "") || "localhost";
  const port = Number(parts.port || 6379);
  // Where a name has addresses of both kinds, Node 18 would try the first one alone.
  const connect = parts.protocol === "unix:" ? { path } : { host, port, autoSelectFamily: true };
  if (isTls) Object.assign(connect, tls(host, option.ssl_ca_certs));
  const user = option.username ?? decodeURIComponent(parts.username);
  const password = option.password ?? decodeURIComponent(parts.password);
  const db = database(option.db ?? (connect.path ? "" : path.slice(1)));
  return { connect, isTls, greeting: greeting(user, password, db), where: where(connect) };
}

function split(url) {
  try {
    const parts = new URL(url);
    // An unescaped "/" or "#" in a password would make a host of its first half.
    const rest = parts.pathname + parts.search + parts.hash;
    const isWhole = parts.protocol === "unix:" ? parts.pathname.length > 1 : !rest.includes("@");
    if (SCHEMES.includes(parts.protocol) && isWhole && url.includes("://")) {
      for (const part of [parts.pathname, parts.hostname, parts.username, parts.password]) {
        decodeURIComponent(part);
      }
      return parts;
    }
  } catch {
    // Node's error carries the address.
  }
  throw new TypeError(NO_ADDRESS);
}

function options(given) {
  if ([...given.keys()].some((name) => !OPTIONS.includes(name))) {
    throw new TypeError(`expected only ${OPTIONS.join(", ")} as options in Redis's URL`);
  }
  return Object.fromEntries(given);
}

function tls(host, authorities) {
  const name = isIP(host) ? {} : { servername: host };
  if (!authorities) return name;
  try {
    return { ...name, ca: readFileSync(authorities) };
  } catch {
    throw new TypeError("ssl_ca_certs: expected a file of certificates that can be read");
  }
}

function database(text) {
  if (/^\d{0,6}$/.test(text)) return Number(text);
  throw new TypeError("expected a number for the database in Redis's URL");
}

function greeting(user, password, db) {
  const said = [];
  if (user) said.push(["AUTH", user, password]);
  else if (password) said.push(["AUTH", password]);
  if (db) said.push(["SELECT", String(db)]);
  return said;
}

function where({ path, host, port }) {
  return path ?? `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
