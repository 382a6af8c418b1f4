/** After an answer is filed: where its form demands it, who sent it says who they are. */
import { keep } from '../../assets/modules/answers.mjs';
import { identify } from '../../assets/modules/identity.mjs';
import { paper } from '../../assets/modules/mailbox.mjs';

/** @param {HTMLElement} box the receipt @param {import('../../assets/modules/answers.mjs').Answer} answer */
export async function askIdentity(box, answer) {
  const known = await paper('identity').catch(() => null), ways = known?.forms[answer.link.paper] ?? [];
  if (!ways.length || box.querySelector('.identity') || box.dataset.state !== answer.state) return;
  identify(box, { about: { of: answer.code }, ways, paper: known, kept: answer.identity, keep: (identity) => keep({ ...answer, identity }) });
}
