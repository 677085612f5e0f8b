// Follows runs that go on: the server sends what has changed, and this puts it in its place.
const waiting = new Map();

function put(name, tree) {
  const old = document.querySelector(`[data-part="${CSS.escape(name)}"]`);
  if (!old) return;
  const playing = [...old.querySelectorAll("video")].find((video) => !video.paused);
  if (playing) {
    // Not while somebody watches.
    if (!waiting.has(name)) playing.addEventListener("pause", () => { const latest = waiting.get(name); waiting.delete(name); put(name, latest); }, { once: true });
    waiting.set(name, tree);
    return;
  }
  const fresh = built(tree);
  const places = [...old.querySelectorAll(".scroll, .chosen")].map((node) => [node.scrollLeft, node.scrollTop]);
  old.replaceWith(fresh);
  enhance(fresh);
  [...fresh.querySelectorAll(".scroll, .chosen")].forEach((node, i) => {
    if (places[i]) [node.scrollLeft, node.scrollTop] = places[i];
  });
}

function take(change) {
  if (change.title !== undefined) document.title = change.title;
  for (const kind of ["series", "charts", "traces"]) Object.assign(page[kind], change[kind] || {});
  for (const [name, tree] of Object.entries(change.parts || {})) put(name, tree);
  redraw();
}

function follow() {
  const status = el("span", { id: "connection", role: "status" }, "connecting");
  document.getElementById("controls").append(status);
  const say = (words, kind) => {
    status.textContent = words;
    status.className = kind;
  };
  const events = new EventSource(`events?since=${encodeURIComponent(page.version)}`);
  events.addEventListener("open", () => say("live", "connected"));
  events.addEventListener("error", () => say("connection lost; the page stays as it was", "lost"));
  events.addEventListener("message", (event) => take(JSON.parse(event.data)));
  events.addEventListener("renew", () => {
    events.close();
    location.reload();
  });
}

follow();
