/** A drawing or a signature with a finger, kept as a picture. */
import Widget from 'enketo-core/src/js/widget.js';
import { make, say } from '../../assets/modules/page.mjs';
import * as files from './files.mjs';

const WIDTH = 900, INK = '#14212e', PAPER = '#ffffff';

export default class Draw extends Widget {
  static get selector() { return '.or-appearance-draw input[data-file], .or-appearance-signature input[data-file]'; }

  _init() {
    const isSignature = this.question.matches('.or-appearance-signature');
    this.canvas = make('canvas', { width: WIDTH, height: isSignature ? WIDTH * 0.4 : WIDTH * 0.75, role: 'img', 'aria-label': say(isSignature ? 'form.sign' : 'form.draw') });
    this.pen = this.canvas.getContext('2d');
    this.clear = make('button', { type: 'button', class: 'second', onclick: () => this._clear() }, say('form.draw.clear'));
    this.element.classList.add('hide');
    this.element.after(make('div', { class: 'widget draw' }, make('p', { class: 'soft' }, say(isSignature ? 'form.sign' : 'form.draw')), this.canvas, this.clear));
    this._blank();
    this._restore();
    this._hands();
  }

  _blank() {
    Object.assign(this.pen, { fillStyle: PAPER, strokeStyle: INK, lineWidth: 5, lineCap: 'round', lineJoin: 'round' });
    this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  _restore() {
    const file = files.get(this.originalInputValue);
    this.clear.hidden = !file;
    if (!file) return;
    const picture = make('img', { src: URL.createObjectURL(new Blob([file.bytes], { type: file.type })), alt: '' });
    picture.addEventListener('load', () => { this.pen.drawImage(picture, 0, 0); URL.revokeObjectURL(picture.src); });
  }

  _hands() {
    const { canvas, pen } = this;
    let drawing = false;
    const at = ({ offsetX, offsetY }) => [offsetX * canvas.width / canvas.clientWidth, offsetY * canvas.height / canvas.clientHeight];
    canvas.addEventListener('pointerdown', (event) => { if (this.props.readonly) return; drawing = true; canvas.setPointerCapture(event.pointerId); pen.beginPath(); pen.moveTo(...at(event)); pen.lineTo(...at(event)); pen.stroke(); });
    canvas.addEventListener('pointermove', (event) => { if (drawing) { pen.lineTo(...at(event)); pen.stroke(); } });
    canvas.addEventListener('pointerup', () => { if (drawing) { drawing = false; this._keep(); } });
    canvas.addEventListener('pointercancel', () => { drawing = false; });
  }

  _keep() {
    this.canvas.toBlob(async (blob) => {
      files.forget(this.originalInputValue);
      this.originalInputValue = files.put('drawing', 'png', 'image/png', new Uint8Array(await blob.arrayBuffer()));
      this.clear.hidden = false;
    }, 'image/png');
  }

  _clear() {
    files.forget(this.originalInputValue);
    this._blank();
    this.originalInputValue = '';
    this.clear.hidden = true;
  }
}
