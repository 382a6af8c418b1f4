/* Identity: a worker's confirmation in person; for who looks after it, purposes, threshold, counter, assessment and records. */

import { h } from './forms_dom.mjs';
import { give } from './office.mjs';
import { slot, setText } from './page.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';

const PLOTLY = '/_dash-component-suites/plotly/package_data/plotly.min.js';
const ASKED = ['name', 'legal_basis', 'necessity', 'owner', 'contact', 'kept_days', 'until', 'notice_zh', 'notice_en'];
const LONG = new Set(['necessity', 'notice_zh', 'notice_en']);

export async function start(config) {
  await new Identity(config).load();
}

class Identity extends Sheet {
  address() { return `/api/identity?lang=${this.page.language}`; }

  async draw(said) {
    const { page } = this;
    this.when = new Intl.DateTimeFormat(page.language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: said.timezone, dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
    slot('confirm').replaceChildren(...(said.may.confirm ? [this.confirm()] : []));
    if (!said.purposes) return;
    setText(slot('total'), page.say('stored', { n: page.number.format(said.filing.stored) }));
    slot('figures').replaceChildren(this.figures(said));
    slot('purposes').replaceChildren(this.purposes(said));
    slot('assessment').replaceChildren(this.assessment(said));
    slot('records').replaceChildren(this.records(said.records));
    slot('deletions').replaceChildren(this.deletions(said.deletions));
    await this.curve(said.calibration);
  }

  confirm() {
    const { page } = this, told = h('p', { class: 'act-told', role: 'status' });
    const code = h('input', { name: 'code', inputmode: 'numeric', autocomplete: 'off', maxlength: '11', required: '', 'aria-label': page.say('confirm.code') });
    const look = h('button', { class: 'button is-main', type: 'submit', text: page.say('confirm.look') });
    const sure = h('button', { class: 'button is-main', type: 'button', hidden: '', text: page.say('confirm.do') });
    const tried = async (work) => { try { await work(); } catch (error) { told.textContent = error.message; } };
    const begin = () => { sure.hidden = true; look.hidden = false; };
    const form = h('form', { class: 'identity-card' }, h('h2', { text: page.say('confirm.title') }), h('p', { class: 'act-note', text: page.say('confirm.text') }), h('div', { class: 'identity-line' }, code, look, sure), told);
    code.addEventListener('input', begin);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      return tried(async () => {
        const { name, id_number: number } = await give(page, '/api/identity/visit', { code: code.value });
        told.textContent = page.say('confirm.compare', { name: name || page.say('confirm.unnamed'), number });
        [look.hidden, sure.hidden] = [true, false];
        sure.focus();
      });
    });
    sure.addEventListener('click', () => tried(async () => {
      await give(page, '/api/identity/confirm', { code: code.value });
      [told.textContent, code.value] = [page.say('confirm.done'), ''];
      begin();
    }));
    return form;
  }

  incident(tried) {
    const { page } = this, words = h('textarea', { name: 'words', rows: '3', required: '', 'aria-label': page.say('incident.words') });
    const form = h('form', { class: 'identity-proposal' }, h('p', { text: page.say('incident.note') }), words, h('button', { class: 'button is-main', type: 'submit', text: page.say('incident.do') }));
    form.addEventListener('submit', (event) => { event.preventDefault(); return tried(() => give(page, '/api/identity/incident', { words: words.value })); });
    return h('details', { class: 'identity-incident' }, h('summary', { text: page.say('incident') }), form);
  }

  figures({ filing, calibration, tally, duties, may }) {
    const { page } = this, rate = (value) => `${(value * 100).toFixed(2)} %`;
    const passed = tally.filter(([, state]) => state === 'passed').reduce((sum, [, , n]) => sum + n, 0), all = tally.reduce((sum, [, , n]) => sum + n, 0);
    const facts = [
      ['counter', page.number.format(filing.stored), page.say(`filing.${filing.level}`, { day: filing.due_on ?? '' }), filing.level],
      ['checks', `${page.number.format(passed)} / ${page.number.format(all)}`, page.say('checks.note')],
      ['threshold', calibration ? calibration.threshold.toFixed(3) : '–', calibration ? `${calibration.model}, ${calibration.library}` : page.say('no_threshold')],
      ['rates', calibration ? `${rate(calibration.fmr)} / ${rate(calibration.fnmr)}` : '–', calibration ? page.say('rates.note', { upper: rate(calibration.fmr_upper), data: calibration.data }) : ''],
    ];
    const told = h('p', { class: 'act-told', role: 'status' });
    const tried = async (work) => { try { await work(); await this.load(); } catch (error) { told.textContent = error.message; } };
    const finish = (id) => h('button', { class: 'desk-button', type: 'button', text: page.say('duty.do'), onclick: () => tried(() => give(page, '/api/identity/done', { duty: id })) });
    const open = duties.filter(({ done }) => !done).map(({ id, kind, due_on: day, words }) => h('li', {}, h('span', { text: [page.say(`duty.${kind}`, { day: day ?? '–' }), words].filter(Boolean).join(' · ') }), may.manage ? finish(id) : null));
    return h('div', { class: 'identity-figures' }, ...facts.map(([key, value, note, level]) => h('div', { class: `identity-figure ${level && level !== 'quiet' ? 'is-late' : ''}` }, h('small', { text: page.say(key) }), h('strong', { text: value }), h('span', { text: note }))), open.length ? h('ul', { class: 'identity-duties' }, ...open) : null, may.manage ? this.incident(tried) : null, told);
  }

  purposes({ purposes, may }) {
    const { page } = this, told = h('p', { class: 'act-told', role: 'status' });
    const act = (name, purpose) => h('button', { class: 'desk-button', type: 'button', text: page.say(`do.${name}`), onclick: async () => {
      try { await give(page, `/api/identity/${name}`, { purpose }); await this.load(); } catch (error) { told.textContent = error.message; }
    } });
    const next = { proposed: ['approve'], approved: ['open', 'end'], open: ['end'], ended: [] };
    const rows = purposes.map((one) => h('tr', {}, h('td', {}, h('strong', { text: one.name }), h('small', { text: one.legal_basis })), h('td', { text: `${one.owner} · ${one.contact}` }), h('td', { text: page.say('days', { n: one.kept_days }) }), h('td', { text: this.when.format(one.until * 1000) }), h('td', {}, h('span', { class: `identity-state is-${one.state}`, text: page.say(`state.${one.state}`) })), h('td', {}, ...(may.manage ? next[one.state].map((name) => act(name, one.id)) : []))));
    const table = rows.length ? this.table(['purpose', 'owner', 'kept', 'until', 'state', 'act'], rows) : stateOf('empty', { title: page.say('none_title'), text: page.say('none_text'), icon: 'badge-check' });
    return h('section', { class: 'identity-card' }, h('h2', { text: page.say('purposes') }), table, told, may.manage ? this.proposal(told) : null);
  }

  proposal(told) {
    const { page } = this;
    const field = (name) => h('label', { class: 'act-field' }, h('span', { class: 'act-label', text: page.say(`ask.${name}`) }), LONG.has(name) ? h('textarea', { name, rows: '3', required: '' }) : h('input', { name, required: '', inputmode: name === 'kept_days' ? 'numeric' : 'text', placeholder: name === 'until' ? '2027-12-31' : '' }));
    const form = h('form', { class: 'identity-proposal' }, ...ASKED.map(field), h('button', { class: 'button is-main', type: 'submit', text: page.say('do.propose') }));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      try { await give(page, '/api/identity/propose', Object.fromEntries(new FormData(form))); await this.load(); } catch (error) { told.textContent = error.message; }
    });
    return h('details', {}, h('summary', { text: page.say('propose') }), form);
  }

  async curve(calibration) {
    const { page } = this;
    if (!calibration) { slot('curve').replaceChildren(); return; }
    const plot = h('div', { class: 'identity-plot', role: 'img', 'aria-label': page.say('curve.text', { eer: (calibration.eer * 100).toFixed(2) }) });
    slot('curve').replaceChildren(h('section', { class: 'identity-card' }, h('h2', { text: page.say('curve') }), h('p', { class: 'act-note', text: page.say('curve.text', { eer: (calibration.eer * 100).toFixed(2), n: page.number.format(calibration.genuine), m: page.number.format(calibration.impostors) }) }), plot));
    const Plotly = await plotly(), colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { color: colour('--muted'), gridcolor: colour('--line'), zeroline: false, fixedrange: true };
    const line = (at, name, tone) => ({ x: calibration.curve.map(([threshold]) => threshold), y: calibration.curve.map((point) => point[at] * 100), name, mode: 'lines', line: { color: colour(tone), width: 2 } });
    await Plotly.newPlot(plot, [line(1, 'FMR', '--late'), line(2, 'FNMR', '--accent')], {
      height: 260, margin: { l: 48, r: 12, t: 8, b: 40 }, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', font: { family: colour('--font'), size: 12, color: colour('--soft') }, legend: { orientation: 'h', y: 1.12 },
      xaxis: { ...axis, title: { text: page.say('threshold') } }, yaxis: { ...axis, title: { text: '%' } },
      shapes: [{ type: 'line', x0: calibration.threshold, x1: calibration.threshold, y0: 0, y1: 1, yref: 'paper', line: { color: colour('--ink'), width: 1, dash: 'dot' } }],
    }, { displayModeBar: false, responsive: true });
  }

  assessment({ assessment }) {
    const { page } = this;
    if (!assessment.length) return h('span');
    const print = h('button', { class: 'desk-button identity-print', type: 'button', text: page.say('print'), onclick: () => window.print() });
    return h('section', { class: 'identity-card identity-assessment' }, h('h2', { text: page.say('assessment') }), print, ...assessment.flatMap(({ title, text }) => [h('h3', { text: title }), ...text.map((line) => h('p', { text: line }))]), h('p', { class: 'identity-sign', text: page.say('sign') }));
  }

  records(records) {
    const { page } = this;
    const rows = records.map((one) => h('tr', {}, h('td', { text: this.when.format(one.at * 1000) }), h('td', { text: page.say(`outcome.${one.outcome}`) }), h('td', { class: 'is-number', text: one.distance === null ? '–' : `${one.distance.toFixed(3)} / ${one.threshold.toFixed(3)}` }), h('td', { class: 'is-number', text: one.risk.toFixed(2) }), h('td', { text: one.signs.map((sign) => page.say(`sign.${sign}`)).join(', ') || '–' }), h('td', { text: page.say(`reference.${one.reference}`) })));
    return h('section', { class: 'identity-card' }, h('h2', { text: page.say('records') }), h('p', { class: 'act-note', text: page.say('records.note') }), rows.length ? this.table(['at', 'outcome', 'distance', 'risk', 'signs', 'reference'], rows) : h('p', { text: page.say('records.none') }));
  }

  deletions(deletions) {
    const { page } = this;
    const rows = deletions.map((one) => h('tr', {}, h('td', { text: this.when.format(one.at * 1000) }), h('td', { text: page.say(`why.${one.why}`) }), h('td', { class: 'is-number', text: String(one.count) }), h('td', { text: one.receipt })));
    return h('section', { class: 'identity-card' }, h('h2', { text: page.say('deletions') }), rows.length ? this.table(['at', 'why', 'count', 'receipt'], rows) : h('p', { text: page.say('deletions.none') }));
  }

  table(heads, rows) {
    return h('div', { class: 'identity-scroll', tabindex: '0' }, h('table', { class: 'identity-table' }, h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col', text: this.page.say(`head.${head}`) })))), h('tbody', {}, ...rows)));
  }
}

let fetched;
function plotly() {
  fetched ??= new Promise((done, failed) => {
    const script = h('script', { src: PLOTLY });
    script.onload = () => done(window.Plotly);
    script.onerror = () => failed(new Error('plotly'));
    document.head.append(script);
  });
  return fetched;
}
