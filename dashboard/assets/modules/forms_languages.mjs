/* The languages of a form that is composed: added, named otherwise, taken away, put first. Pure; shapes as in `forms_model.mjs`. */

const TEXTS = ['labels', 'hints', 'guidance', 'constraint_messages', 'required_messages'];
/** What a language is called in XLSForm: a name, and its tag in brackets. */
const NAMED = /^[^:[\]{}$]{1,60}\([a-z]{2,3}(-[A-Za-z0-9]{2,8})*\)$/;

export const isLanguage = (name) => NAMED.test(name);

/** Columns of a language end with its name: `media::image::English (en)`. */
const ofLanguage = (column, name) => name !== '' && column.endsWith(`::${name}`);

/* Every text and every column of the form, changed by `text([language, words])` and `cell([column, words])`; null takes it away. */
function through(form, text, cell) {
  const some = (pairs, change) => pairs?.map(change).filter(Boolean);
  const dressed = (thing) => {
    const made = { ...thing };
    for (const field of TEXTS) if (made[field]) made[field] = some(made[field], text);
    if (made.more) made.more = some(made.more, cell);
    if (made.children) made.children = made.children.map(dressed);
    return made;
  };
  const lists = form.lists?.map((list) => ({ ...list, choices: list.choices.map(dressed) }));
  return { ...form, children: form.children.map(dressed), ...(lists && { lists }), ...(form.settings && { settings: some(form.settings, cell) }) };
}

/** The form with one more language, in which nothing is written yet. */
export function addLanguage(form, name) {
  const languages = form.languages ?? [];
  if (!isLanguage(name) || languages.includes(name)) return form;
  return { ...form, languages: [...languages, name], default_language: languages.length ? form.default_language : name };
}

/** The form with a language called otherwise; '': the language that had no name. */
export function renameLanguage(form, before, name) {
  const languages = form.languages ?? [];
  if (!isLanguage(name) || languages.includes(name) || before === name) return form;
  const renamed = through(form, ([language, words]) => [language === before ? name : language, words], ([column, words]) => [ofLanguage(column, before) ? column.slice(0, -before.length) + name : column, words]);
  const named = before === '' ? [name, ...languages] : languages.map((one) => (one === before ? name : one));
  const isDefault = form.default_language === before || (before === '' && !languages.includes(form.default_language));
  return { ...renamed, languages: named, ...(isDefault && { default_language: name }) };
}

/** The form without a language and all that was written in it; the last one stays. */
export function removeLanguage(form, name) {
  const languages = form.languages ?? [];
  if (languages.length < 2 || !languages.includes(name)) return form;
  const rest = languages.filter((one) => one !== name);
  const left = through(form, (pair) => (pair[0] === name ? null : pair), (cell) => (ofLanguage(cell[0], name) ? null : cell));
  return { ...left, languages: rest, default_language: form.default_language === name ? rest[0] : form.default_language };
}

/** The form that is shown in this language first. */
export function putFirst(form, name) {
  const languages = form.languages ?? [];
  return languages.includes(name) ? { ...form, default_language: name, languages: [name, ...languages.filter((one) => one !== name)] } : form;
}

/** How many texts are written in a language, and how many there are to write. @returns {[number, number]} */
export function written(form, name) {
  let [done, all] = [0, 0];
  const count = (thing) => {
    for (const field of TEXTS) {
      if (!thing[field]?.some(([, words]) => words)) continue;
      all += 1;
      done += thing[field].some(([language, words]) => language === name && words) ? 1 : 0;
    }
    thing.children?.forEach(count);
  };
  form.children.forEach(count);
  form.lists?.forEach(({ choices }) => choices.forEach(count));
  return [done, all];
}
