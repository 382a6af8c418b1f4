/** A photo, made small on the phone before it is kept, or another file that fits. */
import Widget from 'enketo-core/src/js/widget.js';
import { make, say } from '../../assets/modules/page.mjs';
import { shrink } from '../../assets/modules/photo.mjs';
import * as files from './files.mjs';

const DRAWN = '.or-appearance-draw, .or-appearance-signature', PIXELS = 1600, PHOTO_BYTES = 1_200_000, LEAST_ROOM = 60_000;
let number = 0;

export default class FileWidget extends Widget {
  static get selector() { return '.question input[data-file]'; }
  static condition(element) { return !element.closest('.question').matches(DRAWN); }

  _init() {
    const { file: accept } = this.element.dataset;
    this.isPhoto = accept.startsWith('image');
    this.shown = make('div', { class: 'kept-file' });
    this.told = make('p', { class: 'soft', role: 'status' });
    number += 1;
    const camera = /\bnew(-front)?\b/.exec(this.props.appearances.join(' '));
    this.input = make('input', { type: 'file', class: 'ignore hidden-file', id: `file-${number}`, accept: accept || null, capture: camera ? (camera[1] ? 'user' : 'environment') : null, onchange: () => this._took() });
    this.button = make('label', { class: 'button second', for: `file-${number}` }, say(this.isPhoto ? 'form.photo.add' : 'form.file.add'));
    this.element.classList.add('hide');
    this.element.after(make('div', { class: 'widget file' }, this.shown, this.input, this.button, this.told));
    this._show();
    if (this.props.readonly) this.disable();
  }

  async _took() {
    const [chosen] = this.input.files;
    if (!chosen) return;
    this.told.textContent = say('photo.working');
    try {
      const name = this.isPhoto ? await this._photo(chosen) : await this._other(chosen);
      this._forget();
      this.originalInputValue = name;
      this.told.textContent = '';
    } catch (error) {
      this.told.textContent = say(error.message === 'room' ? 'form.file.room' : 'photo.failed');
    }
    this.input.value = '';
    this._show();
  }

  async _photo(chosen) {
    const room = files.room();
    if (room < LEAST_ROOM) throw new Error('room');
    const most = Number(this.element.dataset.maxPixels) || PIXELS;
    return files.put('photo', 'jpg', 'image/jpeg', await shrink(chosen, Math.min(most, PIXELS), Math.min(PHOTO_BYTES, room)));
  }

  async _other(chosen) {
    if (chosen.size > files.room()) throw new Error('room');
    const ending = /\.(\w{1,8})$/.exec(chosen.name)?.[1].toLowerCase() ?? 'bin';
    return files.put('file', ending, chosen.type || 'application/octet-stream', new Uint8Array(await chosen.arrayBuffer()));
  }

  _forget() { files.forget(this.originalInputValue); }

  _show() {
    const name = this.originalInputValue, file = files.get(name);
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = file && this.isPhoto ? URL.createObjectURL(new Blob([file.bytes], { type: file.type })) : null;
    const remove = make('button', { type: 'button', class: 'remove', 'aria-label': say('form.file.remove'), onclick: () => { this._forget(); this.originalInputValue = ''; this._show(); this.input.focus(); } }, '×');
    this.shown.replaceChildren(...(name ? [this.address ? make('img', { src: this.address, alt: say('form.photo.alt') }) : make('span', {}, name), remove] : []));
    this.button.textContent = say(name ? (this.isPhoto ? 'form.photo.again' : 'form.file.again') : this.isPhoto ? 'form.photo.add' : 'form.file.add');
  }

  disable() { this.input.disabled = true; }
  enable() { this.input.disabled = false; }
  update() { this._show(); }
}
