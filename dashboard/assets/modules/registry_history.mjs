/* What happened to a record, and who has read it: two lists in order of time, the newest first. */

import { button, h, icon } from './forms_dom.mjs';
import { stateOf } from './states.mjs';

const ICONS = { claimed: 'plus', withdrawn: 'undo-2', erased: 'trash-2', merged: 'copy', split: 'repeat', related: 'users' };
const READERS = { account: 'user', department: 'building-2', resident: 'smartphone', system: 'settings' };

/* Lines of one moment and one cause are one line: an import says ten fields at once. */
function together(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = [Math.floor(row.at), row.what, row.label, row.by].join('\n');
    const found = groups.get(key);
    if (found) found.fields.push(row.field);
    else groups.set(key, { ...row, fields: [row.field] });
  }
  return [...groups.values()];
}

/**
 * @param {import('./page.mjs').Page} page @param {{ history: object[], merges: object[] }} said
 * @param {((merge: number) => void)|null} undo takes a merge back; null where that is not this account's
 */
export function history(page, { history: rows, merges }, undo) {
  if (!rows.length) return stateOf('empty', { text: page.say('history_none'), icon: 'history' });
  return h('ol', { class: 'record-lines' }, together(rows).map(({ what, fields, source, label, by, at, number }) => {
    const named = fields.filter(Boolean).map((field) => (what === 'related' ? page.say(`relation.${field}.out`) : field)).join(page.say('between'));
    const merge = what === 'merged' ? merges.find(({ id }) => id === number) : null;
    return h('li', { class: `is-${what}` }, icon(ICONS[what]), h('b', { text: page.say(`what.${what}`, { fields: named, code: label }) }), h('span', { text: [source ? page.say(`source.${source}`) : null, what === 'merged' || what === 'split' ? null : label, by].filter(Boolean).join(' · ') }), h('time', { text: page.moment(at) }), merge?.evidence.length ? h('small', { text: because(page, merge) }) : null, merge && !merge.undone_at && undo ? button(page.say('merge.undo'), 'undo-2', () => undo(number), { name: 'merge-undo' }) : null);
  }));
}

/* What spoke for a merge, and against it, strongest first, with its weight (log2 of odds). */
function because(page, { evidence }) {
  const signed = new Intl.NumberFormat(page.language, { signDisplay: 'exceptZero', maximumFractionDigits: 1 });
  return evidence.map((one) => `${one[page.language]} ${signed.format(one.weight)}`).join(page.say('between'));
}

export function reads(page, rows) {
  if (!rows.length) return stateOf('empty', { text: page.say('reads_none'), icon: 'eye' });
  return h('ol', { class: 'record-lines' }, rows.map(({ reader, name, purpose, fields, at }) => h('li', {}, icon(READERS[reader]), h('b', { text: name }), h('span', { text: [page.say(`reader.${reader}`), purpose === 'look' ? page.say('looked') : purpose === 'review' ? page.say('reviewed') : purpose].join(' · ') }), h('time', { text: page.moment(at) }), fields.length ? h('small', { text: page.say('read_fields', { fields: fields.join(page.say('between')) }) }) : null)));
}
