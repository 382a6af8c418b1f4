/** What browsers of 2018 lack and this page uses; loaded before everything else. */
if (typeof globalThis === 'undefined') self.globalThis = self;

const add = (prototype, name, value) => { if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true }); };
add(String.prototype, 'replaceAll', function replaceAll(from, to) {
  return from instanceof RegExp ? this.replace(from, to) : this.split(from).join(to);
});
add(String.prototype, 'matchAll', function* matchAll(pattern) {
  const again = new RegExp(pattern.source, pattern.flags);
  for (let found = again.exec(this); found; found = again.exec(this)) yield found;
});
add(Element.prototype, 'replaceChildren', function replaceChildren(...children) {
  while (this.firstChild) this.removeChild(this.firstChild);
  this.append(...children);
});
add(Object, 'fromEntries', (entries) => [...entries].reduce((whole, [name, value]) => { whole[name] = value; return whole; }, {}));
add(globalThis, 'queueMicrotask', (work) => { Promise.resolve().then(work); });
add(Blob.prototype, 'arrayBuffer', function arrayBuffer() { return new Response(this).arrayBuffer(); });
add(Array.prototype, 'flatMap', function flatMap(make) { return [].concat(...this.map(make)); });
