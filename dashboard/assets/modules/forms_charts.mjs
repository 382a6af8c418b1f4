/* Answers together: a card a question, drawn by plotly, which is fetched when the first chart is asked for. A click on a choice filters. */

import { h, icon } from './forms_dom.mjs';
import { stateOf } from './states.mjs';
import { hiddenTable } from './svg.mjs';

const PLOTLY = '/_dash-component-suites/plotly/package_data/plotly.min.js';
const MODEBAR = { displayModeBar: false, responsive: true };
const LONG = 16;
const ROW_PX = 26;
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

/** @param {object} answers the room @param {HTMLElement} place @param {object} said `/summary` */
export async function drawCharts(answers, place, said) {
  const { page, form } = answers;
  if (!said.came.length) return place.replaceChildren(stateOf('empty', { title: page.say('none_answered'), text: page.say('none_answered_text'), icon: 'inbox' }));
  const Plotly = await plotly();
  const cards = h('div', { class: 'chart-cards' });
  place.replaceChildren(cards);
  const total = said.came.reduce((sum, [, n]) => sum + n, 0);
  const draws = [
    card(answers, cards, { label: page.say('came_by_day'), answered: total }, days(said.came)),
    said.areas.length > 1 && card(answers, cards, { label: page.say('by_area'), answered: total }, bars(said.areas.map(([name, code, n]) => [code, name ?? page.say('nowhere'), n])), (code) => code && answers.narrow({ area: `${form.layer}:${code}` })),
    said.links.length > 1 && card(answers, cards, { label: page.say('by_link'), answered: total }, bars(said.links.slice(0, LONG).map(([name, n]) => [name, name, n]), ending)),
    ...said.charts.filter(({ answered }) => answered).map((chart) => card(answers, cards, chart, figure(chart), chart.kind === 'choices' && chart.sheet === form.root ? (value) => answers.narrow({ [`a.${chart.name}`]: value }) : null)),
  ];
  await Promise.all(draws.filter(Boolean).map((draw) => draw(Plotly)));
}

function figure(chart) {
  if (chart.kind === 'numbers') return histogram(chart);
  if (chart.kind === 'days') return days(chart.days);
  if (chart.kind === 'files') return null;
  return bars(chart.values);
}

function bars(values, cut = short) {
  const lines = values.toReversed();
  return { rows: values.map(([, name, n]) => [name, n]), height: values.length * ROW_PX + 16, keys: lines.map(([key]) => key), trace: { type: 'bar', orientation: 'h', y: lines.map((_, at) => at), x: lines.map(([, , n]) => n), text: lines.map(([, , n]) => String(n)), textposition: 'outside', cliponaxis: false, hoverinfo: 'none' }, layout: { bargap: 0.38, yaxis: { tickmode: 'array', tickvals: lines.map((_, at) => at), ticktext: lines.map(([, name]) => cut(name)), automargin: true, fixedrange: true }, xaxis: { visible: false, fixedrange: true, rangemode: 'tozero' } } };
}

function days(values) {
  return { rows: values, height: 170, trace: { type: 'bar', x: values.map(([day]) => day), y: values.map(([, n]) => n), hovertemplate: '%{x}: %{y}<extra></extra>' }, layout: { bargap: 0.2, xaxis: { type: values.length > 1 ? 'date' : 'category', tickformat: '%m/%d', nticks: 6, fixedrange: true }, yaxis: { rangemode: 'tozero', nticks: 4, tickformat: 'd', fixedrange: true } } };
}

function histogram({ least, most, bins, mean, median }) {
  const step = bins.length > 1 ? (most - least) / bins.length : 1;
  const middles = bins.map((_, at) => least + (bins.length > 1 ? (at + 0.5) * step : 0));
  const rows = bins.map((n, at) => [`${round(least + at * step)} – ${round(least + (at + 1) * step)}`, n]);
  return { rows, height: 170, facts: { least, most, mean, median }, trace: { type: 'bar', x: middles, y: bins, width: bins.length > 1 ? step * 0.92 : 0.4, customdata: rows.map(([name]) => name), hovertemplate: '%{customdata}: %{y}<extra></extra>' }, layout: { bargap: 0, xaxis: { fixedrange: true, nticks: 6 }, yaxis: { rangemode: 'tozero', nticks: 4, tickformat: 'd', fixedrange: true } } };
}

/* A card is there at once; what is returned draws it. */
function card(answers, cards, chart, made, act) {
  const { page } = answers;
  const plot = h('div', { class: 'chart-plot' });
  const facts = made?.facts ? h('dl', { class: 'chart-facts' }, Object.entries(made.facts).map(([name, value]) => [h('dt', { text: page.say(`fact.${name}`) }), h('dd', { text: page.number.format(round(value)) })])) : null;
  const head = h('header', {}, h('h2', { text: chart.label }), h('small', { text: page.say('answered', { n: page.number.format(chart.answered) }) }));
  cards.append(h('article', { class: 'chart-card', 'data-chart': chart.name ?? '' }, head, facts, made ? plot : h('p', { class: 'chart-files' }, icon('image'), page.say('answered', { n: chart.answered })), made ? hiddenTable(chart.label, [chart.label, page.say('count')], made.rows.map((row) => row.map(String))) : null));
  if (!made) return null;
  return async (Plotly) => {
    const { layout, trace, height } = made;
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { color: colour('--muted'), gridcolor: colour('--line'), zeroline: false, linecolor: colour('--line') };
    const own = { ...layout, height, margin: { l: 8, r: 34, t: 6, b: layout.yaxis.tickvals ? 6 : 26 }, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', font: { family: colour('--font'), size: 12, color: colour('--soft') }, hoverlabel: { bgcolor: colour('--raised-solid'), font: { color: colour('--ink') } }, xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis, automargin: true } };
    await Plotly.newPlot(plot, [{ ...trace, marker: { color: colour('--accent'), cornerradius: 3 } }], own, MODEBAR);
    if (act) plot.on('plotly_click', ({ points }) => act(made.keys[points[0].pointIndex ?? points[0].pointNumber]));
    plot.classList.toggle('can-filter', Boolean(act));
  };
}

const short = (text) => (text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text);
/** Addresses of a street differ at their end. */
const ending = (text) => (text.length > LONG ? `…${text.slice(1 - LONG)}` : text);
const round = (value) => Number(value?.toPrecision(4));
