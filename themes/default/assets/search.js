// Search without a server. The index is in parts, see site_builder/assembly/search/: a query loads
// those that it needs. Each is a script that calls `searchPart`, as scripts also load from a disk.
{
let part, shown, timer;
const [form, told, list, more, row, own] = document.querySelectorAll("#search>*"),
  data = JSON.parse(own.dataset.index), say = told.dataset, parts = {},

  // Terms are made as in site_builder/rendering/search_terms.py, whose tables are in the data.
  runs = RegExp(`([${data.runs}]+)`),
  bits = RegExp(`([${data.runs}]|[\\p{L}\\p{N}\\p{M}_]+)`, "u"),
  fold = text => data.letters.reduce(
    (folded, pair) => folded.replaceAll(pair[0], pair.slice(1)),
    text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "")),
  terms = text => (fold(text).match(/\\[a-z]+|[\p{L}\p{N}]+(_+[\p{L}\p{N}]+)*/gu) ?? [])
    .flatMap(word => word.split(runs).flatMap((run, odd) =>
      odd % 2 && run[1] ? [...run].slice(1).map((x, at) => run[at] + x) : run || [])),
  code = (word, most) =>
    [...word].slice(0, most).reduce((sum, x) => (sum + x.codePointAt()) * 24 % 71, 0) % 16,

  make = (name, values) => Object.assign(document.createElement(name), values),
  load = (kind, at) => parts[kind + at] ??= new Promise((done, fail) =>
    document.head.append(make("script", {
      src: data.folder + kind + at + "." + data[kind][at % data[kind].length] + ".js",
      onload: () => done(part.split("\n")),
      onerror: fail
    }))),

  // Patterns for a letter that is missing, wrong or too many, and two in the wrong order
  slips = word => word.flatMap((x, at) => [
    word.toSpliced(at, 0, "."),
    word.toSpliced(at, 1, ".?"),
    word.toSpliced(at, 2, word[at + 1], x)
  ]),
  alike = async word => {
    const once = slips([...word]), all = [...data.v.keys()],
      // Most often the first letter is right, or is the second one.
      likely = [word, word.slice(1)].map(x => code(x, 1) % all.length),
      twice = word[7] ? once.flatMap(slips) : once;
    for (const [files, forms] of [[likely, once], [all, once], [likely, twice]]) {
      const like = RegExp(`^(${forms.map(x=>x.join("")).join("|")})$`),
        words = await Promise.all(files.map(x => load("v", x))),
        near = words.flat().filter(x => like.test(x));
      if (near[0]) return near.slice(0, 9);
    }
    return [];
  },

  // The pages that have one of these words, or one that begins like it, and with what weight
  find = async words => {
    const hits = new Map();
    hits.words = words;
    for (const word of words)
      for (const line of await load("t", (code(word, 1) + code(word, 3) * 16) % data.shards)) {
        const [term, ...groups] = line.split(" ");
        if (term == word || word[2] && term.startsWith(word))
          for (const group of groups)
            for (const page of group.slice(1).match(RegExp(data.page, "g"))) {
              const weight = parseInt(group[0], 36) * word.length / term.length;
              hits.set(page, Math.max(weight, hits.get(page) ?? 0));
            }
      }
    return hits;
  },
  rank = async text => {
    const scores = new Map(), found = await Promise.all(
      terms(text).slice(0, 12).map(async word => {
        const hits = await find([word]);
        return hits.size || !word[3] || word[24]
          ? hits : find(await alike(word.replace("\\", "")));
      }));
    // What counts first is how many of the words a page has, but for those that nearly all have.
    for (const hits of found)
      for (const [page, weight] of hits)
        scores.set(page, (scores.get(page) ?? 0) + (hits.size < data.many)
          + weight * Math.log(1 + data.pages / hits.size) / 1e5);
    const ranked = [...scores].sort((a, b) => b[1] - a[1]);
    return [
      ranked.filter(x => x[1] >= (ranked[0][1] | 0)).map(x => parseInt(x[0], 36)),
      found.flatMap(hits => hits.words)
    ];
  },

  mark = (place, text, words) => place.replaceChildren(...text.split(bits).map((piece, odd) => {
    const folded = fold(piece);
    return odd % 2 && words.some(word => folded.startsWith(word)
      || runs.test(folded) && word.includes(folded)) ? make("mark", { textContent: piece }) : piece;
  })),
  show = async from => {
    const [pages, words] = shown, rows = await Promise.all(pages.slice(from, from + 10).map(
      async page => JSON.parse((await load("d", page >> 5))[page % 32])));
    if (words != shown[1]) return;
    if (!from) list.replaceChildren();
    for (const [url, date, lang, ...texts] of rows) {
      const item = row.content.children[0].cloneNode(true),
        spots = item.querySelectorAll("a,time,.tags,.summary");
      texts.map((text, at) => mark(spots[at], text, words));
      spots[0].href = data.home + url + (location.host ? "" : "index.html");
      spots[1].dateTime = date;
      item.lang = lang;
      list.append(item);
    }
    more.hidden = !pages[from + 10];
    if (from) list.children[from].querySelector("a").focus();
  },
  run = async () => {
    const text = form.q.value.trim(), mine = shown = [];
    try {
      history.replaceState(0, "", "?q=" + encodeURIComponent(text));
      const result = await rank(text), count = result[0].length;
      if (mine != shown) return;
      shown = result;
      await show(0);
      told.textContent = text && say[Math.min(count, 2)].replace("#", count);
    } catch {
      told.textContent = say.failed;
    }
  };

self.searchPart = text => part = text;
form.oninput = form.onsubmit = it => {
  it.preventDefault();
  clearTimeout(timer);
  timer = setTimeout(run, 150);
};
more.onclick = () => show(list.children.length);
form.q.value = new URLSearchParams(location.search).get("q");
form.q.value ? run() : form.q.focus();
}
