// The list of questions: search, filter, sort and choose without asking the kernel; only the choice goes back.
// Client text enters the page as text nodes, never as markup.
const PAGE = 100;

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function select(label, options, onchange) {
  const box = make("select", { ariaLabel: label, onchange });
  for (const [value, text] of options) box.append(make("option", { value, textContent: text }));
  return box;
}

const number = (value) => value.toLocaleString("en-US");

const COLUMNS = [
  { key: "text", compare: (a, b) => a.text.localeCompare(b.text) },
  { key: "outcome", compare: (a, b) => a.place - b.place },
  { key: "before", compare: (a, b) => (a.before ?? Infinity) - (b.before ?? Infinity) || 0 },
  { key: "after", compare: (a, b) => (a.after ?? Infinity) - (b.after ?? Infinity) || 0 },
  { key: "codes", compare: (a, b) => a.codes.join().localeCompare(b.codes.join()) },
];

function render({ model, el }) {
  const state = { sort: null, descending: false, shown: PAGE, rows: [], matching: [] };
  const search = make("input", { type: "search", placeholder: "Search questions", ariaLabel: "Search questions" });
  search.dataset.search = "";
  search.addEventListener("input", () => refresh());
  const filters = make("div", { className: "wb-questions-filters" });
  const count = make("span", { className: "wb-muted", role: "status" });
  const head = make("thead");
  const body = make("tbody");
  const widths = make("colgroup", {}, ...COLUMNS.map(({ key }) => make("col", { className: `wb-questions-${key}` })));
  const more = make("button", { className: "jupyter-button", type: "button", textContent: "Show more" });
  more.addEventListener("click", () => { state.shown += PAGE; draw(); });
  const frame = make("div", { className: "wb-table wb-questions-table", tabIndex: 0 }, make("table", {}, widths, head, body), more);
  frame.setAttribute("aria-label", "Questions; j and k choose the next and the previous one");
  el.classList.add("wb-questions");
  el.append(make("div", { className: "wb-questions-tools" }, search, filters, count), frame);

  let outcome, code;

  function load() {
    const labels = model.get("labels");
    state.rows = model.get("rows").map(([id, text, result, before, after, codes], place) => ({ id, text, result, before, after, codes, place }));
    const results = [...new Set(state.rows.map((row) => row.result))];
    const codes = [...new Set(state.rows.flatMap((row) => row.codes))].sort();
    const [oldOutcome, oldCode] = [outcome?.value, code?.value];
    outcome = select("Filter by outcome", [["", "every outcome"], ...results.map((r) => [r, r])], () => refresh());
    code = select("Filter by failure", [["", "every failure"], ...codes.map((c) => [c, labels.codes[c] ?? c])], () => refresh());
    outcome.value = results.includes(oldOutcome) ? oldOutcome : "";
    code.value = codes.includes(oldCode) ? oldCode : "";
    filters.replaceChildren(outcome, code);
    drawHead(labels);
    refresh();
  }

  function drawHead(labels) {
    const titles = { text: "Question", outcome: "Outcome", before: `Right rank, ${labels.before}`, after: `Right rank, ${labels.after}`, codes: "Failure" };
    const cells = COLUMNS.map(({ key }) => {
      const button = make("button", { type: "button", textContent: titles[key], onclick: () => sortBy(key) });
      const cell = make("th", { scope: "col" }, button);
      cell.ariaSort = state.sort !== key ? "none" : state.descending ? "descending" : "ascending";
      return cell;
    });
    head.replaceChildren(make("tr", {}, ...cells));
  }

  function sortBy(key) {
    state.descending = state.sort === key && !state.descending;
    state.sort = key;
    drawHead(model.get("labels"));
    refresh();
  }

  function refresh() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const keep = (row) =>
      (!outcome.value || row.result === outcome.value) &&
      (!code.value || row.codes.includes(code.value)) &&
      words.every((word) => row.text.toLowerCase().includes(word) || row.id.toLowerCase().includes(word));
    state.matching = state.rows.filter(keep);
    const column = COLUMNS.find(({ key }) => key === state.sort);
    if (column) state.matching.sort((a, b) => (state.descending ? -1 : 1) * column.compare(a, b));
    state.shown = PAGE;
    draw();
  }

  function draw() {
    const labels = model.get("labels");
    const lines = state.matching.slice(0, state.shown).map((row) => drawRow(row, labels));
    body.replaceChildren(...(lines.length ? lines : [none()]));
    more.style.display = state.matching.length > state.shown ? "" : "none";
    count.textContent = `${number(state.matching.length)} of ${number(state.rows.length)} questions`;
  }

  function none() {
    return make("tr", { className: "wb-questions-none" }, make("td", { colSpan: COLUMNS.length, textContent: "No question matches." }));
  }

  function drawRow(row, labels) {
    const rank = (value) => make("td", { textContent: row.result === labels.unlabelled ? "" : value ?? "not reached" });
    const failure = row.codes.map((c) => labels.codes[c] ?? c).join(", ");
    const line = make("tr", { onclick: () => choose(row.id) },
      make("td", { textContent: row.text }), make("td", { className: "wb-nowrap", textContent: row.result }), rank(row.before), rank(row.after),
      make("td", { textContent: failure }));
    line.dataset.question = row.id;
    line.ariaSelected = String(row.id === model.get("selected"));
    return line;
  }

  function choose(id) {
    if (id === model.get("selected")) return;
    model.set("selected", id);
    model.save_changes();
  }

  function mark() {
    const id = model.get("selected");
    for (const line of body.rows) line.ariaSelected = String(line.dataset.question === id);
    const address = new URL(window.location);
    address.searchParams.set("question", id);
    if (address.href !== window.location.href) window.history.replaceState(null, "", address);
  }

  function step(by) {
    const here = state.matching.findIndex((row) => row.id === model.get("selected"));
    const next = state.matching[Math.min(Math.max(here + by, 0), state.matching.length - 1)];
    if (!next) return;
    if (state.matching.indexOf(next) >= state.shown) { state.shown += PAGE; draw(); }
    choose(next.id);
    const line = body.rows[state.matching.indexOf(next)];
    const [top, bottom] = [line.offsetTop - head.offsetHeight, line.offsetTop + line.offsetHeight];
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (bottom > frame.scrollTop + frame.clientHeight) frame.scrollTop = bottom - frame.clientHeight;
  }

  function keys(event) {
    if (event.target.closest?.("input, textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { j: 1, k: -1 }[event.key];
    if (by) { event.preventDefault(); step(by); }
  }

  model.on("change:rows", load);
  model.on("change:selected", mark);
  document.addEventListener("keydown", keys);
  load();
  return () => {
    document.removeEventListener("keydown", keys);
    model.off("change:rows", load);
    model.off("change:selected", mark);
  };
}

export default { render };
