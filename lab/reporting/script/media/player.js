// Plays a film with its controls below it, so that they cover nothing, and shows what is known of each frame.
const SPEEDS = [0.25, 0.5, 1, 2, 4];

class Player {
  constructor(figure, video) {
    this.video = video;
    this.trace = page.traces[figure.dataset.trace] || null;
    this.fps = this.trace ? this.trace.fps : 30;
    video.controls = false;
    this.button = el("button", { type: "button", class: "play" }, "Play");
    this.place = el("input", { type: "range", min: 0, value: 0, step: 1, "aria-label": "Frame" });
    this.words = el("output", {});
    const speed = el("select", { "aria-label": "Speed" }, ...SPEEDS.map((s) => el("option", { value: s, selected: s === 1 }, `${s} x`)));
    this.button.addEventListener("click", () => (video.paused ? video.play().catch(() => {}) : video.pause()));
    this.place.addEventListener("input", () => this.seek(Number(this.place.value)));
    speed.addEventListener("change", () => { video.playbackRate = Number(speed.value); });
    const step = (by, words) => el("button", { type: "button", "aria-label": words, on: { click: () => this.seek(this.frame + by) } }, by < 0 ? "◂" : "▸");
    this.bar = el("div", { class: "toolbar" }, this.button, step(-1, "One frame back"), step(1, "One frame on"), this.place, this.words, speed);
    this.panels = this.trace ? panelsOf(this.trace, (frame) => this.seek(frame)) : [];
    const left = el("div", {});
    video.before(el("div", { class: this.panels.length ? "player" : "" }, left, this.panels.length ? el("div", { class: "panels" }, ...this.panels.map((p) => p.node)) : null));
    left.append(video, this.bar);
    for (const event of ["timeupdate", "seeked", "loadedmetadata"]) video.addEventListener(event, () => this.show());
    video.addEventListener("play", () => { this.button.textContent = "Pause"; this.follow(); });
    video.addEventListener("pause", () => { this.button.textContent = "Play"; this.show(); });
    video.addEventListener("click", () => this.button.click());
    this.show();
  }

  get last() {
    if (this.trace) return this.trace.rewards.length;
    return Number.isFinite(this.video.duration) ? Math.max(0, Math.round(this.video.duration * this.fps) - 1) : 0;
  }

  get frame() {
    return Math.min(this.last, Math.max(0, Math.floor(this.video.currentTime * this.fps + 1e-4)));
  }

  seek(frame) {
    this.video.pause();
    // The middle of a frame, which no rounding takes to another.
    this.video.currentTime = (Math.min(this.last, Math.max(0, frame)) + 0.5) / this.fps;
    this.show();
  }

  follow() {
    this.show();
    if (!this.video.paused && this.video.isConnected) requestAnimationFrame(() => this.follow());
  }

  show() {
    const frame = this.frame;
    if (frame === this.seen && this.place.max === String(this.last)) return;
    this.seen = frame;
    this.place.max = String(this.last);
    this.place.value = String(frame);
    let words = `frame ${frame} of ${this.last}`;
    if (this.trace) {
      if (frame > 0) words += `, reward ${shown(this.trace.rewards[frame - 1])}`;
      if (frame === this.last) words += `, ${this.trace.ended}`;
    }
    this.words.textContent = words;
    for (const panel of this.panels) panel.show(frame);
  }
}

enhancers.push(["figure.episode", (figure) => new Player(figure, figure.querySelector("video"))]);
