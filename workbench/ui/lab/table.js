// The table of questions: itables' DataTables with the chosen question kept apart from the rows, so that sorting, searching
// and new rows never lose it. `itables()` stands before this file: it gives the library. Client text arrives escaped.
const MISSING = -1000000000; // stands where there is no number; last in both directions
const FILTERED_MS = 400;

function afterNumbers(direction) {
  return (a, b) => (a === b ? 0 : a === MISSING ? 1 : b === MISSING ? -1 : direction * (a - b));
}

// A column that shows words and is sorted by the number beside them.
function sortedBy(column, by) {
  return { targets: column, type: "wb-number", render: (text, use, row) => (use === "sort" || use === "type" ? row[by] : text) };
}

// Cells are cut to two lines by the style sheet; the whole text is in the tooltip.
function cutToLines(cell) {
  const text = document.createElement("div");
  text.className = "wb-table-text";
  text.textContent = cell.textContent;
  text.title = cell.textContent;
  cell.replaceChildren(text);
}

async function render({ model, el }) {
  const { ITable, default: DataTable } = await itables();
  Object.assign(DataTable.ext.type.order, { "wb-number-asc": afterNumbers(1), "wb-number-desc": afterNumbers(-1) });
  el.classList.add("wb-lab-table", "tex2jax_ignore", "mathjax_ignore");
  const everywhere = document.body.classList.contains("wb-body"); // in JupyterLab j and k belong to the notebook
  let table, built, places, matching, columns, shownTimer;

  const api = () => built.dt;
  const chosenRow = () => places.get(model.get("chosen"));
  const shownOrder = () => api().rows({ order: "applied", search: "applied" }).indexes().toArray();
  const idOf = (row) => model.get("ids")[row];

  const columnsOf = ({ table_html, columnDefs }) => JSON.stringify([table_html, columnDefs]);

  function build() {
    const args = structuredClone(model.get("_dt_args"));
    columns = columnsOf(args);
    const kept = built ? { order: api().order(), search: { search: api().search() }, pageLength: api().page.len() } : {};
    if (built) built.destroy();
    el.replaceChildren();
    table = document.createElement("table");
    table.className = model.get("classes");
    el.append(table);
    args.columnDefs = [
      { targets: model.get("long_columns"), createdCell: cutToLines },
      ...Object.entries(model.get("sorted_by")).map(([column, by]) => sortedBy(Number(column), by)),
      ...args.columnDefs,
    ];
    index();
    built = new ITable(table, { ...args, ...kept, createdRow, drawCallback: drawn });
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", model.get("label"));
    table.tabIndex = 0;
    const search = el.querySelector("input[type=search]");
    if (search) Object.assign(search, { placeholder: "Search questions", ariaLabel: "Search questions" });
    table.addEventListener("click", (event) => {
      const line = event.target.closest("tbody tr[data-row]");
      if (line) choose(Number(line.dataset.row));
    });
    api().search.fixed("selection", (_text, _data, row) => !matching || matching.has(row)).draw();
    caption();
    bring();
  }

  function index() {
    places = new Map(model.get("ids").map((id, row) => [id, row]));
    matching = model.get("matching") && new Set(model.get("matching"));
  }

  // The selection of the lab is one more search: rows, order and what was typed stay.
  function narrow() {
    index();
    api().draw();
    bring();
  }

  function createdRow(line, _data, row) {
    line.dataset.row = row;
  }

  function drawn() {
    if (!built) return;
    mark();
    clearTimeout(shownTimer);
    shownTimer = setTimeout(tellShown, FILTERED_MS);
  }

  // What a search or a filter of a column leaves, so that the export saves what is seen.
  function tellShown() {
    if (!built?.dt) return;
    const rows = shownOrder();
    const shown = rows.length === (matching ? matching.size : model.get("ids").length) ? null : rows.map(idOf);
    if (JSON.stringify(shown) === JSON.stringify(model.get("shown"))) return;
    model.set("shown", shown);
    model.save_changes();
  }

  function mark() {
    const chosen = chosenRow();
    for (const line of el.querySelectorAll("tbody tr[data-row]")) {
      line.setAttribute("aria-selected", String(Number(line.dataset.row) === chosen));
    }
  }

  // Turns to the page of the chosen question and moves the table, never the page around it.
  function bring() {
    mark();
    const place = shownOrder().indexOf(chosenRow());
    if (place < 0) return;
    const page = Math.floor(place / api().page.len());
    if (page !== api().page()) api().page(page).draw("page");
    const line = el.querySelector('tr[aria-selected="true"]');
    const frame = line?.closest(".dt-layout-table");
    if (!frame) return;
    const head = frame.querySelector("thead").offsetHeight;
    const [top, bottom] = [line.offsetTop - head, line.offsetTop + line.offsetHeight];
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (bottom > frame.scrollTop + frame.clientHeight) frame.scrollTop = bottom - frame.clientHeight;
  }

  function choose(row) {
    const id = idOf(row);
    if (id === undefined || id === model.get("chosen")) return;
    model.set("chosen", id);
    model.save_changes();
  }

  function step(by) {
    const order = shownOrder();
    if (!order.length) return;
    const here = order.indexOf(chosenRow());
    choose(order[here < 0 ? 0 : Math.min(Math.max(here + by, 0), order.length - 1)]);
  }

  function renew() {
    if (columns !== columnsOf(model.get("_dt_args"))) {
      build(); // other arms have other headings, and a column that was empty may be shown now
      return;
    }
    index();
    api().clear().rows.add(JSON.parse(model.get("_dt_args").data_json)).draw();
    bring();
  }

  function caption() {
    let note = el.querySelector(".wb-table-caption");
    if (!note) el.append((note = Object.assign(document.createElement("p"), { className: "wb-table-caption wb-muted" })));
    note.textContent = model.get("caption");
  }

  function typing(event) {
    const inside = event.target.closest?.("input, textarea, select, [contenteditable=true], dialog, .dtcc-dropdown");
    return inside || event.ctrlKey || event.metaKey || event.altKey;
  }

  function arrows(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || typing(event)) return;
    event.preventDefault();
    step(by);
  }

  function keys(event) {
    if (el.offsetParent === null || typing(event) || !(everywhere || el.contains(event.target))) return;
    const by = { j: 1, k: -1 }[event.key];
    if (by) step(by);
    // Where the frame of the page has found a field above the table, it stays there.
    else if (event.key === "/" && !event.defaultPrevented) el.querySelector("input[type=search]")?.focus();
    else return;
    event.preventDefault();
  }

  build();
  el.addEventListener("keydown", arrows);
  model.on("change:_dt_args", renew);
  model.on("change:matching", narrow);
  model.on("change:chosen", bring);
  model.on("change:caption", caption);
  document.addEventListener("keydown", keys);
  return () => {
    document.removeEventListener("keydown", keys);
    model.off("change:_dt_args", renew);
    model.off("change:matching", narrow);
    model.off("change:chosen", bring);
    model.off("change:caption", caption);
    clearTimeout(shownTimer);
    built.destroy();
  };
}

export default { render };
