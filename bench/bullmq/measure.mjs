// Measures BullMQ as bench-queue measures our queue: the same figures, printed in the same form.
//
//     node measure.mjs rounds JOBS SINGLES SLOTS
//                                          jobs a second of a backlog, then the times from add to start
//     node measure.mjs redelivery            from the kill of a worker until another one starts on its job
//     node measure.mjs holder                a worker that takes one job and holds it until it is killed
//
// Redis is named by REDIS_PORT, on 127.0.0.1. Everything that can be set is left as it is, but for the concurrency.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Queue, Worker } from "bullmq";

const REDELIVERY_LIMIT_MS = 90_000;

function connection() {
    return { host: "127.0.0.1", port: Number(process.env.REDIS_PORT) };
}

function say(name, figure) {
    console.log(`${name} ${figure.toFixed(3)}`);
}

async function start(name, perform, concurrency = 1) {
    const worker = new Worker(name, perform, {
        connection: connection(),
        concurrency,
        autorun: false,
    });
    await worker.waitUntilReady();
    return worker;
}

async function drain(jobs, slots) {
    const queue = new Queue("drain", { connection: connection() });
    for (let added = 0; added < jobs; added += 1000) {
        const length = Math.min(1000, jobs - added);
        await queue.addBulk(Array.from({ length }, (_, number) => ({ name: "no-op", data: { number } })));
    }
    const worker = await start("drain", async () => {}, slots);
    let left = jobs;
    const finished = new Promise((resolve) => {
        worker.on("completed", () => --left === 0 && resolve());
    });
    const began = performance.now();
    void worker.run();
    await finished;
    say("bullmq.drain", (jobs * 1000) / (performance.now() - began));
    await worker.close();
    await queue.close();
}

async function latency(singles, slots) {
    const queue = new Queue("single", { connection: connection() });
    let started;
    const worker = await start("single", async () => started(performance.now()), slots);
    void worker.run();
    const times = [];
    for (let number = 0; number < singles; number += 1) {
        await sleep(10);
        const heard = new Promise((resolve) => (started = resolve));
        const began = performance.now();
        await queue.add("no-op", { number });
        times.push((await heard) - began);
    }
    times.sort((one, other) => one - other);
    const rank = (percent) => times[Math.max(1, Math.ceil((times.length * percent) / 100)) - 1];
    say("bullmq.p50", rank(50));
    say("bullmq.p99", rank(99));
    await worker.close();
    await queue.close();
}

async function redelivery() {
    const queue = new Queue("held", { connection: connection() });
    const holder = spawn(process.execPath, [fileURLToPath(import.meta.url), "holder"], {
        stdio: ["pipe", "pipe", "inherit"],
    });
    await queue.add("no-op", {});
    await once(holder.stdout, "data");
    let started;
    const heard = new Promise((resolve) => (started = resolve));
    const worker = await start("held", async () => started(performance.now()));
    void worker.run();
    await sleep(500);
    const killed = performance.now();
    holder.kill("SIGKILL");
    const at = await Promise.race([heard, sleep(REDELIVERY_LIMIT_MS)]);
    if (at === undefined) {
        throw new Error(`not taken up within ${REDELIVERY_LIMIT_MS} ms`);
    }
    say("bullmq.redelivery", at - killed);
    await worker.close();
    await queue.close();
}

async function hold() {
    const worker = await start("held", async () => {
        console.log("holding");
        await new Promise(() => {});
    });
    void worker.run();
    // The parent holds the other end: nothing of this is left when it dies.
    process.stdin.resume();
    process.stdin.on("end", () => process.exit(1));
}

const [what, ...counts] = process.argv.slice(2);
switch (what) {
    case "rounds":
        await drain(Number(counts[0]), Number(counts[2]));
        await latency(Number(counts[1]), Number(counts[2]));
        break;
    case "redelivery":
        await redelivery();
        process.exit(0);
        break;
    case "holder":
        await hold();
        break;
    default:
        throw new Error(`unknown measurement ${what}`);
}
