// What the page shows, as data: nothing of it is ever read as HTML.
const page = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  // `append` makes text nodes of texts.
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}

const el = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

// Each kind of thing on the page says here how it is brought to life; parts that the live page replaces are again.
const enhancers = [];
const enhanced = new WeakSet();

function enhance(root) {
  for (const [selector, bring] of enhancers) {
    for (const node of root.querySelectorAll(selector)) {
      if (enhanced.has(node)) continue;
      enhanced.add(node);
      bring(node);
    }
  }
}
