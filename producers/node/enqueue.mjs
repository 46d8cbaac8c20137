// node enqueue.mjs FILE.jsonl: enqueues the leads in a file, and prints each one's receipt.
//
// Where Redis is comes from the environment and never from the arguments, which others on this
// machine can read. The same file enqueued again, by this or by `leads enqueue`, is enqueued once.

import { LeadProducer } from "./lead-producer.mjs";
import { fileDigest, readJsonLines } from "./json-lines.mjs";
import { Wire } from "./wire.mjs";

const USAGE = `usage: node enqueue.mjs FILE.jsonl
  LEADS_REDIS_URL  redis://, rediss:// or unix://; redis://127.0.0.1:6379/0 where it is not set
  LEADS_NAMESPACE  which queue; leads where it is not set`;
const TIMEOUT_MS = 10_000; // on a chunk: a bulk can wait where a web request cannot

async function main([path, ...more]) {
  if (!path || path.startsWith("-") || more.length) return fail(USAGE, 2);
  const wire = new Wire(process.env.LEADS_REDIS_URL || "redis://127.0.0.1:6379/0");
  const namespace = process.env.LEADS_NAMESPACE || "leads";
  const options = { namespace, timeoutMs: TIMEOUT_MS, where: wire.where };
  try {
    const refused = await enqueueFile(new LeadProducer(wire.send, options), path);
    if (refused) process.exitCode = 1;
  } finally {
    wire.close();
  }
}

async function enqueueFile(producer, path) {
  const digest = await fileDigest(path);
  const places = new Map(); // of the leads that are on their way
  let refused = 0;
  const refuse = ({ line }, words) => {
    refused += 1;
    console.error(`line ${line}: ${words}`);
  };

  async function* leads() {
    let index = 0;
    for await (const { lead, fault, ...place } of readJsonLines(path)) {
      if (fault) {
        refuse(place, fault);
      } else {
        places.set(index, place);
        index += 1;
        yield lead;
      }
    }
  }

  const { accepted, duplicates } = await producer.enqueueMany(leads(), {
    key: (index) => `file:${digest}:${places.get(index).record}`,
    onReceipt: (index, receipt) => {
      console.log(JSON.stringify({ line: places.get(index).line, ...receipt }));
      places.delete(index);
    },
    onRefused: (index, error) => {
      refuse(places.get(index), error.message);
      places.delete(index);
    },
  });
  console.error(`${accepted} accepted, ${duplicates} duplicates, ${refused} refused`);
  return refused;
}

function fail(words, code) {
  console.error(words);
  process.exitCode = code;
}

main(process.argv.slice(2)).catch((error) => fail(`enqueue: ${error.message}`, 1));
