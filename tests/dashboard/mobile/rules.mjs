/** Runs the phone's pure rules for the tests: one JSON document in, the answers out. */
import { readFileSync } from 'node:fs';

const [modules] = process.argv.slice(2);
const [order, outbox, search, exif] = await Promise.all(['m_order', 'm_outbox', 'm_search', 'm_exif'].map((name) => import(`${modules}/${name}.mjs`)));

/** A life of an outbox: things are put in, a server answers, is away or refuses, the app is killed and goes on. */
function live(steps) {
  let items = [], now = 1_000, sent = [];
  const put = (item) => { items = [...items.filter((other) => other.id !== item.id), item]; };
  for (const step of steps) {
    now += step.after;
    if (step.put) put(outbox.made({ id: step.put.id, kind: 'order', account: step.put.account, about: step.put.about, title: '', at: now, body: {}, photos: {} }));
    if (step.again !== undefined) items.filter((item) => item.state === 'refused').slice(0, step.again).forEach((item) => put(outbox.again(item)));
    if (step.hurry) items = items.map(outbox.hurried);
    if (step.killed) items = JSON.parse(JSON.stringify(items));
    for (const answer of step.answers ?? []) {
      const next = outbox.due(items, 'li', now)[0];
      if (!next) break;
      const after = outbox.after(next, answer, now);
      if (after.state === 'sent') sent.push({ id: next.id, about: next.about, at: next.at });
      put(after);
    }
  }
  return { items, sent, next: outbox.nextAt(items, 'li'), blocked: [...outbox.blocked(items)], due: outbox.due(items, 'li', now).map((item) => item.id), now };
}

const ways = {
  metres: ({ a, b }) => order.metresBetween(a, b),
  ordered: ({ tasks, by, here }) => order.ordered(tasks, by, here).map((task) => task.id),
  pressing: ({ due, now }) => order.pressing(due, now),
  worth: ({ last, fix }) => order.worthTelling(last, fix),
  search: ({ matters, asked }) => search.search(matters, asked).map(([key]) => key),
  exif: ({ hex }) => exif.readExif(Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer),
  live: ({ steps }) => live(steps),
};
const asked = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(asked.map(({ way, ...values }) => ways[way](values) ?? null)));
