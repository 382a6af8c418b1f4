/** Putting things into an order with buttons: works with a thumb, a keyboard and a screen reader alike. */
import Widget from 'enketo-core/src/js/widget.js';
import { make, say } from '../../assets/modules/page.mjs';

export default class Rank extends Widget {
  static get selector() { return 'input.rank'; }

  _init() {
    this.box = this.element.parentElement.querySelector('.option-wrapper');
    this.box.classList.add('widget', 'ranked');
    this.element.classList.add('hide');
    for (const item of this._items()) {
      const button = (step, key, sign) => make('button', { type: 'button', 'aria-label': say(key, { name: item.textContent.trim() }), onclick: (event) => { event.preventDefault(); this._move(item, step); event.currentTarget.focus(); } }, sign);
      item.append(make('span', { class: 'steps' }, button(-1, 'form.rank.up', '↑'), button(1, 'form.rank.down', '↓')));
    }
    this._order(this.originalInputValue.split(' '));
  }

  _items() { return [...this.box.querySelectorAll('label:not(.itemset-template)')]; }
  _value(item) { return item.querySelector('input').value; }

  _order(values) {
    for (const value of values) {
      const item = this._items().find((one) => this._value(one) === value);
      if (item) this.box.append(item);
    }
  }

  _move(item, step) {
    const items = this._items(), other = items[items.indexOf(item) + step];
    if (other) (step < 0 ? other : item).before(step < 0 ? item : other);
    this.originalInputValue = this._items().map(this._value).join(' ');
  }

  update() { this._order(this.originalInputValue.split(' ')); }
}
