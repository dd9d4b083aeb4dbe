// Grading with keys and buttons. The page names the document it grades; the kernel checks that it is still the one shown.
// Client text never passes through here: documents are shown by the kernel, as text it has escaped.
const PATIENCE = 10000;

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function render({ model, el }) {
  let waiting = null;
  const button = (text, act, title) => {
    const node = make("button", { type: "button", className: "jupyter-button", textContent: text, title, onclick: () => ask(act) });
    node.dataset.act = act;
    return node;
  };
  const grades = make("div", { className: "wb-grades", role: "group", ariaLabel: "Grade of this document" });
  const pips = make("ol", { className: "wb-grading-pips", ariaHidden: "true" });
  const [back, next] = [button("Previous (k)", "previous", "The document before"), button("Next (j)", "next", "The document after")];
  const undo = button("Undo (u)", "undo", "Take the last grade back");
  const off = button("Put question off (n)", "put_off", "Questions after it count once it is graded");
  const again = button("Back to the one put off", "go_back", "Take up the question that was put off first");
  const status = make("p", { className: "wb-grading-status", role: "status" });
  status.setAttribute("aria-live", "polite");
  const others = make("div", { className: "wb-grading-acts" }, back, next, undo, off, again);
  el.classList.add("wb-grading-bar");
  el.append(grades, make("div", { className: "wb-grading-foot" }, pips, others), status);

  for (const [value, word, meaning] of model.get("meanings")) {
    const node = make("button", { type: "button", onclick: () => grade(value) },
      make("kbd", { textContent: value }), make("span", {}, make("b", { textContent: word }), make("small", { textContent: meaning })));
    node.dataset.grade = value;
    grades.append(node);
  }

  function draw() {
    const card = model.get("card");
    clearTimeout(waiting);
    waiting = null;
    el.removeAttribute("data-waiting");
    const open = Boolean(card.doc_id);
    for (const node of grades.children) {
      node.setAttribute("aria-pressed", String(open && Number(node.dataset.grade) === card.grade));
      node.disabled = !open || !card.ready;
    }
    const here = card.documents.findIndex((document) => document.here);
    const may = { previous: open && here > 0, next: open && here < card.documents.length - 1, undo: card.undoable && card.ready, put_off: open, go_back: card.put_off > 0 };
    for (const node of others.children) node.setAttribute("aria-disabled", String(!may[node.dataset.act]));
    again.hidden = !(card.put_off > 0);
    pips.replaceChildren(...card.documents.map(({ state, grade, here }) => {
      const pip = make("li", { textContent: grade ?? "" });
      pip.dataset.state = state;
      if (here) pip.dataset.here = "";
      return pip;
    }));
    status.textContent = card.status;
  }

  function send(message) {
    if (waiting !== null) return;
    el.dataset.waiting = "";
    waiting = setTimeout(() => {
      waiting = null;
      el.removeAttribute("data-waiting");
      status.textContent = "No answer yet: the last key may not be kept. Wait, or reload the page to see what was kept.";
    }, PATIENCE);
    model.send(message);
  }

  function ask(act) {
    const node = [...others.children].find((one) => one.dataset.act === act);
    if (node.getAttribute("aria-disabled") !== "true") send({ act });
  }

  function grade(value) {
    const { query_id, doc_id, ready } = model.get("card");
    if (doc_id && ready) send({ act: "grade", query_id, doc_id, grade: value });
  }

  function keys(event) {
    if (el.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog, [contenteditable='true']") || document.querySelector("dialog[open]")) return;
    const act = { j: "next", k: "previous", u: "undo", n: "put_off", s: "put_off" }[event.key];
    const value = "0123".includes(event.key) && event.key.length === 1 ? Number(event.key) : null;
    if (!act && value === null) return;
    event.preventDefault();
    if (event.repeat) return;
    if (act) ask(act);
    else grade(value);
  }

  // A list or a field that keeps the focus would take the grades typed next: "2" would choose "20 questions".
  function leave(event) {
    if (!el.closest(".wb-grading")?.contains(event.target)) return;
    const chosen = event.type === "change" && event.target.matches("select:not(:focus-visible)");
    if (chosen || (event.key === "Enter" && event.target.matches("input"))) event.target.blur();
  }

  model.on("change:card", draw);
  document.addEventListener("keydown", keys);
  document.addEventListener("keydown", leave);
  document.addEventListener("change", leave);
  draw();
  model.send({ act: "shown" });
  return () => {
    document.removeEventListener("keydown", keys);
    document.removeEventListener("keydown", leave);
    document.removeEventListener("change", leave);
    clearTimeout(waiting);
    model.off("change:card", draw);
  };
}

export default { render };
