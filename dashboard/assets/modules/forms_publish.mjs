/* Publish: for which area, then tables are made, then on to asking residents. */

import { button, change, dialog, h, icon } from './forms_dom.mjs';

export async function publishDialog(builder) {
  const { page, said } = builder;
  await builder.settled();
  dialog(page.say('publish'), 'builder-publishing', (close) => {
    const told = h('div', { class: 'publish-told', role: 'status' });
    const areas = said.areas.map(({ code, name, layer }) => h('label', {}, h('input', { type: 'checkbox', value: code, 'data-layer': layer, checked: said.chosen.includes(code) }), name));
    const choose = h('fieldset', { class: 'publish-areas', disabled: Boolean(said.of) }, h('legend', { text: page.say(said.whole ? 'publish_whole' : 'publish_own') }), areas);
    const go = button(page.say('publish_now'), 'send', send, { main: true, name: 'publish-now', disabled: builder.told.problems.length > 0 });
    const body = h('div', { class: 'publish-body' }, builder.told.problems.length ? h('div', { class: 'begin-wrong' }, icon('triangle-alert'), h('p', { text: page.say('publish_problems', { n: builder.told.problems.length }) })) : null, choose, told, h('div', { class: 'forms-confirm-acts' }, button(page.say('cancel'), null, close), go));
    async function send() {
      go.disabled = true;
      told.textContent = page.say('publishing');
      const codes = areas.map((one) => one.firstChild).filter(({ checked }) => checked);
      try {
        const made = await change(page, 'POST', `${builder.base}/publish`, { layer: codes[0]?.dataset.layer, codes: codes.map(({ value }) => value) });
        const key = encodeURIComponent(made.key);
        body.replaceChildren(h('div', { class: 'publish-done' }, icon('check-check'), h('b', { text: page.say('published_as', { n: made.number, s: made.seconds.toFixed(1) }) })), h('div', { class: 'forms-confirm-acts' }, h('a', { class: 'desk-button', href: `/forms/${key}` }, page.say('answers')), h('a', { class: 'desk-button is-main', href: `/outreach?form=${key}` }, icon('send'), page.say('ask'))));
      } catch (error) {
        told.textContent = error.message;
        go.disabled = false;
      }
    }
    return h('div', {}, h('header', {}, h('h2', { text: page.say('publish') }), button(page.say('close'), 'x', close, { quiet: true })), body);
  });
}
