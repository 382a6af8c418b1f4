/* Reads cases as JSON from standard input and answers with what the builder's pure modules make of them. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , modules] = process.argv;
const rules = await import(pathToFileURL(`${modules}/forms_rules.mjs`));
const model = await import(pathToFileURL(`${modules}/forms_model.mjs`));
const tongues = await import(pathToFileURL(`${modules}/forms_languages.mjs`));
const bare = (form) => JSON.parse(JSON.stringify(form, (name, value) => (name === 'key' ? undefined : value)));

function walkAbout(form, steps) {
  let now = model.withKeys(form);
  const history = new model.History(now);
  for (const [what, at, to] of steps) {
    const all = [...model.walk(now.children)];
    const one = all[at % Math.max(1, all.length)];
    if (!one) continue;
    const into = all[to % all.length];
    if (what === 'up' || what === 'down') now = model.nudge(now, one.node.key, what === 'up' ? -1 : 1);
    else if (what === 'move') now = model.move(now, one.node.key, into.node.children ? into.node.key : into.parent, into.index);
    else if (what === 'copy') now = model.insert(now, model.copyOf(now, one.node), one.parent, one.index + 1);
    else if (what === 'rename') now = model.rename(now, one.node.key, model.freeName(now, `n${to}`));
    history.set(now);
  }
  const names = [...model.walk(now.children)].map(({ node }) => node.name).toSorted();
  while (history.undo()) void 0;
  return { names, undone: bare(history.now), now: bare(now) };
}

const answers = {
  written: (condition) => ({ text: rules.write(condition), again: rules.parse(rules.write(condition)) }),
  parsed: (text) => rules.parse(text),
  kept: (form) => bare(model.withKeys(form)),
  spoken: ({ form, steps }) => steps.reduce((now, [what, ...names]) => tongues[what](now, ...names), form),
  howFar: ({ form, name }) => tongues.written(form, name),
  walked: ({ form, steps }) => walkAbout(form, steps),
};
const cases = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(cases.map(([what, value]) => answers[what](value))));
