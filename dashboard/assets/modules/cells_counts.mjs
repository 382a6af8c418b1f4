/* Counts of recipients as the server sends them (`forms.coverage.FIELDS`): five outcomes of recipients whose number is known, the same
   five of doors behind which nobody knows how many live, all answers. */

export const OUTCOMES = ['answered', 'refused', 'not_reachable', 'vacant', 'unknown'];

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** Recipients of a known number: the denominator. */
export const recipientsOf = (counts) => sum(counts.slice(0, 5));
export const doorsOf = (counts) => sum(counts.slice(5, 10));
/** Whom somebody still has to see: not reached, or nobody was there yet. */
export const leftOf = (counts) => counts[2] + counts[4] + counts[7] + counts[9];

/** Answered of all whose number is known, in words; never a share of an unknown number. */
export function shareOf(page, counts) {
  const recipients = recipientsOf(counts);
  if (recipients) return `${floored(counts[0], recipients)}%`;
  return counts[10] ? page.say('answers', { n: page.number.format(counts[10]) }) : page.say('no_answer');
}

/* 99.6 % is not all of them, and one of a thousand is not nobody. */
function floored(part, whole) {
  const percent = (100 * part) / whole;
  return part && percent < 1 ? '<1' : String(Math.floor(percent));
}
