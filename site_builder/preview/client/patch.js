// Brings this document to the state of another one with the least change, so that what is equal
// stays as it is on the screen: scrolled, folded, selected, focused.

// What the reader, not the author, did to the page: opened a box; and what we did: see `refresh`.
const READERS = /(<(?:details|dialog)\b[^>]*?) open(?:="[^"]*")?/g;
const OURS = /\?site-builder=[0-9a-f]+/g;
const MANY = 4_000_000; // pairs of nodes; more would take longer than to replace them

/** The text of a node, equal for nodes that look equal to their author. */
function textOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName + node.data;
  return node.outerHTML.replace(READERS, "$1").replace(OURS, "");
}

/** What a node must have in common with another to become it. */
function kindOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? `${node.nodeName}#${node.id}` : node.nodeName;
}

/** Make the children of `parent` equal to those of `next`. */
function patchChildren(parent, next) {
  const olds = [...parent.childNodes];
  const news = [...next.childNodes];
  const kept = new Map(); // new node -> old one
  let [i, j] = [0, 0];
  for (const [a, b] of [...aligned(olds, news, textOf), [olds.length, news.length]]) {
    const gap = news.slice(j, b);
    for (const [c, d] of aligned(olds.slice(i, a), gap, kindOf)) {
      kept.set(gap[d], olds[i + c]);
      patch(olds[i + c], gap[d]);
    }
    if (a < olds.length) kept.set(news[b], olds[a]);
    [i, j] = [a + 1, b + 1];
  }
  const staying = new Set(kept.values());
  for (const old of olds) if (!staying.has(old)) old.remove();
  let after = null;
  for (const node of news.reverse()) {
    after = kept.get(node) ?? parent.insertBefore(document.importNode(node, true), after);
  }
}

/** Make `old` equal to `next`, which is of its kind. */
function patch(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  patchAttributes(old, next);
  patchChildren(old, next);
}

function patchAttributes(old, next) {
  const folds = old.matches("details, dialog");
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !(folds && name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (folds && name === "open") continue;
    if ((old.getAttribute(name) ?? "\0").replace(OURS, "") !== value) old.setAttribute(name, value);
  }
}

/** Index pairs of the longest run of equal keys in both lists, in order. */
function aligned(olds, news, keyOf) {
  const a = olds.map(keyOf);
  const b = news.map(keyOf);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end += 1;
  }
  const pairs = Array.from({ length: start }, (_, k) => [k, k]);
  for (const [c, d] of common(a.slice(start, a.length - end), b.slice(start, b.length - end))) {
    pairs.push([start + c, start + d]);
  }
  for (let k = end; k > 0; k -= 1) pairs.push([a.length - k, b.length - k]);
  return pairs;
}

/** Index pairs of a longest common subsequence. */
function common(a, b) {
  const [m, n] = [a.length, b.length];
  if (m === 0 || n === 0 || m * n > MANY) return [];
  const numbers = new Map(); // long texts are compared once
  const numbered = (text) => numbers.get(text) ?? (numbers.set(text, numbers.size), numbers.get(text));
  const [x, y] = [a.map(numbered), b.map(numbered)];
  const width = n + 1;
  const length = new Uint32Array((m + 1) * width);
  for (let i = m - 1; i >= 0; i -= 1) {
    for (let j = n - 1; j >= 0; j -= 1) {
      length[i * width + j] =
        x[i] === y[j]
          ? length[(i + 1) * width + j + 1] + 1
          : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < m && j < n; ) {
    if (x[i] === y[j]) pairs.push([i++, j++]);
    else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}

/** Bring the head up to date; new style sheets are there before the old ones go. */
async function patchHead(next) {
  const sheets = () => [...document.head.querySelectorAll("link[rel~=stylesheet]")];
  const known = new Set(sheets().map(textOf));
  let last = sheets().at(-1) ?? document.head.lastChild;
  const loads = [];
  for (const sheet of next.head.querySelectorAll("link[rel~=stylesheet]")) {
    if (known.has(textOf(sheet))) continue;
    const copy = document.importNode(sheet);
    loads.push(loaded(copy));
    last.after(copy);
    last = copy;
  }
  await Promise.all(loads);
  patchChildren(document.head, next.head);
}

/** Wait for a style sheet, but not for ever. */
function loaded(link) {
  return new Promise((done) => {
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    setTimeout(done, 3000);
  });
}

/** What only a new load of the page can change: its scripts, and the policy they run under. */
function fixedParts(page) {
  const scripts = [...page.querySelectorAll("script")].filter(
    (script) => /^(|module|.*javascript)$/i.test(script.type) && !script.dataset.digest,
  );
  const policies = page.querySelectorAll("meta[http-equiv]");
  return [...policies, ...scripts].map((element) => element.outerHTML).join("\n");
}

/** Load those files anew that changed under an address that stayed. */
function refresh(changed) {
  const fresh = (address) =>
    changed.has(address) ? `${address}?site-builder=${changed.get(address)}` : null;
  for (const element of document.querySelectorAll("[src], [poster], [data], link[rel=icon]")) {
    for (const name of ["src", "poster", "data", "href"]) {
      const address = fresh((element.getAttribute(name) ?? "").replace(OURS, ""));
      if (address) element.setAttribute(name, address);
    }
  }
  for (const element of document.querySelectorAll("[srcset]")) {
    const parts = element.getAttribute("srcset").split(/,\s*/);
    const addresses = parts.map((part) => {
      const [address, ...size] = part.split(/\s+/);
      return [fresh(address.replace(OURS, "")) ?? address, ...size].join(" ");
    });
    if (addresses.join() !== parts.join()) element.setAttribute("srcset", addresses.join(", "));
  }
  for (const sheet of document.querySelectorAll("link[rel~=stylesheet]")) {
    const address = fresh(sheet.getAttribute("href").replace(OURS, ""));
    if (!address) continue;
    const copy = sheet.cloneNode();
    copy.setAttribute("href", address);
    loaded(copy).then(() => sheet.remove());
    sheet.after(copy);
  }
}

// The screen has whole pixels: what is lost of one now is made good the next time.
let held = { place: 0, rest: 0 };

/** Run `change`, and keep what is being looked at where it is on the screen. */
function holdingStill(change) {
  if (scrollY === 0) {
    change();
    return;
  }
  const root = document.documentElement;
  const seen = [];
  for (const block of document.body.querySelectorAll(
    "p, li, pre, h1, h2, h3, h4, h5, h6, figure, tr, dt, dd, summary, math, img",
  )) {
    const { top, bottom } = block.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight && bottom > top && isSteady(block)) {
      seen.push({ block, top, text: block.textContent });
    }
  }
  // One that begins on the screen, if there is: one that begins above may itself have grown.
  seen.sort((a, b) => (a.top < 0) - (b.top < 0));
  root.style.overflowAnchor = "none"; // or the browser would move the page too
  const place = scrollY;
  const before = place === held.place ? held.rest : 0;
  change();
  const left = seen.filter(({ block }) => block.isConnected && block.getClientRects().length);
  const anchor = left.find(({ block, text }) => block.textContent === text) ?? left[0];
  const moved = anchor ? anchor.block.getBoundingClientRect().top - anchor.top : place - scrollY;
  const wanted = scrollY + moved + before;
  scrollTo({ top: Math.round(wanted), behavior: "instant" });
  held = { place: scrollY, rest: Math.abs(wanted - scrollY) < 1 ? wanted - scrollY : 0 };
  requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
}

/** Whether an element moves with the page. */
function isSteady(element) {
  for (let here = element; here; here = here.parentElement) {
    if (["fixed", "sticky"].includes(getComputedStyle(here).position)) return false;
  }
  return true;
}
