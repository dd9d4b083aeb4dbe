// Single keys as commands: only while this part of the page is visible, and never while somebody types.
function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(target.tagName));
}

function render({ model, el }) {
  el.setAttribute("aria-hidden", "true");
  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    const key = event.key.toLowerCase();
    if (!model.get("caught").includes(key) || el.parentElement === null || el.parentElement.offsetParent === null) return;
    event.preventDefault();
    event.stopPropagation();
    model.send({ key });
  }
  // Before a list takes a letter for the beginning of an entry.
  document.addEventListener("keydown", pressed, true);
  return () => document.removeEventListener("keydown", pressed, true);
}

export default { render };
