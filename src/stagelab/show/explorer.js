// The folders of an image. The kernel says what there is to see (`view`); this draws it, and tells
// the kernel which folder (`path`) and which layer (`layer`) the reader wants.

const make = (parent, tag, attributes = {}, text = "") => {
  const element = parent.ownerDocument.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return parent.appendChild(element);
};

const middle = (element) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
};

const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

// The nearest tile in a direction; being aside counts double.
const neighbour = (tiles, from, [dx, dy]) => {
  const [x, y] = middle(from);
  let best = null;
  let least = Infinity;
  for (const tile of tiles) {
    const [left, top] = middle(tile);
    const ahead = (left - x) * dx + (top - y) * dy;
    const aside = Math.abs((left - x) * dy) + Math.abs((top - y) * dx);
    if (tile !== from && ahead > 1 && ahead + 2 * aside < least) {
      best = tile;
      least = ahead + 2 * aside;
    }
  }
  return best;
};

const render = ({ model, el }) => {
  const root = make(el, "div", { class: "stagelab-explorer", role: "group" });
  const head = make(root, "div", { class: "head" });
  const crumbs = make(head, "nav", { "aria-label": "Folders above" });
  const layers = make(head, "select", { "aria-label": "Layer" });
  for (const { index, name } of model.get("layers")) {
    make(layers, "option", { value: String(index) }, name);
  }
  const map = make(root, "div", { class: "map", role: "group" });
  const legend = make(root, "div", { class: "legend" });
  const about = make(root, "div", { class: "about" });
  make(root, "div", { class: "guide" }, model.get("guide"));
  const said = make(root, "div", { class: "said", role: "status" });
  let drawn = null; // path of the folder that is drawn
  let title = "";

  const send = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const open = (path) => send("path", path);
  const parentOf = (path) => path.slice(0, path.lastIndexOf("/")) || "/";
  const up = () => {
    if (model.get("path") !== "/") open(parentOf(model.get("path")));
  };
  const own = () => [...map.querySelectorAll('.tile[data-depth="0"]')];
  const select = (tile) => {
    for (const each of own()) each.tabIndex = each === tile ? 0 : -1;
  };

  const drawCrumbs = (view) => {
    crumbs.replaceChildren();
    view.crumbs.forEach(({ name, path }, at) => {
      if (at) make(crumbs, "span", { "aria-hidden": "true" }, "/");
      const crumb = make(crumbs, "button", { type: "button" }, name);
      if (at === view.crumbs.length - 1) crumb.setAttribute("aria-current", "page");
      crumb.addEventListener("click", () => open(path));
    });
  };

  const drawTile = (tile) => {
    const element = make(map, "div", {
      class: tile.folder ? "tile folder" : "tile",
      "data-depth": tile.depth,
      "data-path": tile.path,
      "data-about": tile.about,
    });
    Object.assign(element.style, {
      left: `${tile.left}%`,
      width: `${tile.width}%`,
      top: `${tile.top}px`,
      height: `${tile.height}px`,
      color: tile.colour,
      borderColor: tile.colour,
      background: tile.ground,
    });
    if (tile.depth === 0) {
      // What cannot be opened is a picture to those who listen.
      element.setAttribute("role", tile.folder ? "button" : "img");
      element.setAttribute("aria-label", tile.about);
    } else {
      element.setAttribute("aria-hidden", "true");
    }
    if (tile.label) {
      const label = make(element, "div", { class: "label" }, tile.tall ? tile.name : `${tile.name} `);
      make(label, tile.tall ? "div" : "span", { class: "size" }, tile.size);
    }
  };

  const draw = () => {
    const view = model.get("view");
    const path = view.crumbs.at(-1).path;
    const active = root.ownerDocument.activeElement;
    const hadFocus = map.contains(active) || crumbs.contains(active);
    const before = drawn;
    drawn = path;
    title = view.title;
    root.setAttribute("aria-label", `Explorer: ${title}`);
    map.setAttribute("aria-label", title);
    layers.value = String(model.get("layer"));
    drawCrumbs(view);
    map.replaceChildren();
    view.tiles.forEach(drawTile);
    legend.replaceChildren();
    for (const { colour, name } of view.legend) {
      make(legend, "span", {}, name).style.setProperty("--colour", colour);
    }
    if (!view.tiles.length) make(map, "p", {}, "No file in here has any bytes.");
    about.textContent = view.problem || title;
    said.textContent = view.problem || title;
    // Whoever goes up finds the focus on the folder that they were in.
    const came = own().find((tile) => before?.startsWith(`${tile.dataset.path}/`) ||
      before === tile.dataset.path);
    const first = came ?? own()[0] ?? null;
    select(first);
    if (hadFocus) (first ?? crumbs.lastChild).focus();
  };

  const tell = (tile) => {
    for (const each of map.querySelectorAll(".pointed")) each.classList.remove("pointed");
    tile?.classList.add("pointed");
    about.textContent = tile ? tile.dataset.about : model.get("view").problem || title;
  };

  layers.addEventListener("change", () => send("layer", Number(layers.value)));
  map.addEventListener("pointerover", ({ target }) => tell(target.closest(".tile")));
  map.addEventListener("pointerleave", () => tell(null));
  map.addEventListener("focusin", ({ target }) => tell(target.closest(".tile")));
  map.addEventListener("click", ({ target }) => {
    const tile = target.closest(".tile");
    if (!tile) return;
    if (tile.classList.contains("folder")) open(tile.dataset.path);
    else if (tile.dataset.depth !== "0" && tile.dataset.path) open(parentOf(tile.dataset.path));
  });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === layers) return;
    const tile = event.target.closest(".tile");
    if (event.key === "Backspace") {
      up();
    } else if (!tile) {
      return;
    } else if (event.key in DIRECTIONS) {
      const next = neighbour(own(), tile, DIRECTIONS[event.key]);
      if (next) {
        select(next);
        next.focus();
      }
    } else if (event.key === "Enter" || event.key === " ") {
      if (tile.classList.contains("folder")) open(tile.dataset.path);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // or the notebook takes the key, too
  });

  model.on("change:view", draw);
  draw();
  return () => model.off("change:view", draw);
};

export default { render };
