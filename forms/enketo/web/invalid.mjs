/** What is wrong with an answer as it is written. */
const INVALID = '.invalid-constraint, .invalid-required, .invalid-relevant';

/** Tell a screen reader what is wrong where. @returns {number} how many questions */
export function sayInvalid(form, within = form.view.html) {
  for (const input of form.view.html.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  const wrong = [...form.view.html.querySelectorAll(INVALID)];
  for (const question of wrong) for (const input of question.querySelectorAll('input:not(.ignore), select, textarea')) input.setAttribute('aria-invalid', 'true');
  return wrong.filter((question) => within.contains(question)).length;
}

/** Bring the first question that is wrong before the eyes. */
export function focusFirst(form) {
  const question = form.view.html.querySelector(INVALID);
  (question?.querySelector('input:not(.hide):not(.ignore), textarea, select, button') ?? question)?.focus();
}
