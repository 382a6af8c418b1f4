/** A form of Enketo Core in the page: put in, made readable in the page's language, started. */
import { Form } from 'enketo-core/src/js/form.js';
import support from 'enketo-core/src/js/support.js';
import { lang, say } from '../../assets/modules/page.mjs';
import { gather } from './widgets.mjs';

/** Those hosts know by their own name: the phone's own pickers, also where no finger is expected. */
support.touch = true;

/**
 * @param {HTMLElement} box what the form is put into; its footer with the buttons must be there already
 * @param {{html: string, model: string, languages: string[]}} paper
 * @param {string | null} instance an answer to go on with
 * @param {string | null} [language] a tag of the form's languages; else the page's
 * @returns {Promise<Form>}
 */
export async function openForm(box, paper, instance, language = languageOf(paper)) {
  const element = document.createRange().createContextualFragment(paper.html).querySelector('form');
  dress(element, language);
  box.querySelector('form.or')?.remove();
  box.prepend(element);
  await gather(element);
  if (/\bdigest\(/.test(paper.html)) globalThis.forge = (await import('node-forge')).default;
  const form = new Form(element, { modelStr: paper.model, instanceStr: instance, submitted: false, external: [], session: {} }, { language: language ?? undefined });
  const problems = form.init();
  if (problems.length) console.warn('form', problems);
  /* A note is a question that cannot be answered and holds nothing: it only tells. */
  for (const input of element.querySelectorAll('input[type="text"][readonly]:not([data-calculate])')) if (!input.value) input.closest('.question').classList.add('note');
  /* A slider that nobody touched has no answer; keys touch it too. */
  element.addEventListener('input', ({ target }) => { if (target.matches('.range-widget input')) target.classList.remove('empty'); }, true);
  element.addEventListener('submit', (event) => event.preventDefault());
  name(element);
  element.addEventListener('addrepeat', ({ target }) => name(target));
  return form;
}

/** The form's language that is the page's, if it has it. */
export const languageOf = ({ languages }) => languages.find((tag) => tag.toLowerCase().split(/[-_]/)[0] === lang) ?? languages[0] ?? null;

function dress(element, language) {
  if (language) element.lang = language;
  for (const repeat of element.querySelectorAll('.or-repeat')) if (!repeat.querySelector('.or-repeat')) repeat.classList.add('or-appearance-field-list');
  for (const gone of element.querySelectorAll('#form-title, .form-logo, [src^="jr:"]')) gone.remove();
  for (const text of element.querySelectorAll('[data-i18n]')) text.textContent = say(`enketo.${text.dataset.i18n}`);
  for (const group of element.querySelectorAll('.question[role="group"]')) group.setAttribute('aria-label', group.querySelector('.question-label.active')?.textContent ?? '');
  for (const star of element.querySelectorAll('.required')) star.textContent = say('form.must');
  for (const input of element.querySelectorAll('input[type="number"]')) input.inputMode = input.dataset.typeXml === 'int' ? 'numeric' : 'decimal';
}

/** Names for the buttons that add and take away, which Enketo Core draws with icons. */
function name(root) {
  for (const button of root.querySelectorAll('.add-repeat-btn')) button.textContent = say('form.repeat.add');
  for (const button of root.querySelectorAll('.repeat .remove, button.remove')) { button.textContent = say('form.repeat.remove'); button.type = 'button'; }
}
