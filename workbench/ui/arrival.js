// Tells the kernel that the page has come up: from then on it can be given widgets, which before would be lost.
function render({ model, el }) {
  el.style.display = "none";
  model.send({ arrived: true });
}

export default { render };
