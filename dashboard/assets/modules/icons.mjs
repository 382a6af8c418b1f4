/* Marks of teams, drawn once on a canvas: a shield, filled when free, split when busy, hollow when off duty. */

const SIZE = 64;

/* Fill, edge and shade by theme. */
const MARKS = {
  dark: { 'team-free': ['#e6f0fb', '#56b4e9'], 'team-busy': ['#56b4e9', '#e6f0fb'], 'team-off': ['#0a1422', '#6b829f'], shade: 'rgba(0,8,20,.9)' },
  light: { 'team-free': ['#12202f', '#0b63b0'], 'team-busy': ['#0b63b0', '#12202f'], 'team-off': ['#f3f6fa', '#63728c'], shade: 'rgba(255,255,255,.9)' },
};

/** Give the map its marks, or those of another theme. */
export function addIcons(map, theme = 'dark') {
  const { shade, ...marks } = MARKS[theme] ?? MARKS.dark;
  for (const [name, [fill, edge]] of Object.entries(marks)) {
    const image = drawn(fill, edge, shade);
    if (map.hasImage(name)) map.updateImage(name, image);
    else map.addImage(name, image, { pixelRatio: 2 });
  }
}

function drawn(fill, edge, shade) {
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen.shadowColor = shade;
  pen.shadowBlur = 8;
  pen.beginPath();
  pen.moveTo(32, 8);
  pen.lineTo(54, 16);
  pen.quadraticCurveTo(55, 44, 32, 57);
  pen.quadraticCurveTo(9, 44, 10, 16);
  pen.closePath();
  pen.fillStyle = fill;
  pen.fill();
  pen.shadowBlur = 0;
  pen.lineWidth = 5;
  pen.strokeStyle = edge;
  pen.stroke();
  return pen.getImageData(0, 0, SIZE, SIZE);
}
