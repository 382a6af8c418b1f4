/** A resident's own record as elements: every value with where it comes from, who is related, who looked. It decides nothing. */
import { lang, make, moment, say } from './page.mjs';

const READERS_FIRST = 8;
const day = (seconds) => new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { dateStyle: 'medium' }).format(new Date(seconds * 1000));
const button = (key, onclick, kind = '') => make('button', { type: 'button', class: kind, onclick }, say(key));
const listed = (words) => words.join(lang === 'zh' ? '、' : ', ');
const joined = (...parts) => parts.filter(Boolean).join(' · ');

/**
 * @param {object} packet
 * @param {{correct: (field: string, value: any) => void, withdraw: (consent: string) => void, again: () => void, leave: () => void}} acts
 * @returns {HTMLElement[]}
 */
export function record(packet, acts) {
  const until = make('p', { class: 'soft' }, say('mine.until', { at: moment(packet.until) }));
  const bottom = make('section', { class: 'ends' }, make('div', { class: 'ways two' }, button('mine.again', acts.again), button('mine.leave', acts.leave, 'main')), until);
  if (!packet.known) return [make('section', {}, make('h2', {}, say('mine.nothing')), make('p', {}, say('mine.nothing.more'))), bottom];
  return [
    make('section', { id: 'fields' }, make('h2', {}, say('mine.fields', { n: packet.fields.filter((one) => one.value).length })), make('p', { class: 'soft' }, say('mine.fields.more')), make('ul', { class: 'plain facts' }, ...packet.fields.map((field) => fact(field, packet, acts)))),
    make('section', { id: 'relations' }, make('h2', {}, say('mine.relations')), packet.relations.length ? make('ul', { class: 'plain lines' }, ...packet.relations.map(relation)) : make('p', { class: 'soft' }, say('mine.relations.none'))),
    ...(packet.faces.length ? [faces(packet.faces, acts)] : []),
    readers(packet.readers),
    bottom,
  ];
}

function fact(field, packet, acts) {
  const [standing] = field.claims, held = Boolean(field.value), place = make('div', { class: 'doing' });
  const line = held ? joined(origin(standing), day(field.at), standing.proof[lang]) : say('mine.taken_back');
  const fresh = !held ? null : field.stale ? make('p', { class: 'late' }, say('mine.stale')) : make('p', { class: 'soft' }, field.fresh_until ? say('mine.fresh', { day: day(Date.parse(field.fresh_until) / 1000) }) : say('mine.fresh.always'));
  const change = held && field.correct ? button('mine.correct', () => place.replaceChildren(editor(field, acts, () => place.replaceChildren(change)))) : null;
  if (change) { change.setAttribute('aria-label', say('mine.correct.of', { field: field.label[lang] })); place.append(change); }
  return make('li', { class: 'fact', 'data-field': field.name },
    make('h3', {}, field.label[lang]), make('p', { class: 'value' }, held ? field.value[lang] : say('mine.none')), make('p', { class: 'soft' }, line), fresh,
    make('details', {}, make('summary', {}, say('mine.claims', { n: field.claims.length })), make('p', {}, field.why[lang]), make('ul', { class: 'plain lines' }, ...field.claims.map((claim) => claimed(claim, field, packet, acts)))),
    place);
}

const origin = ({ source }) => say(source.label ? 'mine.from' : 'mine.from.plain', { kind: source[lang], name: source.label });

function claimed(claim, field, packet, acts) {
  const place = make('div', {}), parts = [joined(origin(claim), day(claim.at), claim.proof[lang]), say(`mine.reason.${claim.reason ?? 'stands'}`)];
  if (claim.consent) {
    const others = [...new Set(packet.fields.filter((one) => one.claims.some(({ consent }) => consent === claim.consent)).map((one) => one.label[lang]))];
    const ask = button('mine.withdraw', () => place.replaceChildren(
      make('p', { role: 'alert' }, say('mine.withdraw.sure', { fields: listed(others) })),
      make('div', { class: 'ways two' }, button('mine.withdraw.do', () => acts.withdraw(claim.consent), 'main'), button('mine.cancel', () => place.replaceChildren(ask))),
    ));
    ask.setAttribute('aria-label', say('mine.withdraw.of', { field: field.label[lang] }));
    place.append(ask);
  } else if (!['withdrawn', 'erased'].includes(claim.reason)) place.append(make('p', { class: 'soft' }, say('mine.by_law')));
  return make('li', { 'data-consent': claim.consent ?? false }, make('strong', {}, claim.value ? claim.value[lang] : say('mine.erased')), make('p', { class: 'soft' }, parts.join(' · ')), place);
}

/** The field anew, by its type. */
function editor(field, acts, cancel) {
  const id = `new-${field.name}`, several = field.type === 'choices', [input, value] = several ? boxes(field) : one(field, id);
  const told = make('p', { class: 'trouble-text', role: 'alert' });
  const form = make('form', { class: 'editor' },
    several ? make('p', { id }, make('strong', {}, say('mine.new'))) : make('label', { for: id }, say('mine.new')), input,
    field.unproved ? make('p', { class: 'soft' }, say('mine.unproved')) : null, told,
    make('div', { class: 'ways two' }, make('button', { type: 'submit', class: 'main' }, say('mine.send')), button('mine.cancel', cancel)));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const now = value();
    if (!now.length) { told.textContent = say('mine.empty'); return; }
    acts.correct(field.name, now);
  });
  queueMicrotask(() => (several ? input.querySelector('input') : input).focus());
  return form;
}

function one(field, id) {
  if (field.type !== 'choice') {
    const input = make('input', { id, maxlength: '2000', value: field.raw, inputmode: { phone: 'tel', integer: 'numeric', decimal: 'decimal' }[field.type] ?? false, placeholder: field.type === 'date' ? '1950-01-31' : false });
    return [input, () => input.value.trim()];
  }
  const select = make('select', { id }, ...field.choices.map(([value, zh, en]) => make('option', { value, selected: value === field.raw }, lang === 'zh' ? zh : en)));
  return [select, () => select.value];
}

function boxes(field) {
  const group = make('div', { role: 'group', 'aria-labelledby': `new-${field.name}` }, ...field.choices.map(([value, zh, en]) => make('label', { class: 'tick' }, make('input', { type: 'checkbox', value, checked: field.raw.includes(value) }), lang === 'zh' ? zh : en)));
  return [group, () => [...group.querySelectorAll('input:checked')].map((box) => box.value)];
}

function relation(row) {
  const when = row.until ? say('mine.rel.until', { day: row.until }) : row.since ? say('mine.rel.since', { day: row.since }) : '';
  return make('li', {}, make('strong', {}, say(`mine.rel.${row.kind}.${row.direction}`)), ` ${row.label ?? say(`mine.kind.${row.other}`)}`, make('p', { class: 'soft' }, joined(say(`mine.kind.${row.other}`), row.source, when)));
}

function faces(kept, acts) {
  const lines = kept.map(({ source, since, until }) => make('li', {}, make('strong', {}, say(`mine.face.${source}`)), make('p', { class: 'soft' }, say('mine.face.until', { since: day(since), until: day(until) }))));
  return make('section', { id: 'faces' }, make('h2', {}, say('mine.face')), make('ul', { class: 'plain lines' }, ...lines), button('identity.withdraw', () => acts.withdraw('face')));
}

function readers(rows) {
  const lines = rows.map((row) => make('li', {}, make('strong', {}, who(row)), make('p', {}, row.purpose[lang]), make('p', { class: 'soft' }, joined(moment(row.at), listed(row.fields.map((field) => field[lang]))))));
  const list = make('ul', { class: 'plain lines' }, ...lines.slice(0, READERS_FIRST)), rest = lines.slice(READERS_FIRST);
  const more = rest.length ? make('button', { type: 'button', onclick: () => { more.remove(); list.append(...rest); } }, say('mine.readers.more', { n: rest.length })) : null;
  return make('section', { id: 'readers' }, make('h2', {}, say('mine.readers')), make('p', { class: 'soft' }, say('mine.readers.what')), rows.length ? list : make('p', { class: 'soft' }, say('mine.readers.none')), more);
}

function who({ reader, office, role }) {
  if (reader !== 'account') return office ? office[lang] : say(`mine.reader.${reader}`);
  return joined(office?.[lang], role ? say(`mine.role.${role}`) : say('mine.reader.account'));
}
