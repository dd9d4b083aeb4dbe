// Uploads files and folders one after the other by streaming PUT requests, with a bar that shows bytes really sent.
// Names and answers enter the page as text nodes, never as markup.
function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

function size(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  // From 99.5 on two digits would be written as 1.0e+2.
  return `${unit === 0 || value >= 99.5 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(2)} ${units[unit]}`;
}

function left(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 10) return "a few seconds left";
  return seconds < 100 ? `about ${Math.round(seconds / 10) * 10} seconds left` : `about ${Math.round(seconds / 60)} minutes left`;
}

// Files of a drop, folders included, each with its path below what was dropped.
async function dropped(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  async function walk(entry, folder) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ file, name: `${folder}${file.name}` });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return;
      for (const child of batch) await walk(child, `${folder}${entry.name}/`);
    }
  }
  for (const entry of entries) await walk(entry, "");
  return found;
}

function render({ model, el }) {
  const queue = [];
  const state = { running: false, stopped: false, total: 0, sent: 0, done: 0, files: 0, began: 0, request: null, faults: [] };
  const files = make("input", { type: "file", multiple: true, ariaLabel: "Choose files to upload" });
  const folder = make("input", { type: "file", webkitdirectory: true, ariaLabel: "Choose a folder to upload" });
  files.dataset.upload = "files";
  folder.dataset.upload = "folder";
  const call = make("p", { className: "wb-upload-call", textContent: "Drop files, folders or a zip here" });
  const words = make("span");
  const time = make("span");
  const bar = make("i");
  const track = make("div", { className: "wb-track", role: "progressbar", ariaLabel: "Upload", ariaValueMin: "0", ariaValueMax: "100" }, bar);
  const stop = make("button", { className: "jupyter-button", type: "button", textContent: "Stop", title: "Stop the upload; files that arrived stay" });
  // In the place of the call, so that nothing moves when an upload begins.
  const progress = make(
    "div", { className: "wb-upload-progress", hidden: true },
    make("div", { className: "wb-progress-line" }, words, time), track,
  );
  const zone = make(
    "div", { className: "wb-upload-zone" }, call, progress,
    make("div", { className: "wb-upload-choose" }, stop,
      make("label", { className: "wb-upload-button" }, files, make("span", { textContent: "Choose files" })),
      make("label", { className: "wb-upload-button" }, folder, make("span", { textContent: "Choose a folder" }))),
  );
  const said = make("p", { className: "wb-said", role: "status" });
  const faults = make("ul", { className: "wb-list wb-upload-faults", role: "alert" });
  stop.hidden = true;
  el.classList.add("wb-upload");
  el.append(zone, said, faults);

  function draw(sending) {
    const share = state.total ? Math.min(1, (state.sent + sending) / state.total) : 0;
    const seconds = (performance.now() - state.began) / 1000;
    bar.style.width = `${(100 * share).toFixed(1)}%`;
    track.ariaValueNow = String(Math.round(100 * share));
    words.textContent = `Sending: ${state.done} of ${state.files} files, ${size(state.sent + sending)} of ${size(state.total)}`;
    time.textContent = seconds > 1 && share > 0.01 ? left(seconds / share - seconds) : "";
  }

  function fault(name, sentence) {
    state.faults.push(sentence);
    faults.append(make("li", { textContent: sentence.startsWith(name) ? sentence : `${name}: ${sentence}` }));
  }

  function send({ file, name }) {
    if (file.size > model.get("limit")) {
      fault(name, `larger than ${size(model.get("limit"))}; copy it into the drop folder of the case instead`);
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      state.request = request;
      const query = new URLSearchParams({ case: model.get("case_slug"), name, target: model.get("target") });
      request.open("PUT", `/workbench/upload?${query}`);
      request.setRequestHeader("X-XSRFToken", cookie("_xsrf"));
      request.upload.addEventListener("progress", (event) => draw(event.loaded));
      request.addEventListener("load", () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { answer = { error: `was refused (${request.status})` }; }
        if (answer.error) fault(name, answer.error);
        resolve(Boolean(answer.path));
      });
      request.addEventListener("error", () => { fault(name, "the connection broke off; send it again"); resolve(false); });
      request.addEventListener("abort", () => resolve(false));
      request.send(file);
    });
  }

  async function work() {
    if (state.running) return;
    Object.assign(state, { running: true, stopped: false, sent: 0, done: 0, faults: [], began: performance.now() });
    faults.replaceChildren();
    progress.hidden = false;
    call.hidden = true;
    said.textContent = "Sending files.";
    let stored = 0;
    while (queue.length > 0 && !state.stopped) {
      const next = queue.shift();
      draw(0);
      if (await send(next)) stored += 1;
      state.sent += next.file.size;
      state.done += 1;
    }
    queue.length = 0;
    state.running = false;
    draw(0);
    const ending = state.stopped ? "Stopped; " : "";
    words.textContent = `${ending}${stored} of ${state.files} ${state.files === 1 ? "file is" : "files are"} in the case.`;
    said.textContent = words.textContent;
    time.textContent = "";
    stop.hidden = track.hidden = true;
    state.files = state.total = 0;
    if (stored > 0) {
      model.set("stored", model.get("stored") + stored);
      model.save_changes();
    }
  }

  function add(found) {
    if (found.length === 0) return;
    if (!state.running) Object.assign(state, { files: 0, total: 0 });
    for (const entry of found) { queue.push(entry); state.files += 1; state.total += entry.file.size; }
    stop.hidden = track.hidden = false;
    work();
  }

  for (const input of [files, folder]) {
    input.addEventListener("change", () => {
      add([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
      input.value = "";
    });
  }
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.dataset.over = ""; });
  zone.addEventListener("dragleave", () => { delete zone.dataset.over; });
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    delete zone.dataset.over;
    const found = await dropped(event.dataTransfer.items).catch(() => null);
    if (found === null) fault("", "What was dropped could not be read; choose the files or the folder instead.");
    else add(found);
  });
  stop.addEventListener("click", () => { state.stopped = true; state.request?.abort(); });
  const warn = (event) => { if (state.running) event.preventDefault(); };
  window.addEventListener("beforeunload", warn);
  return () => window.removeEventListener("beforeunload", warn);
}

export default { render };
