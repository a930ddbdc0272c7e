// What the preview has to say: problems in a panel at the bottom, progress and the lost connection
// in a small sign. All of it is in a shadow root, so that it and the page do not touch each other.

const LONGEST = 110; // characters of a line that are shown
const LEAD = 60; // of these at the most before the column

/** An element with these properties and children. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== ""));
  return element;
}

/** The panel; `tell` it the news, and whether the connection `isLost`. */
function makePanel(style) {
  const root = document.documentElement;
  const host = make("site-builder-status", { hidden: true });
  const sheet = make("link", { rel: "stylesheet", href: style });
  sheet.addEventListener("load", () => {
    host.hidden = false;
    if (!panel.hidden) open(true); // now that there are places in it
  });
  const title = make("h2", { id: "title" });
  const close = make("button", { className: "close", type: "button", title: "Close (Escape)" });
  close.append(make("span", { ariaHidden: "true" }, "×"), make("span", { className: "heard" }, "Close"));
  const list = make("div", { className: "list", tabIndex: 0, role: "group" });
  list.setAttribute("aria-labelledby", "title");
  const panel = make("section", { className: "panel", hidden: true });
  panel.setAttribute("aria-labelledby", "title");
  panel.append(make("header", {}, title, close), list);
  const opener = make("button", { className: "sign problems", type: "button", hidden: true });
  const sign = make("p", { className: "sign", hidden: true });
  const alert = make("p", { className: "heard", role: "alert" });
  const signs = make("div", { className: "signs" }, sign, opener);
  host.attachShadow({ mode: "open" }).append(sheet, make("div", { className: "dock" }, alert, signs, panel));
  root.append(host);

  let told = ""; // the problems that were told last, as text
  let news = { problems: [], running: {} };
  let isLost = false;

  function open(wanted) {
    panel.hidden = !wanted;
    // Warnings are of interest where they are.
    opener.hidden = wanted || !news.problems.some(({ here, warning }) => here || !warning);
    for (const block of wanted ? list.querySelectorAll("pre") : []) bringIntoView(block);
  }

  function tellProblems() {
    const now = JSON.stringify([news.problems, news.more]);
    if (now === told) return;
    told = now;
    const here = news.problems.filter((problem) => problem.here);
    const others = news.problems.filter((problem) => !problem.here);
    const heading = headingOf(here, others, news.more);
    title.textContent = heading;
    opener.textContent = heading;
    list.replaceChildren(...here.map(problemItem), ...othersBox(others, here.length, news.more));
    alert.textContent = here.length ? `${heading}: ${here[0].message}` : "";
    const failing = here.some(({ warning }) => !warning);
    for (const element of [panel, opener]) {
      element.classList.toggle("warnings", [...here, ...others].every(({ warning }) => warning));
    }
    open(failing);
  }

  function tellProgress() {
    const text = isLost ? "Connection lost, trying again" : progressOf(news);
    sign.hidden = !text;
    sign.classList.toggle("lost", isLost);
    if (sign.textContent !== text) sign.textContent = text;
  }

  close.addEventListener("click", () => {
    open(false);
    opener.focus();
  });
  opener.addEventListener("click", () => {
    open(true);
    close.focus();
  });
  addEventListener("keydown", (event) => {
    // Whatever else Escape would close comes first.
    if (event.key !== "Escape" || event.defaultPrevented || panel.hidden) return;
    if (!document.querySelector(":popover-open, dialog[open]")) open(false);
  });
  // The end of the page must not hide behind the panel.
  new ResizeObserver(() => {
    root.style.setProperty("padding-block-end", panel.hidden ? "" : `${panel.offsetHeight}px`);
  }).observe(panel);

  return {
    tell(newest) {
      news = newest;
      tellProblems();
      tellProgress();
    },
    lose(lost) {
      isLost = lost;
      tellProgress();
    },
  };
}

function headingOf(here, others, more) {
  const told = here.length ? here : others;
  const warnings = told.filter(({ warning }) => warning).length;
  const counts = [
    counted(told.length - warnings + (told === others || !others.length ? more : 0), "problem"),
    counted(warnings, "warning"),
  ];
  const files = new Set(here.map(({ file }) => file));
  const [file] = files;
  const place = !here.length ? " elsewhere" : files.size === 1 && file ? ` in ${file}` : "";
  return counts.filter(Boolean).join(", ") + place;
}

function counted(count, what) {
  return count ? `${count} ${what}${count === 1 ? "" : "s"}` : "";
}

function progressOf({ running, source, busy }) {
  const others = Object.keys(running).filter((file) => file !== source);
  if (running[source]) return `Running ${running[source]}`;
  if (others.length > 1) return `Running ${others.length} other posts`;
  if (others.length === 1) return `Running ${others[0]}, ${running[others[0]]}`;
  return busy ? "Working" : "";
}

/** Problems of other posts, folded away unless there are no others. */
function othersBox(others, before, more) {
  const rest = more ? [make("p", { className: "rest" }, `and ${more} more`)] : [];
  if (!others.length || !before) return [...others.map(problemItem), ...rest];
  const count = others.length + more;
  const summary = make("summary", {}, `${count} more elsewhere`);
  const box = make("details", {}, summary, ...others.map(problemItem), ...rest);
  box.addEventListener("toggle", () => box.querySelectorAll("pre").forEach(bringIntoView));
  return [box];
}

function problemItem(problem) {
  const place = [problem.file, problem.line, problem.column].filter(Boolean).join(":");
  const code = problem.code ? make("span", { className: "code" }, problem.code) : "";
  return make(
    "article",
    { className: problem.warning ? "warning" : "" },
    make("h3", {}, code, problem.message),
    !place ? "" : problem.link ? make("a", { href: problem.link }, place) : make("span", {}, place),
    problem.excerpt ? excerptOf(problem) : "",
    ...problem.notes.map((note) => make("pre", { className: "note" }, note)),
    problem.help ? make("p", { className: "help" }, make("b", {}, "Help: "), problem.help) : "",
  );
}

/** The line at fault; the place in it is marked, and has carets below. */
function excerptOf({ excerpt, line, column, width }) {
  const [text, start] = clipped([...excerpt], Math.max(0, column - 1)); // counts characters
  const number = line ? String(line) : "";
  const gutter = (what) => make("span", { className: "gutter" }, `${what} │ `);
  if (!column) return make("pre", {}, gutter(number), text.join(""));
  const before = text.slice(0, start).join("");
  const fault = text.slice(start, start + width).join("");
  const after = text.slice(start + width).join("");
  // What is above the carets stands before them too, unseen: so they are at its end in any script.
  const under = make("span", { className: "under", ariaHidden: "true" });
  under.append(
    "\n",
    gutter(" ".repeat(number.length)),
    make("span", { className: "unseen" }, before),
    make("span", { className: "carets" }, "^".repeat(Math.max(1, [...fault].length))),
  );
  return make("pre", {}, gutter(number), before, make("mark", {}, fault), after, under);
}

/** Let what is at fault be seen in a line that is too long for the panel. */
function bringIntoView(block) {
  if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
  const fault = block.querySelector("mark");
  if (!fault || fault.offsetLeft + fault.offsetWidth < block.clientWidth) return;
  block.scrollLeft = fault.offsetLeft + fault.offsetWidth / 2 - block.clientWidth / 2;
}

/** The part of a long line around the character at `start`, and its place there. */
function clipped(text, start) {
  if (text.length <= LONGEST) return [text, start];
  const first = Math.max(0, Math.min(start - LEAD, text.length - LONGEST));
  const part = text.slice(first, first + LONGEST);
  if (first + LONGEST < text.length) part.push("…");
  return first ? [["…", ...part], start - first + 1] : [part, start];
}
