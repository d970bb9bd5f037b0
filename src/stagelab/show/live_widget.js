// The live view of a build. Elements are made once, a row for each stage, and kept: an update
// changes texts and nothing else, so that what the reader opened, focused or selected stays so.

const make = (parent, tag, attributes = {}) => {
  const element = parent.ownerDocument.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
};

const makeText = (parent) => parent.appendChild(parent.ownerDocument.createTextNode(""));

const put = (text, value) => {
  if (text.data !== value) text.data = value;
};

const putAttribute = (element, name, value) => {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
};

const duration = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

// A text that is being selected is left alone, or the selection would be lost.
const isSelected = (element) => {
  const selection = element.ownerDocument.getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(element, true);
};

const makeRow = (parent, stage) => {
  const element = make(parent, "div", { class: "stage", "data-stage": stage.name });
  const line = make(element, "div", { class: "line" });
  const badge = make(line, "span", { class: "badge" });
  const symbol = makeText(make(badge, "b"));
  const word = makeText(badge);
  makeText(make(line, "b")).data = stage.name;
  const instruction = makeText(make(line, "code", { class: "instruction" }));
  const time = makeText(make(line, "span", { class: "time" }));
  const bar = make(line, "span", { class: "bar", "aria-hidden": "true" });
  const share = make(bar, "span");
  const moved = makeText(make(line, "span", { class: "moved" }));
  const count = makeText(make(line, "span", { class: "count" }));
  const details = make(element, "details");
  const summary = make(details, "summary", { "aria-label": `Log of ${stage.name}` });
  makeText(make(summary, "span")).data = "log";
  const last = makeText(make(summary, "code", { class: "last" }));
  const pre = make(details, "pre", {
    tabindex: "0",
    role: "group",
    "aria-label": `Last log lines of ${stage.name}`,
  });
  const log = makeText(pre);
  return {
    patch(now, stage, lines) {
      putAttribute(badge, "data-kind", stage.kind);
      put(symbol, stage.symbol);
      put(word, stage.word);
      put(instruction, stage.instruction);
      put(time, stage.began === null ? "" : duration(now - stage.began));
      bar.hidden = stage.share === null;
      share.style.width = `${100 * (stage.share ?? 0)}%`;
      put(moved, stage.moved);
      put(count, stage.count);
      details.hidden = lines.length === 0;
      put(last, lines.at(-1) ?? "");
      if (!isSelected(pre)) put(log, lines.join("\n"));
    },
  };
};

export default () => {
  const clock = () => performance.now() / 1000;
  let began = Infinity; // the build's begin by our clock, in seconds
  // News may come late but never early: the earliest begin is the true one.
  const hear = (model) => {
    began = Math.min(began, clock() - model.get("now"));
  };

  return {
    initialize({ model }) {
      hear(model);
      const heard = () => hear(model);
      model.on("change:now", heard);
      return () => model.off("change:now", heard);
    },

    render({ model, el }) {
      const title = model.get("title");
      const label = `Building ${title}`;
      const root = make(el, "div", { class: "stagelab-build", role: "group", "aria-label": label });
      const head = make(root, "div", { class: "head" });
      makeText(make(head, "span")).data = `${label} … `;
      const time = makeText(make(head, "span", { class: "time" }));
      const warned = makeText(make(head, "span", { class: "warned" }));
      const stages = make(root, "div");
      makeText(make(root, "div", { class: "stop" })).data = model.get("stop");
      const said = makeText(make(root, "div", { class: "said", role: "status" }));
      const rows = new Map();

      const patch = () => {
        const now = clock() - began;
        put(time, duration(now));
        put(warned, model.get("warned"));
        put(said, model.get("said"));
        const logs = model.get("logs");
        for (const stage of model.get("stages")) {
          if (!rows.has(stage.name)) rows.set(stage.name, makeRow(stages, stage));
          rows.get(stage.name).patch(now, stage, logs[stage.name] ?? []);
        }
      };

      hear(model);
      patch();
      const ticking = setInterval(patch, 1000);
      model.on("change:now", patch);
      return () => {
        clearInterval(ticking);
        model.off("change:now", patch);
      };
    },
  };
};
