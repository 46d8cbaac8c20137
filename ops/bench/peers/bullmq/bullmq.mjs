// BullMQ: a worker that posts each lead with fetch, and a queue that leads are added to.
//
//   node bullmq.mjs work                           until SIGTERM, BENCH_IN_FLIGHT at a time
//   node bullmq.mjs single|bulk NUMBER             enqueues, and prints seconds
//   node bullmq.mjs pace NUMBER PER_SECOND         each at its time, with the instant in it

import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";

const CHUNK = 1000;
const NAME = "leads";
const URL_OF_LEADS = `${process.env.BENCH_API}/leads`;
const HEADERS = { Authorization: "Bearer token", "Content-Type": "application/json" };
const RETRIES = { attempts: 20, backoff: { type: "exponential", delay: 1000 } };
const at = new URL(process.env.BENCH_REDIS);
const connection = { host: at.hostname, port: Number(at.port) };

// The same leads as ops/bench/leads.py.
function leadOf(number) {
  return {
    name: "Maria da Silva",
    email: `maria${String(number).padStart(6, "0")}@example.com`,
    phone: `(11) 98765-${String(number % 10_000).padStart(4, "0")}`,
    company: "Padaria Boa Vista",
    site: "https://example.com",
    custom: { cargo: "gerente", loja: "centro" },
    utm: { source: "google", medium: "cpc", campaign: "outono" },
  };
}

function stamped(number) {
  const lead = leadOf(number);
  const ns = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
  lead.custom.enqueued_ns = String(ns);
  return lead;
}

async function deliver(job) {
  const body = JSON.stringify(job.data);
  const signal = AbortSignal.timeout(10_000);
  const answer = await fetch(URL_OF_LEADS, { method: "POST", headers: HEADERS, body, signal });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  await answer.json();
}

function work() {
  const concurrency = Number(process.env.BENCH_IN_FLIGHT);
  const worker = new Worker(NAME, deliver, { connection, concurrency });
  worker.on("error", (error) => console.error(error.message));
  process.on("SIGTERM", async () => {
    await worker.close();
    process.exit(0);
  });
}

async function produce(queue, how, number, perSecond) {
  const began = performance.now();
  if (how === "single") {
    for (let each = 0; each < number; each += 1) await queue.add("deliver", leadOf(each));
  } else if (how === "bulk") {
    for (let first = 0; first < number; first += CHUNK) {
      const jobs = [];
      for (let each = first; each < Math.min(first + CHUNK, number); each += 1) {
        jobs.push({ name: "deliver", data: leadOf(each), opts: RETRIES });
      }
      await queue.addBulk(jobs);
    }
  } else {
    for (let each = 0; each < number; each += 1) {
      await sleep(Math.max(0, began + (each * 1000) / perSecond - performance.now()));
      await queue.add("deliver", stamped(each));
    }
  }
  return (performance.now() - began) / 1000;
}

const [how, number, perSecond] = process.argv.slice(2);
if (how === "work") {
  work();
} else {
  const queue = new Queue(NAME, { connection, defaultJobOptions: RETRIES });
  console.log(await produce(queue, how, Number(number), Number(perSecond)));
  await queue.close();
}
