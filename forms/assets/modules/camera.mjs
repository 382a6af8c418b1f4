/**
 * Frames for a comparison, taken step by step in the page: a frontal one, the movements that were asked for, a document where one is
 * needed. What is said of light and sharpness here is a help; the full look is the government's side's. Without a camera, by files.
 */
import { make, say } from './page.mjs';
import { shrink } from './photo.mjs';

const SIDE = 640, BYTES = 220_000, SMALL = 160, EVERY_MS = 400, BURST_MS = 160, AGAIN_MS = 50, MOST_TRIES = 40, DARK = 55, BRIGHT = 215, BLURRED = 12;
const BURSTS = { front: 1, blink: 4, turn_left: 2, turn_right: 2, document: 1 };
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * @param {(...parts: Node[]) => void} show
 * @param {string[]} steps
 * @param {() => void} leave another way is wanted
 * @returns {Promise<{name: string, bytes: Uint8Array}[] | null>}
 */
export async function capture(show, steps, leave) {
  const frames = [];
  let stream = null;
  try {
    for (const [at, step] of steps.entries()) {
      const far = say('identity.step', { n: at + 1, all: steps.length });
      if (step !== 'document') stream ??= await openCamera();
      const taken = stream && step !== 'document' ? await filmed(show, stream, step, far, leave, frames.map(({ bytes }) => bytes)) : await chosen(show, step, far, leave);
      if (!taken) return null;
      frames.push(...taken.map((bytes, number) => ({ name: taken.length > 1 ? `${step}-${number}` : step, bytes })));
    }
  } finally { stream?.getTracks().forEach((track) => track.stop()); }
  return frames;
}

async function openCamera() {
  try { return await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 960 } }, audio: false }); } catch { return null; }
}

const asked = (step, far) => [make('p', { class: 'soft' }, far), make('p', { class: 'now', role: 'status' }, say(`identity.do.${step}`))];

function filmed(show, stream, step, far, leave, before) {
  const video = make('video', { muted: true, playsinline: true, autoplay: true, class: 'camera', 'aria-label': say('identity.camera') });
  const told = make('p', { class: 'quality', role: 'status' });
  video.srcObject = stream;
  return new Promise((done) => {
    let timer = null;
    const end = (value) => { clearInterval(timer); done(value); };
    const take = make('button', { type: 'button', class: 'main', id: 'take', onclick: async () => {
      take.disabled = true;
      const frames = [];
      for (let n = 0; n < BURSTS[step]; n += 1) { frames.push(await freshFrame(video, [...before, ...frames])); await pause(BURST_MS); }
      end(frames);
    } }, say('identity.take'));
    show(...asked(step, far), video, told, make('div', { class: 'ways two' }, take, make('button', { type: 'button', onclick: () => { end(null); leave(); } }, say('identity.other'))));
    let busy = false;
    timer = setInterval(async () => {
      if (busy || !video.videoWidth) return;
      busy = true;
      try { told.textContent = say(`identity.quality.${await quality(video, step)}`); } finally { busy = false; }
    }, EVERY_MS);
  });
}

function chosen(show, step, far, leave) {
  const input = make('input', { type: 'file', id: `picture-${step}`, class: 'hidden-file', accept: 'image/*', capture: step === 'document' ? 'environment' : 'user' });
  const told = make('p', { role: 'alert', class: 'trouble-text' });
  return new Promise((done) => {
    input.addEventListener('change', async () => {
      if (!input.files[0]) return;
      try { done([await shrink(input.files[0], step === 'document' ? 1600 : SIDE * 1.5, step === 'document' ? 450_000 : BYTES)]); } catch { told.textContent = say('photo.failed'); }
    });
    show(...asked(step, far), make('div', { class: 'ways two' }, make('label', { class: 'button main', for: input.id }, say('identity.choose')), make('button', { type: 'button', onclick: () => { done(null); leave(); } }, say('identity.other'))), input, told);
  });
}

function painted(video, side) {
  const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight)), canvas = document.createElement('canvas');
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A frame that was not taken before: a slow camera gives the same picture twice, which would look like a photo of a photo. */
async function freshFrame(video, before) {
  for (let tries = 0; ; tries += 1) {
    const bytes = await frameOf(video);
    if (tries === MOST_TRIES || !before.some((one) => one.length === bytes.length && one.every((byte, at) => byte === bytes[at]))) return bytes;
    await pause(AGAIN_MS);
  }
}

async function frameOf(video) {
  const blob = await new Promise((done) => { painted(video, SIDE).toBlob(done, 'image/jpeg', 0.92); });
  return new Uint8Array(await blob.arrayBuffer());
}

/** One word about a picture: dark, bright, blurred, no_face, many_faces, far, off_centre, good. */
async function quality(video, step) {
  const canvas = painted(video, SMALL), { width, height } = canvas, { light, sharp, grey } = measured(canvas.getContext('2d').getImageData(0, 0, width, height));
  if (light < DARK) return 'dark';
  if (light > BRIGHT) return 'bright';
  if (sharp < BLURRED) return 'blurred';
  const { findFaces, placed } = await import('./faces.mjs');
  return placed(findFaces(grey, width, height), width, height, step);
}

/** Mean grey of the middle, the variance of its Laplacian, and the whole picture in grey. @param {ImageData} image */
export function measured({ data, width, height }) {
  const grey = new Float32Array(width * height);
  for (let at = 0; at < grey.length; at += 1) grey[at] = 0.299 * data[at * 4] + 0.587 * data[at * 4 + 1] + 0.114 * data[at * 4 + 2];
  let sum = 0, count = 0, edges = 0, squares = 0;
  for (let y = Math.max(1, height >> 2); y < height - Math.max(1, height >> 2); y += 1) {
    for (let x = Math.max(1, width >> 2); x < width - Math.max(1, width >> 2); x += 1) {
      const at = y * width + x, edge = grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width] - 4 * grey[at];
      sum += grey[at]; edges += edge; squares += edge * edge; count += 1;
    }
  }
  return { light: sum / count, sharp: squares / count - (edges / count) ** 2, grey };
}
