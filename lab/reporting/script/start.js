controls(document.getElementById("controls"));
enhance(document);
openTarget();
document.documentElement.dataset.ready = "";
