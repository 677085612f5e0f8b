// A link to a run that is folded up opens it.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.localName === "details" && !target.open) {
    target.open = true;
    target.scrollIntoView();
  }
}

addEventListener("hashchange", openTarget);
addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  // The address may be the present one, of which no event tells.
  if (link && link.hash) setTimeout(openTarget);
});
