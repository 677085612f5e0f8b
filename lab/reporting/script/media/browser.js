// Pictures and films of one kind that a run made as it went on: one at a time, by a slider.
enhancers.push([".browser", (group) => {
  const slides = [...group.querySelectorAll(":scope > figure")];
  const place = el("input", { type: "range", min: 0, max: slides.length - 1, step: 1, "aria-label": "Which one" });
  const words = el("output", {});
  const show = (at) => {
    slides.forEach((slide, i) => {
      slide.classList.toggle("away", i !== at);
      const video = slide.querySelector("video");
      if (video && i !== at) video.pause();
    });
    place.value = String(at);
    const step = slides[at].dataset.step;
    words.textContent = `${at + 1} of ${slides.length}${step ? `, step ${Number(step).toLocaleString("en")}` : ""}`;
  };
  const move = (by, name) => el("button", { type: "button", "aria-label": name, on: { click: () => show(Math.min(slides.length - 1, Math.max(0, Number(place.value) + by))) } }, by < 0 ? "◂" : "▸");
  place.addEventListener("input", () => show(Number(place.value)));
  group.prepend(el("div", { class: "toolbar" }, move(-1, "Earlier"), place, move(1, "Later"), words));
  group.classList.add("slides");
  show(slides.length - 1);
}]);
