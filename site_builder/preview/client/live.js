// Keeps the page as it is now: hears of changes, fetches the page, and puts what is new in place.

const script = document.currentScript;
const own = new URL(".", script.src); // what the preview itself answers is below this
const panel = makePanel(new URL("live.css", own).href);
const fixed = fixedParts(document);
const SLOWEST = 1000; // milliseconds between two tries to connect

let shown = script.dataset.digest; // of the page as it stands here
let parts = null; // the files that it shows, with their digests
let client = null; // digest of this script, as the server has it
let newest = null; // what was heard and is not shown yet
let working = false;
let source = null;
let post = ""; // the file of the post that is shown here
let failures = 0;
let place = null; // where the reader was when the page was lost
let timer = 0;

function connect() {
  clearTimeout(timer);
  source?.close();
  // A browser opens only six connections to a server: hidden pages must not use them up.
  if (document.hidden) return;
  // Browsers send what is in an address as they like; the server wants it as it was typed.
  const asked = new URLSearchParams({ page: location.pathname, source: post });
  source = new EventSource(new URL(`events?${asked}`, own));
  source.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  source.addEventListener("error", () => {
    source.close();
    failures += 1;
    panel.lose(failures > 1); // one failure may be a server that starts again
    timer = setTimeout(connect, Math.min(50 * 2 ** failures, SLOWEST));
  });
}

/** Show the newest of what is heard, one after the other. */
async function hear(news) {
  newest = news;
  if (working) return;
  working = true;
  while (newest) {
    const next = newest;
    newest = null;
    await show(next).catch(console.error); // of ours; what comes next may be shown all the same
  }
  working = false;
}

async function show(news) {
  failures = 0;
  panel.lose(false);
  if (news.elsewhere) {
    location.replace(news.elsewhere + location.hash); // the whole site has another address
    return;
  }
  if (news.moved) {
    history.replaceState(history.state, "", news.moved + location.hash); // its place is kept
    connect();
    return;
  }
  post = news.source || post;
  if (client && client !== news.client) location.reload();
  client = news.client;
  const isOther = news.page !== shown;
  if (isOther && !(await update())) return;
  // What is fetched may be newer than the news, so the parts are looked at in any case.
  if (parts || isOther) refresh(changed(news.parts));
  parts = news.parts;
  panel.tell(news);
  document.documentElement.dataset.version = news.version;
  document.dispatchEvent(new CustomEvent("site-builder:shown", { detail: news.version }));
}

/** Fetch the page and bring this one up to date; false if it is loaded anew instead, or lost. */
async function update() {
  let response, text;
  try {
    response = await fetch(location.pathname + location.search, { cache: "no-store" });
    text = await response.text();
  } catch {
    return false; // the server is gone; the next connection tells it all again
  }
  const next = new DOMParser().parseFromString(text, "text/html");
  const theirs = next.querySelector("script[data-digest]");
  const isOwn = next.body.matches(".site-builder"); // in place of the page, until that is back
  if (!theirs || (!isOwn && fixedParts(next) !== fixed)) {
    location.reload();
    return false;
  }
  const digest = theirs.dataset.digest;
  theirs.dataset.digest = script.dataset.digest;
  const focused = document.activeElement?.id;
  if (!response.ok) place ??= scrollY;
  await patchHead(next);
  holdingStill(() => {
    for (const name of ["lang", "dir", "class"]) {
      const value = next.documentElement.getAttribute(name);
      if (value !== null) document.documentElement.setAttribute(name, value);
    }
    patch(document.body, next.body);
  });
  if (response.ok && place !== null) {
    scrollTo({ top: place, behavior: "instant" });
    place = null;
  }
  if (focused && document.activeElement === document.body) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  shown = digest;
  return true;
}

/** The files whose content is another one under the same address. */
function changed(now) {
  const isChanged = ([address, digest]) => !parts || (parts[address] ?? digest) !== digest;
  return new Map(Object.entries(now).filter(isChanged));
}

document.addEventListener("visibilitychange", connect);
addEventListener("pageshow", (event) => event.persisted && connect());
addEventListener("pagehide", () => source?.close());
connect();
