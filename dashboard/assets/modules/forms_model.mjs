/* A form while it is composed: values that are never changed, only made anew, so that every step can be taken back. Pure.

   Shapes are those of `forms.xlsform.as_json`. A node with `children` is a group; each node carries a `key` of this page. */

const EXPRESSIONS = ['relevant', 'constraint', 'required', 'calculation', 'default', 'choice_filter', 'read_only', 'repeat_count', 'trigger', 'parameters'];
const TEXTS = ['labels', 'hints', 'guidance', 'constraint_messages', 'required_messages'];
export const SELECTS = ['select_one', 'select_multiple', 'rank'];
let keys = 0;

/** Give every node a key. */
export function withKeys(form) {
  const visit = (nodes = []) => nodes.map((node) => ({ ...node, key: node.key ?? (keys += 1), ...(node.children && { children: visit(node.children) }) }));
  return { ...form, children: visit(form.children) };
}

/** Every node with its depth, its group's key, its place among its siblings, and its place in the tree. */
export function* walk(nodes = [], depth = 0, parent = null, before = []) {
  for (const [index, node] of nodes.entries()) {
    yield { node, depth, parent, index, place: [...before, index] };
    if (node.children) yield* walk(node.children, depth + 1, node.key, [...before, index]);
  }
}

export const find = (form, key) => [...walk(form.children)].find(({ node }) => node.key === key);
export const questions = (form) => [...walk(form.children)].map(({ node }) => node).filter((node) => !node.children);

const mapTree = (nodes, change) => nodes.flatMap((node) => {
  const made = change(node.children ? { ...node, children: mapTree(node.children, change) } : node);
  return made === null ? [] : [made];
});

/** The form with some fields of a node changed; an undefined field is taken away. */
export function update(form, key, fields) {
  return { ...form, children: mapTree(form.children, (node) => (node.key === key ? strip({ ...node, ...fields }) : node)) };
}

const strip = (node) => Object.fromEntries(Object.entries(node).filter(([name, value]) => name === 'children' || (value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && !value.length))));

export function remove(form, key) {
  return { ...form, children: mapTree(form.children, (node) => (node.key === key ? null : node)) };
}

/** The form with a node at a place of a group, null: of the form itself. */
export function insert(form, node, parent = null, index = Infinity) {
  const into = (nodes) => nodes.toSpliced(Math.min(index, nodes.length), 0, node);
  if (parent === null) return { ...form, children: into(form.children) };
  return { ...form, children: mapTree(form.children, (each) => (each.key === parent ? { ...each, children: into(each.children) } : each)) };
}

/** The form with a node elsewhere; into itself it does not go. `index` counts before it is taken out. */
export function move(form, key, parent, index) {
  const found = find(form, key);
  if (!found || key === parent || (parent !== null && [...walk(found.node.children)].some(({ node }) => node.key === parent))) return form;
  const shift = found.parent === parent && found.index < index ? 1 : 0;
  return insert(remove(form, key), found.node, parent, index - shift);
}

/** The form with a node one step up or down; beside a group it goes in, at a group's end it goes out. */
export function nudge(form, key, by) {
  const { parent, index } = find(form, key);
  const siblings = parent === null ? form.children : find(form, parent).node.children;
  const beside = siblings[index + by];
  if (beside?.children) return move(form, key, beside.key, by > 0 ? 0 : beside.children.length);
  if (beside) return move(form, key, parent, by > 0 ? index + 2 : index - 1);
  if (parent === null) return form;
  const outer = find(form, parent);
  return move(form, key, outer.parent, by > 0 ? outer.index + 1 : outer.index);
}

/* --- texts --- */

/** The languages of a form; '' where it has only one, without a name. */
export function languagesOf(form) {
  const used = new Set([...walk(form.children)].flatMap(({ node }) => TEXTS.flatMap((field) => (node[field] ?? []).map(([language]) => language))));
  const named = form.languages ?? [];
  return named.length ? (used.has('') ? ['', ...named] : named) : [''];
}

/** The language of a form that a page in `zh` or `en` shows first. */
export const languageFor = (form, tag) => languagesOf(form).find((one) => one.includes(`(${tag})`)) ?? languagesOf(form)[0];
export const textIn = (texts = [], language) => texts.find(([of]) => of === language)?.[1] ?? '';
export const anyText = (texts = [], language) => textIn(texts, language) || texts.find(([, text]) => text)?.[1] || '';

/** Texts with one changed, in the order of the form's languages. */
export function withText(form, texts = [], language, text) {
  const order = languagesOf(form);
  const others = texts.filter(([of]) => of !== language);
  return (text ? [...others, [language, text]] : others).toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}

/* --- names --- */

/** A name that no node has. */
export function freeName(form, wish) {
  const taken = new Set([...walk(form.children)].map(({ node }) => node.name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wish : `${wish}_${number}`;
    if (!taken.has(name)) return name;
  }
}

/** The form with a node called otherwise, in every expression and text too. */
export function rename(form, key, name) {
  const before = find(form, key).node.name;
  const pattern = new RegExp(`\\$\\{\\s*${before.replace(/[.\\-]/g, '\\$&')}\\s*\\}`, 'g');
  const spelt = (text) => text.replace(pattern, () => `\${${name}}`);
  const children = mapTree(form.children, (node) => {
    const changed = { ...node, ...(node.key === key && { name }) };
    for (const field of EXPRESSIONS) if (changed[field]) changed[field] = spelt(changed[field]);
    for (const field of TEXTS) if (changed[field]) changed[field] = changed[field].map(([language, text]) => [language, spelt(text)]);
    if (changed.more) changed.more = changed.more.map(([column, text]) => [column, spelt(text)]);
    return changed;
  });
  return { ...form, children, ...(form.settings && { settings: form.settings.map(([column, text]) => [column, spelt(text)]) }) };
}

/* --- choices --- */

export const choicesOf = (form, name) => form.lists?.find((one) => one.name === name)?.choices ?? [];
export const usersOf = (form, name) => questions(form).filter((node) => node.list_name === name);

export function withList(form, name, choices) {
  const lists = form.lists ?? [];
  const known = lists.some((one) => one.name === name);
  return { ...form, lists: known ? lists.map((one) => (one.name === name ? { ...one, choices } : one)) : [...lists, { name, choices }] };
}

export function freeList(form, wish) {
  const taken = new Set((form.lists ?? []).map(({ name }) => name));
  let name = wish;
  for (let number = 2; taken.has(name); number += 1) name = `${wish}_${number}`;
  return name;
}

export function freeChoice(choices) {
  const taken = new Set(choices.map(({ name }) => name));
  let number = choices.length + 1;
  while (taken.has(String(number))) number += 1;
  return String(number);
}

/** The form without lists that no question uses. */
export const tidy = (form) => ({ ...form, lists: (form.lists ?? []).filter(({ name }) => usersOf(form, name).length || [...walk(form.children)].some(({ node }) => node.list_name === name)) });

/* --- what is new --- */

/** A node of a type, with the list that it needs: [form, node]. */
export function fresh(form, kind, words) {
  keys += 1;
  const [language] = languagesOf(form);
  const node = { key: keys, name: freeName(form, { begin_group: 'group', begin_repeat: 'repeat', yes_no: 'yes_no' }[kind] ?? 'q'), labels: [] };
  if (kind === 'begin_group' || kind === 'begin_repeat') return [form, { ...node, kind: kind.slice(6), labels: [[language, words(kind)]], children: [] }];
  if (kind === 'yes_no') {
    const both = (zh) => languagesOf(form).map((one) => [one, words(`${zh}${one.includes('(en)') ? '_en' : '_zh'}`)]);
    const known = choicesOf(form, 'yes_no').length ? form : withList(form, 'yes_no', [{ name: 'yes', labels: both('yes') }, { name: 'no', labels: both('no') }]);
    return [known, { ...node, type: 'select_one', list_name: 'yes_no', appearance: 'horizontal' }];
  }
  if (SELECTS.includes(kind)) {
    const list = freeList(form, `${node.name}_list`);
    const choices = ['1', '2'].map((name) => ({ name, labels: languagesOf(form).map((one) => [one, words(`choice${one.includes('(en)') ? '_en' : '_zh'}`).replace('{n}', name)]) }));
    return [withList(form, list, choices), { ...node, type: kind, list_name: list }];
  }
  return [form, { ...node, type: kind, ...(kind === 'range' && { parameters: 'start=0 end=10 step=1' }) }];
}

/** A question of the bank in a form: [form, node]; its list is shared with others that have the same choices. */
export function fromBank(form, { question, choices }) {
  keys += 1;
  const node = { ...question, key: keys, name: freeName(form, question.name) };
  if (!choices) return [form, node];
  const same = (form.lists ?? []).find((one) => JSON.stringify(one.choices) === JSON.stringify(choices));
  const name = same?.name ?? freeList(form, question.list_name);
  return [same ? form : withList(form, name, choices), { ...node, list_name: name }];
}

/** The same node again under names of its own. */
export function copyOf(form, node) {
  keys += 1;
  const made = { ...node, key: keys, name: freeName(form, `${node.name}_copy`) };
  return node.children ? withKeys({ children: [{ ...made, children: node.children.map((child) => ({ ...copyOf(form, child) })) }] }).children[0] : made;
}

/** Steps back and forth. Steps of one field in a row are one step. */
export class History {
  constructor(form) {
    Object.assign(this, { now: form, past: [], future: [], last: '' });
  }

  set(form, what = '') {
    if (form === this.now) return;
    if (!what || what !== this.last) this.past.push(this.now);
    Object.assign(this, { now: form, future: [], last: what });
  }

  undo() {
    if (!this.past.length) return false;
    this.future.push(this.now);
    Object.assign(this, { now: this.past.pop(), last: '' });
    return true;
  }

  redo() {
    if (!this.future.length) return false;
    this.past.push(this.now);
    Object.assign(this, { now: this.future.pop(), last: '' });
    return true;
  }
}
