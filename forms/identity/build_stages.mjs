/**
 * Writes what tells a face from all else into forms/assets/modules/face_stages.mjs, for faces.mjs. Run by .ci/setup.
 *
 * The stages are OpenCV's frontal face cascade "alt" (Rainer Lienhart) as the package tracking brings it: width and height of the
 * window; for each stage its least sum and number of stumps; for each stump whether it is tilted (none is), its number of boxes,
 * each box as left, top, width, height and weight, then the limit, and what counts below it and from it on.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..'), PACKAGE = path.join(ROOT, 'node_modules/tracking');
const OUT = path.join(ROOT, 'forms/assets/modules/face_stages.mjs'), WINDOW = 20, DIGITS = 5;

/** The stages without the window and the tilts, which faces.mjs knows. */
function stages(numbers) {
  const [width, height] = numbers, kept = [];
  if (width !== WINDOW || height !== WINDOW) throw new Error(`a window of ${width} × ${height}`);
  let at = 2;
  const take = (count) => kept.push(...numbers.slice(at, (at += count)));
  while (at < numbers.length) {
    const stumps = numbers[at + 1];
    take(2);
    for (let stump = 0; stump < stumps; stump += 1) {
      if (numbers[at]) throw new Error('a tilted stump');
      at += 1;
      take(1 + numbers[at] * 5 + 3);
    }
  }
  return kept;
}

const source = readFileSync(path.join(PACKAGE, 'build/data/face-min.js'), 'utf8');
const numbers = JSON.parse(source.match(/\[[^\]]*\]/)[0].replace(/(^|[[,-])\./g, '$10.'));
const licence = readFileSync(path.join(PACKAGE, 'LICENSE.md'), 'utf8').trim();
const said = stages(numbers).map((number) => Number(number.toPrecision(DIGITS)));
mkdirSync(path.dirname(OUT), { recursive: true });
writeFileSync(OUT, `/* OpenCV's frontal face cascade "alt", Copyright (C) 2000 Intel Corporation (BSD); of tracking.js:\n${licence}\n*/\nexport const STAGES = Float32Array.of(${said.join()});\n`);
