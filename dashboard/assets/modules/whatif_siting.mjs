/* Where to put the next teams: what is sought, what was found with how good it is at best, and a way into the plan. */

import { field, select } from './hotspots_asked.mjs';
import { button, h } from './forms_dom.mjs';

const AIMS = ['mean', 'most', 'fewest'];
const PLACES = ['cells', 'stations'];
export const USUAL_SITING = { aim: 'mean', k: 3, limit_min: 15, share: 0.9, places: 'cells', anew: false };

/** @param {object} plan the page @returns {HTMLElement[]} */
export function siting(plan) {
  const { page, sought } = plan;
  const put = (changes, how) => plan.seek(changes, how);
  const number = (key, least, most, scale = 1) => h('input', { type: 'number', min: least, max: most, value: String(Math.round(sought[key] * scale)), required: true, onchange: ({ target }) => target.reportValidity() && put({ [key]: Number(target.value) / scale }, { redraw: false }) });
  const choice = (key, values) => select(values.map((value) => [value, page.say(`${key}.${value}`)]), sought[key], (value) => put({ [key]: value }));
  const fields = h('form', { class: 'whatif-fields', onsubmit: (event) => { event.preventDefault(); plan.site(); } },
    field(page.say('aim'), choice('aim', AIMS)),
    field(page.say('department'), select(plan.said.departments, plan.department, (code) => plan.show({ department: code, team: null }))),
    h('div', { class: 'whatif-pair' },
      sought.aim === 'fewest' ? field(page.say('share_of'), number('share', 1, 100, 100)) : field(page.say('k'), number('k', 1, 40)),
      sought.aim === 'mean' ? null : field(page.say('limit_min'), number('limit_min', 1, 240))),
    field(page.say('places'), choice('places', PLACES)),
    h('label', { class: 'whatif-tick' }, h('input', { type: 'checkbox', checked: sought.anew, onchange: ({ target }) => put({ anew: target.checked }) }), h('span', { text: page.say('anew') })),
    h('p', { class: 'whatif-hint', text: page.say(`aim_hint.${sought.aim}`) }),
    h('button', { type: 'submit', class: 'desk-button is-main', disabled: Boolean(plan.work.job), text: page.say('site') }));
  return [fields, ...(plan.sited ? found(plan) : [])];
}

function found(plan) {
  const { page, sited, sitedFor } = plan;
  const { number } = page;
  const value = (one) => (sitedFor.aim === 'mean' ? page.say('value_minutes', { n: (one / 60).toFixed(1) }) : page.say('value_share', { n: (one * 100).toFixed(1) }));
  const n = sited.chosen.length;
  const head = !sited.reached ? page.say('site_unreached', { value: value(sited.value), limit: sitedFor.limit_min, n: number.format(n) })
    : sitedFor.aim === 'fewest' ? page.say(n ? 'site_fewest' : 'site_enough', { n: number.format(n), share: Math.round(sitedFor.share * 100), limit: sitedFor.limit_min })
      : page.say(`site_${sitedFor.aim}`, { n: number.format(n), before: sitedFor.anew ? '–' : value(sited.before), after: value(sited.value), limit: sitedFor.limit_min });
  const proof = sited.proved ? page.say('site_proved') : page.say(sitedFor.aim === 'fewest' ? 'site_gap_fewest' : 'site_gap', { gap: (sited.gap * 100).toFixed(1), bound: sitedFor.aim === 'fewest' ? number.format(sited.bound) : value(sited.bound) });
  const list = sited.chosen.map((one, at) => h('li', {}, h('button', { type: 'button', class: 'whatif-site', onclick: () => plan.map.go(one.at) }, h('b', { text: String(at + 1) }), h('span', {}, `${one.area} `, h('small', { text: one.at.map((degrees) => degrees.toFixed(4)).join(', ') })), h('span', { text: page.say('site_cases', { n: number.format(one.cases) }) }))));
  return [
    h('div', { class: 'spots-verdict', role: 'status' }, h('b', { text: head }), h('p', { class: sited.proved ? 'is-proved' : 'is-gap', text: proof }),
      h('p', { text: page.say('site_basis', { cases: number.format(sited.cases), demands: number.format(sited.demands), places: number.format(sited.places) }) }),
      h('p', { text: page.say(sited.by_road ? 'site_by_road' : 'site_straight') })),
    h('ol', { class: 'whatif-sites' }, list),
    n ? h('div', { class: 'whatif-acts' }, sited.chosen[0].like === null ? h('p', { class: 'whatif-hint', text: page.say('site_no_like') }) : button(page.say('use_these'), 'circle-plus', () => plan.use(sited), { main: true })) : null,
  ];
}
