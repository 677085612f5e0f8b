// Builds what the server sends as trees, not as HTML: elements and attributes that the page has anyway, and text.
const TAGS = new Set(["a", "aside", "code", "dd", "div", "dl", "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "img",
  "li", "p", "progress", "section", "span", "strong", "table", "caption", "tbody", "td", "th", "thead", "tr", "ul", "video"]);
const SHAPES = new Set(["svg", "g", "circle", "text", "image", "use", "defs"]);
const ATTRIBUTES = new Set(["alt", "aria-hidden", "aria-label", "class", "controls", "data-chart", "data-part", "data-sort",
  "data-step", "data-trace", "height", "id", "loop", "max", "muted", "playsinline", "preload", "r", "role", "scope",
  "tabindex", "text-anchor", "transform", "value", "viewBox", "width", "x", "y"]);
const ADDRESSES = new Set(["href", "poster", "src"]);
const SAFE = /^(#|media\/|data:(image\/(png|gif|jpeg)|video\/mp4);base64,)/;

function built(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [name, attributes, ...children] = tree;
  if (!TAGS.has(name) && !SHAPES.has(name)) return document.createTextNode("");
  const allowed = Object.entries(attributes)
    .filter(([key, value]) => ATTRIBUTES.has(key) || (ADDRESSES.has(key) && SAFE.test(value)));
  return (SHAPES.has(name) ? svg : el)(name, Object.fromEntries(allowed), ...children.map(built));
}
