/* Marks of teams, drawn once on a canvas: a shield, filled when free, split when busy, hollow when off duty. */

const SIZE = 64;

export function addIcons(map) {
  const marks = { 'team-free': ['#dff3ff', '#56b4e9'], 'team-busy': ['#56b4e9', '#dff3ff'], 'team-off': ['#0a1422', '#6b829f'] };
  for (const [name, [fill, edge]] of Object.entries(marks)) {
    if (!map.hasImage(name)) map.addImage(name, drawn(fill, edge), { pixelRatio: 2 });
  }
}

function drawn(fill, edge) {
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  const pen = canvas.getContext('2d');
  pen.shadowColor = 'rgba(0,8,20,.9)';
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
