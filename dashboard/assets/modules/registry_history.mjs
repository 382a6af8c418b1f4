/* What happened to a record, and who has read it: two lists in order of time, the newest first. */

import { h, icon } from './forms_dom.mjs';
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

export function history(page, rows) {
  if (!rows.length) return stateOf('empty', { text: page.say('history_none'), icon: 'history' });
  return h('ol', { class: 'record-lines' }, together(rows).map(({ what, fields, source, label, by, at }) => {
    const named = fields.filter(Boolean).map((field) => (what === 'related' ? page.say(`relation.${field}.out`) : field)).join(page.say('between'));
    return h('li', { class: `is-${what}` }, icon(ICONS[what]), h('b', { text: page.say(`what.${what}`, { fields: named, code: label }) }), h('span', { text: [source ? page.say(`source.${source}`) : null, what === 'merged' || what === 'split' ? null : label, by].filter(Boolean).join(' · ') }), h('time', { text: page.moment(at) }));
  }));
}

export function reads(page, rows) {
  if (!rows.length) return stateOf('empty', { text: page.say('reads_none'), icon: 'eye' });
  return h('ol', { class: 'record-lines' }, rows.map(({ reader, name, purpose, fields, at }) => h('li', {}, icon(READERS[reader]), h('b', { text: name }), h('span', { text: [page.say(`reader.${reader}`), purpose === 'look' ? page.say('looked') : purpose === 'review' ? page.say('reviewed') : purpose].join(' · ') }), h('time', { text: page.moment(at) }), fields.length ? h('small', { text: page.say('read_fields', { fields: fields.join(page.say('between')) }) }) : null)));
}
