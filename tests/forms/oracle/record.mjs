/** Records what @getodk/xforms-engine says of submissions: which questions violate required or constraint. */
import fs from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

globalThis.require = createRequire(`${process.cwd()}/`);
globalThis.__dirname = process.cwd();
const { JSDOM } = globalThis.require("jsdom");
const { window } = new JSDOM("", { url: "http://localhost/" });
const DOM = ["DOMParser", "XMLSerializer", "Node", "Element", "Document", "XMLDocument", "Attr", "Text", "CDATASection"];
const MORE = ["Comment", "ProcessingInstruction", "XPathResult", "XPathEvaluator", "DocumentFragment", "HTMLElement", "NodeFilter"];
for (const name of [...DOM, ...MORE, "document"]) globalThis[name] ??= window[name];
globalThis.window ??= window;

const [work, verdicts] = process.argv.slice(2);
const { loadForm } = await import(`${process.cwd()}/node_modules/@getodk/xforms-engine/dist/index.js`);
const out = {};
for (const { form, xform, submissions } of JSON.parse(fs.readFileSync(work, "utf8"))) {
  const fetchFormAttachment = async () => new Response("", { status: 404 });
  const loaded = await loadForm(xform, { fetchFormAttachment, missingResourceBehavior: "BLANK" });
  if (loaded.status === "failure") continue;
  out[form] = [];
  for (const text of submissions) {
    const resolveInstance = async () => new Response(text, { headers: { "content-type": "text/xml" } });
    const input = { inputType: "FORM_INSTANCE_INPUT_RESOLVABLE", resolveInstance, attachments: [] };
    const { root } = await loaded.editInstance(input);
    out[form].push(root.validationState.violations.map((each) => [each.reference, each.violation.condition]));
  }
}
fs.writeFileSync(verdicts, `${JSON.stringify(out, null, 0)}\n`);
process.exit(0);
