/* Conditions as rows that anybody can read, and as the expressions that XLSForm has. Pure.

   A condition is { join: 'and' | 'or', rows: [{ of, is, value }] }: `of` is the name of a question, or '.' for the answer itself. What is
   not as simple as that parses to null, and stays an expression. */

/** What may be asked of an answer, and how it is written; `selected`, `contains`: a choice among several, a text within a text. */
export const OPERATORS = ['=', '!=', '>', '>=', '<', '<=', 'selected', 'not selected', 'contains', 'answered', 'unanswered'];
const BARE = new Set(['answered', 'unanswered']);
const REFERENCE = String.raw`(\.|\$\{\s*[\w.-]+\s*\})`;
const LITERAL = String.raw`(-?\d+(?:\.\d+)?|'[^']*'|"[^"]*"|today\(\)|date\(\s*(?:'[^']*'|"[^"]*")\s*\))`;
const COMPARED = new RegExp(`^${REFERENCE}\\s*(>=|<=|!=|=|>|<)\\s*${LITERAL}$`);
const CALLED = new RegExp(`^(selected|contains)\\(\\s*${REFERENCE}\\s*,\\s*${LITERAL}\\s*\\)$`);
const DENIED = new RegExp(`^not\\(\\s*selected\\(\\s*${REFERENCE}\\s*,\\s*${LITERAL}\\s*\\)\\s*\\)$`);

/** @param {string} text an expression @returns {{ join: string, rows: object[] } | null} null: not as simple as rows */
export function parse(text) {
  const written = text.trim();
  if (!written) return { join: 'and', rows: [] };
  const pieces = split(written);
  if (!pieces) return null;
  const rows = pieces.terms.map(row);
  return rows.includes(null) ? null : { join: pieces.join, rows };
}

/** @returns {string} the expression of a condition */
export function write({ join, rows }) {
  return rows.map(written).join(` ${join} `);
}

/** Whether a value can be written down: XPath has no way to write both kinds of quotes. */
export function isWritable(value) {
  return !(value.includes("'") && value.includes('"'));
}

/* Terms between `and` or `or` outside of quotes and brackets; both of them together are not simple. */
function split(text) {
  const terms = [];
  const joins = new Set();
  let [depth, quote, from] = [0, '', 0];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quote) quote = letter === quote ? '' : quote;
    else if (letter === "'" || letter === '"') quote = letter;
    else if ('({'.includes(letter)) depth += 1;
    else if (')}'.includes(letter)) depth -= 1;
    else if (!depth) {
      const join = /^\s(and|or)\s/.exec(text.slice(at));
      if (!join) continue;
      joins.add(join[1]);
      terms.push(text.slice(from, at));
      at += join[0].length - 1;
      from = at + 1;
    }
  }
  terms.push(text.slice(from));
  return joins.size > 1 || quote || depth ? null : { join: [...joins][0] ?? 'and', terms: terms.map((term) => term.trim()) };
}

function row(term) {
  const compared = COMPARED.exec(term);
  if (compared) return comparison(compared);
  const called = CALLED.exec(term);
  if (called && isText(called[3])) return { of: named(called[2]), is: called[1], value: called[3].slice(1, -1) };
  const denied = DENIED.exec(term);
  return denied && isText(denied[2]) ? { of: named(denied[1]), is: 'not selected', value: denied[2].slice(1, -1) } : null;
}

function comparison([, of, is, literal]) {
  const empty = literal === "''" || literal === '""';
  if (empty) return { '=': { of: named(of), is: 'unanswered' }, '!=': { of: named(of), is: 'answered' } }[is] ?? null;
  if (literal === 'today()') return { of: named(of), is, value: 'today', kind: 'date' };
  const day = /^date\(\s*['"](.*)['"]\s*\)$/.exec(literal);
  if (day) return { of: named(of), is, value: day[1], kind: 'date' };
  return isText(literal) ? { of: named(of), is, value: literal.slice(1, -1), kind: 'text' } : { of: named(of), is, value: literal, kind: 'number' };
}

const isText = (literal) => /^['"]/.test(literal);
const named = (reference) => (reference === '.' ? '.' : reference.slice(2, -1).trim());
const quoted = (value) => (value.includes("'") ? `"${value}"` : `'${value}'`);

function written({ of, is, value, kind }) {
  const reference = of === '.' ? '.' : `\${${of}}`;
  if (BARE.has(is)) return `${reference} ${is === 'answered' ? '!=' : '='} ''`;
  if (is === 'not selected') return `not(selected(${reference}, ${quoted(value)}))`;
  if (is === 'selected' || is === 'contains') return `${is}(${reference}, ${quoted(value)})`;
  return `${reference} ${is} ${literal(value, kind)}`;
}

function literal(value, kind) {
  if (kind === 'date') return value === 'today' ? 'today()' : `date(${quoted(value)})`;
  return kind === 'number' ? value : quoted(value);
}
