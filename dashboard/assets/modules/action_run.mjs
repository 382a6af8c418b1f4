/* Carrying an action out on one or many cases: a few at once, each with its own outcome, and the way back. */

import { give, Refusal } from './office.mjs';

const AT_ONCE = 4;

/**
 * @typedef {{ one: object, ok: boolean, said: string, after?: { seq: number, state: string } }} Outcome
 * @param {object} page
 * @param {object} action
 * @param {object[]} cases
 * @param {(one: object) => object|null} saidFor
 * @param {(outcome: Outcome, done: number) => void} tell after each case
 * @returns {Promise<Outcome[]>} in the order of the cases
 */
export async function carryOut(page, action, cases, saidFor, tell) {
  const outcomes = new Array(cases.length);
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < cases.length) {
      const at = next++;
      outcomes[at] = await command(page, action, cases[at], saidFor(cases[at]));
      tell(outcomes[at], (done += 1));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, cases.length) }, worker));
  return outcomes;
}

async function command(page, action, one, said) {
  if (said === null) return { one, ok: false, said: page.say('act.no_proposal') };
  try {
    const body = { action: action.code, actor: one.actions[action.code], seq: one.seq, ...said };
    const after = await give(page, `/api/cases/${one.id}/commands`, body);
    return { one, ok: true, said: action.past, after };
  } catch (error) {
    return { one, ok: false, said: error.message, refused: error instanceof Refusal };
  }
}
