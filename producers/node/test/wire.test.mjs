// One connection against servers that do as each test says: in pieces, in silence, or nonsense.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";

import { LeadProducer, QueueUnavailable } from "../lead-producer.mjs";
import { readRedisUrl } from "../redis-url.mjs";
import { REPLY_MAX_BYTES, ReplyReader, encodeCommand } from "../resp.mjs";
import { NoReply, RefusedByRedis, Wire } from "../wire.mjs";

const PASSWORD = "p4ss-w0rd";
const HANGS = { timeout: 30_000 }; // "this hangs", and no bound

/** A server whose connections each behave so; ended with the test. */
async function server(t, behave) {
  const sockets = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    behave(socket, sockets.length);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { url: `redis://127.0.0.1:${listener.address().port}`, sockets };
}

const saying = (text) => (socket) => socket.on("data", () => socket.write(text));
const silent = (socket) => socket.resume();

function wireTo(t, url, options) {
  const wire = new Wire(url, options);
  t.after(() => wire.close());
  return wire;
}

function read(text, size) {
  const [reader, found] = [new ReplyReader(), []];
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    found.push(...reader.read(bytes.subarray(at, at + size)));
  }
  return found;
}

test("a command is written as Redis reads it, to the byte", () => {
  const written = encodeCommand(["SET", "é", Buffer.from([0, 13, 10])]);
  assert.equal(written.toString("latin1"), "*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xa9\r\n$3\r\n\0\r\n\r\n");
});

for (const size of [1, 2, 7, 1000]) {
  test(`replies are put together from pieces of ${size} bytes`, () => {
    const text = "+OK\r\n:-7\r\n$-1\r\n*-1\r\n$0\r\n\r\n*3\r\n$2\r\nok\r\n:0\r\n$4\r\n\r\né\r\n*0\r\n";
    assert.deepEqual(read(text, size), ["OK", -7, null, null, "", ["ok", 0, "\r\né"], []]);
    const [refused] = read("-OOM command\r\n", size);
    assert.ok(refused instanceof RefusedByRedis);
    assert.equal(refused.message, "OOM command");
  });
}

const NONSENSE = [
  "HTTP/1.1 400 Bad Request\r\n\r\n", ":x\r\n", "*2000000000\r\n", "$2000000000\r\n", "\r\n", "\xff",
  "x".repeat(100_000), `+${"x".repeat(REPLY_MAX_BYTES)}`, "*1\r\n".repeat(9), "$\r\n", "%1\r\n",
];
for (const text of NONSENSE) {
  test(`${JSON.stringify(text).slice(0, 24)} of ${text.length} is not Redis`, HANGS, async (t) => {
    const { url } = await server(t, saying(text));
    const producer = new LeadProducer(wireTo(t, url).send, { where: "r:1" });
    await assert.rejects(producer.enqueue({}), (error) => {
      const words = "answered with what is not Redis's protocol (perhaps enqueued all the same)";
      assert.equal(error.message, `Redis at r:1 ${words}`);
      return error instanceof QueueUnavailable;
    });
  });
}

test("calls share a connection, and each gets its own reply", HANGS, async (t) => {
  const { url, sockets } = await server(t, (socket) => {
    let seen = "";
    socket.on("data", (bytes) => {
      seen += bytes;
      for (let found; (found = /ECHO\r\n\$\d+\r\n(\d+)\r\n/.exec(seen)); ) {
        seen = seen.slice(found.index + found[0].length);
        setImmediate(() => socket.write(`:${found[1]}\r\n`));
      }
    });
  });
  const wire = wireTo(t, url);
  const numbers = Array.from({ length: 500 }, (_, n) => n);
  assert.deepEqual(await Promise.all(numbers.map((n) => wire.send(["ECHO", String(n)]))), numbers);
  assert.equal(sockets.length, 1);
});

test("a connection that was lost is opened again, and its call is unsure", HANGS, async (t) => {
  const { url } = await server(t, (socket, number) =>
    socket.on("data", () => (number === 1 ? socket.destroy() : socket.write("+OK\r\n"))),
  );
  const wire = wireTo(t, url);
  await assert.rejects(wire.send(["PING"]), (error) => error instanceof NoReply && error.sent);
  assert.equal(await wire.send(["PING"]), "OK");
});

test("a connection that the server closed meanwhile is not used again", HANGS, async (t) => {
  const { url, sockets } = await server(t, saying("+OK\r\n"));
  const wire = wireTo(t, url);
  await wire.send(["PING"]);
  sockets[0].end();
  await once(sockets[0], "close");
  await new Promise(setImmediate);
  assert.equal(await wire.send(["PING"]), "OK");
  assert.equal(sockets.length, 2);
});

test("a connection that was idle for too long is not used again", HANGS, async (t) => {
  const { url, sockets } = await server(t, saying("+OK\r\n"));
  const wire = wireTo(t, url, { idleMs: 0 });
  await wire.send(["PING"]);
  await wire.send(["PING"]);
  assert.equal(sockets.length, 2);
});

test("the bound on opening a connection is none on its life", HANGS, async (t) => {
  const { url, sockets } = await server(t, saying("+OK\r\n"));
  const wire = wireTo(t, url, { timeoutMs: 500 });
  const ends = performance.now() + 700;
  while (performance.now() < ends) await wire.send(["PING"]);
  assert.equal(sockets.length, 1);
});

test("a primary that was demoted is left", HANGS, async (t) => {
  const { url, sockets } = await server(t, (socket, number) =>
    saying(number === 1 ? "-READONLY You can't write\r\n" : "*1\r\n$2\r\nok\r\n")(socket),
  );
  const receipt = await new LeadProducer(wireTo(t, url).send).enqueue({});
  assert.equal(receipt.duplicate, false);
  assert.equal(sockets.length, 2);
});

test("a server that hangs is given up, and another connection is tried next", HANGS, async (t) => {
  const { url, sockets } = await server(t, (socket, number) =>
    (number === 1 ? silent : saying("*1\r\n$2\r\nok\r\n"))(socket),
  );
  const { send } = wireTo(t, url);
  const hasty = new LeadProducer(send, { timeoutMs: 200 });
  await assert.rejects(hasty.enqueue({}), /did not answer within 0.2 s \(perhaps enqueued/);
  await new LeadProducer(send).enqueue({});
  assert.equal(sockets.length, 2);
});

test("a call that is given up takes no other with it whose turn comes first", HANGS, async (t) => {
  const { url, sockets } = await server(t, silent);
  const wire = wireTo(t, url);
  const signal = new AbortController();
  const first = wire.send(["PING"]);
  const second = wire.send(["PING"], signal.signal);
  while (!sockets.length) await new Promise(setImmediate);
  await once(sockets[0], "data");
  signal.abort();
  await assert.rejects(second, NoReply);
  sockets[0].write(":1\r\n:2\r\n");
  assert.equal(await first, 1);
  sockets[0].removeAllListeners("data").on("data", () => sockets[0].write(":3\r\n"));
  assert.equal(await wire.send(["PING"]), 3);
});

for (const [name, behave] of [["silent", silent], ["dripping", (socket) => {
  const drip = setInterval(() => socket.write("x"), 5);
  socket.write("+");
  socket.on("close", () => clearInterval(drip));
}]]) {
  test(`a ${name} server that wants a password has enqueued nothing`, HANGS, async (t) => {
    const { url } = await server(t, behave);
    const wire = wireTo(t, url.replace("//", `//:${PASSWORD}@`), { timeoutMs: 100 });
    const producer = new LeadProducer(wire.send, { timeoutMs: 25_000 });
    await assert.rejects(producer.enqueue({}), (error) => {
      assert.ok(!error.message.includes(PASSWORD));
      return /did not accept a connection within 0.1 s \(not enqueued\)$/.test(error.message);
    });
  });
}

test("a port where nobody listens is said at once", HANGS, async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  const wire = new Wire(`redis://:${PASSWORD}@127.0.0.1:${port}/0`);
  const producer = new LeadProducer(wire.send, { where: wire.where, timeoutMs: 60_000 });
  const message = `Redis at 127.0.0.1:${port} cannot be reached: ECONNREFUSED (not enqueued)`;
  await assert.rejects(producer.enqueue({}), { message });
});

test("an address says where, who and which database", () => {
  const tcp = readRedisUrl("redis://shop:p%2Fw%40@[::1]:7000/3");
  assert.deepEqual([tcp.connect.host, tcp.connect.port], ["::1", 7000]);
  assert.deepEqual(tcp.greeting, [["AUTH", "shop", "p/w@"], ["SELECT", "3"]]);
  assert.equal(tcp.where, "[::1]:7000");
  const plain = readRedisUrl("redis://localhost");
  assert.deepEqual([plain.greeting, plain.where, plain.isTls], [[], "localhost:6379", false]);
  assert.deepEqual(readRedisUrl("redis://:s%C3%B3@h/0").greeting, [["AUTH", "só"]]);
  const unix = readRedisUrl("unix:///tmp/a%20b.sock?db=2&password=x");
  assert.deepEqual(unix.connect, { path: "/tmp/a b.sock" });
  assert.deepEqual(unix.greeting, [["AUTH", "x"], ["SELECT", "2"]]);
  assert.deepEqual(readRedisUrl("rediss://r.example").connect.servername, "r.example");
  assert.deepEqual(readRedisUrl("rediss://127.0.0.1").connect.servername, undefined);
});

const NO_ADDRESSES = [
  "", "localhost:6379", "http://localhost", "redis:localhost", `redis://:${PASSWORD}/x@localhost/0`,
  `redis://shop:1234/${PASSWORD}@localhost`, `redis://shop:1234#${PASSWORD}@localhost`,
  `redis://:${PASSWORD}#x@localhost:6379/0`, `redis://:${PASSWORD}?x@localhost:6379/0`,
  `redis://:${PASSWORD}@localhost:${PASSWORD}/0`, `redis://localhost:6379/0?passwort=${PASSWORD}`,
  `redis://:${PASSWORD}@localhost:6379/x`, `redis://:%E0%A4%A@localhost/0`, "unix://", undefined, 7,
  `rediss://:${PASSWORD}@localhost/0?ssl_ca_certs=/nowhere/${PASSWORD}`,
];
for (const url of NO_ADDRESSES) {
  test(`${String(url).replaceAll(PASSWORD, "...")} is no address, and is not repeated`, () => {
    assert.throws(() => new Wire(url), (error) => {
      assert.match(error.message, /expected/);
      assert.ok(!`${error.stack}${error.input}${error.cause}`.includes(PASSWORD));
      return error.constructor === TypeError;
    });
  });
}
