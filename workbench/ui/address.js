// Writes values into the address of the page without loading it again; shows nothing. Another view is a step of the browser's
// history: Back tells the kernel which view it leads to.
const VIEW = "view";

function render({ model, el }) {
  el.style.display = "none";
  let returning = null; // the view Back leads to, until the kernel is there too: what it says meanwhile is outdated

  function write() {
    const values = model.get("values");
    if (returning !== null && values[VIEW] !== returning) return;
    returning = null;
    const address = new URL(window.location);
    for (const [name, value] of Object.entries(values)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (address.href === window.location.href) return;
    const before = new URL(window.location).searchParams.get(VIEW);
    const step = before !== null && before !== values[VIEW];
    window.history[step ? "pushState" : "replaceState"](window.history.state, "", address);
  }

  function back() {
    const view = new URL(window.location).searchParams.get(VIEW);
    if (view === null || view === (returning ?? model.get("values")[VIEW])) return;
    returning = view;
    model.send({ view });
  }

  model.on("change:values", write);
  window.addEventListener("popstate", back);
  write();
  return () => {
    model.off("change:values", write);
    window.removeEventListener("popstate", back);
  };
}

export default { render };
