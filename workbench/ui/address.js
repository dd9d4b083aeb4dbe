// Writes values into the address of the page without loading it again; shows nothing.
function render({ model, el }) {
  el.style.display = "none";

  function write() {
    const address = new URL(window.location);
    for (const [name, value] of Object.entries(model.get("values"))) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address);
  }

  model.on("change:values", write);
  write();
  return () => model.off("change:values", write);
}

export default { render };
