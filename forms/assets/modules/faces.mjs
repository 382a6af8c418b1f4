/**
 * Faces that look ahead, in a small grey picture: boosted stumps over boxes of light and dark, early stages first, so that most of a
 * picture costs little (Viola and Jones 2001; Lienhart and Maydt 2002). Nothing is recognised, and nothing leaves the page.
 */
import { STAGES } from './face_stages.mjs';

const WINDOW = 20, EDGE = 1, AREA = (WINDOW - 2 * EDGE) ** 2, LEAST = 24, GROW = 1.15, VOTES = 3, NEAR = 0.35;

/**
 * @param {Float32Array} grey rows of light, 0 to 255 @param {number} width @param {number} height
 * @returns {{x: number, y: number, side: number}[]} squares, the largest first
 */
export function findFaces(grey, width, height) {
  const found = [];
  for (let side = LEAST; side < Math.min(width, height); side *= GROW) {
    const scale = side / WINDOW, small = shrunk(grey, width, height, scale), sums = integral(small), across = small.width + 1;
    for (let y = 0; y + WINDOW <= small.height; y += 1) for (let x = 0; x + WINDOW <= small.width; x += 1) if (isFace(sums, across, y * across + x)) found.push({ x: x * scale, y: y * scale, side });
  }
  return grouped(found);
}

/**
 * How faces that look ahead stand in a picture; while somebody turns or blinks, only that nobody else is there.
 * @param {{x: number, y: number, side: number}[]} faces
 */
export function placed(faces, width, height, step) {
  if (faces.length > 1) return 'many_faces';
  if (step !== 'front') return 'good';
  if (!faces.length) return 'no_face';
  const [{ x, y, side }] = faces, least = Math.min(width, height);
  if (side < least / 4) return 'far';
  return Math.hypot(x + side / 2 - width / 2, y + side / 2 - height / 2) > least * 0.3 ? 'off_centre' : 'good';
}

/** The picture at another size, so that a face is as large as the window: the mean of four points of each pixel. */
function shrunk(grey, wide, high, scale) {
  const width = Math.floor(wide / scale), height = Math.floor(high / scale), light = new Float32Array(width * height), quarter = scale / 4;
  const at = (x, y) => grey[Math.min(high - 1, Math.floor(y)) * wide + Math.min(wide - 1, Math.floor(x))];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const left = x * scale + quarter, top = y * scale + quarter, right = left + 2 * quarter, low = top + 2 * quarter;
      light[y * width + x] = (at(left, top) + at(right, top) + at(left, low) + at(right, low)) / 4;
    }
  }
  return { light, width, height };
}

/** Sums of light and of its squares above and to the left of each corner. */
function integral({ light, width, height }) {
  const across = width + 1, plain = new Float64Array(across * (height + 1)), squares = new Float64Array(plain.length);
  for (let y = 0; y < height; y += 1) {
    let row = 0, rowSquares = 0;
    for (let x = 0; x < width; x += 1) {
      const one = light[y * width + x], at = (y + 1) * across + x + 1;
      row += one;
      rowSquares += one * one;
      plain[at] = plain[at - across] + row;
      squares[at] = squares[at - across] + rowSquares;
    }
  }
  return { plain, squares };
}

/** @param {number} corner where the window begins in the sums */
function isFace({ plain, squares }, across, corner) {
  const first = corner + EDGE * across + EDGE, side = WINDOW - 2 * EDGE, last = first + side * across;
  const mean = (plain[first] - plain[first + side] - plain[last] + plain[last + side]) / AREA;
  const spread = Math.sqrt(Math.max(1, (squares[first] - squares[first + side] - squares[last] + squares[last + side]) / AREA - mean * mean)) * AREA;
  for (let at = 0; at < STAGES.length;) {
    const least = STAGES[at], stumps = STAGES[at + 1];
    let sum = 0;
    at += 2;
    for (let n = 0; n < stumps; n += 1) {
      const end = at + 1 + STAGES[at] * 5;
      let light = 0;
      for (let box = at + 1; box < end; box += 5) {
        const top = corner + STAGES[box + 1] * across + STAGES[box], low = top + STAGES[box + 3] * across, wide = STAGES[box + 2];
        light += (plain[top] - plain[top + wide] - plain[low] + plain[low + wide]) * STAGES[box + 4];
      }
      sum += light < STAGES[end] * spread ? STAGES[end + 1] : STAGES[end + 2];
      at = end + 3;
    }
    if (sum < least) return false;
  }
  return true;
}

/** Windows that mean the same face, as one; what only one or two windows saw is none. */
function grouped(found) {
  const groups = [];
  for (const one of found) {
    const near = groups.find(({ x, y, side, votes }) => Math.max(Math.abs(x / votes - one.x), Math.abs(y / votes - one.y), Math.abs(side / votes - one.side)) < NEAR * side / votes);
    if (near) { near.x += one.x; near.y += one.y; near.side += one.side; near.votes += 1; } else groups.push({ ...one, votes: 1 });
  }
  const faces = groups.filter(({ votes }) => votes >= VOTES).map(({ x, y, side, votes }) => ({ x: x / votes, y: y / votes, side: side / votes }));
  return faces.sort((one, other) => other.side - one.side).filter((one, at, all) => !all.slice(0, at).some((larger) => one.x + one.side / 2 > larger.x && one.x + one.side / 2 < larger.x + larger.side && one.y + one.side / 2 > larger.y && one.y + one.side / 2 < larger.y + larger.side));
}
