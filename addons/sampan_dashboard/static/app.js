// Comfort on top of pages that work without it: keys, ages that go on, rows and log lines as they come.
// What the server sends as HTML was escaped there; what it sends as text is set as text.

const $ = (selector) => document.querySelector(selector);

// -- ages

function age(text) {
  const since = Date.parse(text);
  if (Number.isNaN(since)) return text;
  const all = Math.max(0, Math.floor((Date.now() - since) / 1000));
  const [days, hours, minutes] = [Math.floor(all / 86400), Math.floor(all / 3600), Math.floor(all / 60)];
  if (all < 120) return `${all}s`;
  if (minutes < 10) return all % 60 ? `${minutes}m${all % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return minutes % 60 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  if (hours < 48) return `${hours}h`;
  if (days < 8) return hours % 24 ? `${days}d${hours % 24}h` : `${days}d`;
  return days < 730 ? `${days}d` : `${Math.floor(days / 365)}y${Math.floor((days % 365) / 1) ? `${days % 365}d` : ""}`;
}

function tick() {
  for (const each of document.querySelectorAll("main time[datetime]:not(.log time)")) {
    const text = age(each.dateTime);
    if (each.textContent !== text) each.textContent = text;
  }
}

// -- long lists: pages come as one scrolls, each in a tbody; those far away make room, and are asked for again

const MOST_PARTS = 8; // pages in the document at one time
const MOST_NEWER = 5000; // rows that changed after the first page was read

function endless(table) {
  const next = $('.pages a[rel="next"]');
  const parts = [{ body: table.tBodies[0], address: location.href, more: next?.getAttribute("href") ?? "" }];
  const newer = new Map();
  let [from, to, busy, broken] = [0, 0, false, !next];
  const empty = (part) => {
    const [row, cell] = [document.createElement("tr"), document.createElement("td")];
    cell.style.height = `${part.body.getBoundingClientRect().height}px`;
    row.append(cell);
    part.body.replaceChildren(row);
  };
  const fill = async (part) => {
    const url = new URL(part.address, location.href);
    url.searchParams.set("part", "1");
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.status);
    const found = await answer.json();
    part.more = found.more;
    const template = document.createElement("template");
    template.innerHTML = found.html;
    for (const row of template.content.querySelectorAll("tr")) {
      const late = newer.get(row.id.slice(2)); // the page may be of an earlier revision than what has come since
      if (late?.gone) row.remove(); else if (late) row.replaceWith(parsed(late.html));
    }
    part.body.replaceChildren(template.content);
    tick();
  };
  const load = async (at) => {
    [busy, $("#loading").hidden] = [true, false];
    try {
      await fill(parts[at]);
      [from, to] = [Math.min(from, at), Math.max(to, at)];
      if (to - from >= MOST_PARTS) empty(parts[at === to ? from++ : to--]);
    } catch {
      [broken, $("#news").hidden] = [true, false]; // the revision is not kept any more, or the session has ended
    }
    [busy, $("#loading").hidden] = [false, true];
    requestAnimationFrame(check);
  };
  const check = () => {
    if (busy || broken) return;
    const [first, last] = [parts[from].body.getBoundingClientRect(), parts[to].body.getBoundingClientRect()];
    if (last.bottom < 3 * innerHeight && parts[to].more) {
      if (!parts[to + 1]) {
        parts.push({ body: document.createElement("tbody"), address: parts[to].more, more: "" });
        parts[to].body.after(parts[to + 1].body);
      }
      load(to + 1);
    } else if (from > 0 && first.top > -2 * innerHeight) load(from - 1);
  };
  if (next) {
    next.hidden = true;
    addEventListener("scroll", check, { passive: true });
    check();
  }
  return {
    atTop: () => from === 0,
    remember: (uid, found) => {
      if (newer.size >= MOST_NEWER) [broken, $("#news").hidden] = [true, false];
      else if (next) newer.set(uid, found);
    },
  };
}

// -- live rows

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.querySelector("tr");
}

function liveRows(table) {
  const body = table.tBodies[0];
  const total = $("#total");
  const waiting = new Map();
  const list = endless(table);
  const source = new EventSource(table.dataset.live);
  const count = (by) => { if (/^\d+$/.test(total.textContent)) total.textContent = Number(total.textContent) + by; };
  const show = () => {
    for (const [uid, found] of waiting) {
      list.remember(uid, found);
      const old = document.getElementById(`u-${uid}`);
      if (found.gone) {
        if (old) { old.remove(); count(-1); }
      } else if (old) {
        const row = parsed(found.html);
        row.className = "changed";
        const kept = old.querySelectorAll(".added-cell"); // columns of plugins are not sent again
        row.querySelectorAll(".added-cell").forEach((cell, at) => { cell.textContent = kept[at]?.textContent ?? ""; });
        old.replaceWith(row);
        setTimeout(() => { row.className = ""; }, 1500);
      } else if (found.new) {
        if (table.dataset.adds && list.atTop()) { body.prepend(parsed(found.html)); count(1); } else $("#news").hidden = false;
      }
    }
    waiting.clear();
    tick();
  };
  source.addEventListener("open", () => { $("#live").hidden = false; });
  source.addEventListener("error", () => { $("#live").hidden = true; });
  source.addEventListener("reload", () => { source.close(); $("#live").hidden = true; $("#news").hidden = false; });
  source.addEventListener("row", (event) => {
    const found = JSON.parse(event.data);
    const before = waiting.get(found.uid);
    if (before && before.new) found.new = true;
    if (!waiting.size) setTimeout(() => requestAnimationFrame(show), 100);
    waiting.set(found.uid, found);
  });
}

// -- live logs

const MOST_LINES = 10000;

function liveLog(place) {
  const pause = $("#pause");
  let stopped = false;
  const source = new EventSource(place.dataset.live);
  pause.hidden = false;
  pause.addEventListener("click", () => { stopped = !stopped; pause.setAttribute("aria-pressed", String(stopped)); });
  source.addEventListener("line", (event) => {
    const found = JSON.parse(event.data);
    const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
    const line = document.createElement("span");
    if (found.bad) line.className = "bad";
    const time = document.createElement("time");
    time.textContent = found.time;
    line.append(time, " ");
    if (found.source) { const label = document.createElement("b"); label.textContent = found.source; line.append(label, " "); }
    line.append(found.text, "\n");
    place.append(line);
    if (place.childElementCount > MOST_LINES) place.firstElementChild.remove();
    $("#empty")?.remove();
    if (atEnd && !stopped) place.scrollTop = place.scrollHeight;
  });
  place.scrollTop = place.scrollHeight;
}

// -- terminal: xterm.js where the wheel has it, else lines of text

async function xterm(place, nonce, post) {
  const make = document.createElement.bind(document); // its style elements are those that the policy's nonce allows
  document.createElement = (name, ...rest) => { const made = make(name, ...rest); if (name === "style") made.nonce = nonce; return made; };
  const [{ Terminal }, { FitAddon }] = await Promise.all([import("/static/vendor/xterm.mjs"), import("/static/vendor/addon-fit.mjs")]);
  // A link that a program prints leads nowhere: it may show another address than it has.
  const terminal = new Terminal({ linkHandler: { activate: () => {} }, scrollback: 5000, screenReaderMode: true });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  place.hidden = false;
  place.replaceChildren();
  terminal.open(place);
  let [typed, size, sending] = ["", null, false];
  const send = async () => { // one request at a time, so that what is typed stays in order
    if (sending) return;
    sending = true;
    while (typed || size) {
      const fields = size ?? { text: typed.slice(0, 4000) };
      if (size) size = null; else typed = typed.slice(4000);
      await post(fields);
    }
    sending = false;
  };
  terminal.onData((text) => { typed += text; send(); });
  terminal.onResize(({ cols, rows }) => { size = { columns: cols, rows }; send(); });
  size = { columns: terminal.cols, rows: terminal.rows };
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(place);
  send();
  terminal.focus();
  return {
    write: (text) => terminal.write(text),
    end: (text) => { terminal.write(`\r\n${text.replaceAll("\n", "\r\n")}`); terminal.options.disableStdin = true; document.createElement = make; },
  };
}


function shell(form) {
  const [screen, line, refused, place] = [$("#screen"), $("#line"), $("#refused"), $("#xterm")];
  const csrf = form.elements.csrf.value;
  let address = "";
  const post = (to, fields) => fetch(to, { method: "POST", body: new URLSearchParams({ csrf, ...fields }) });
  const say = (text) => {
    screen.append(text);
    while (screen.childNodes.length > 5000) screen.firstChild.remove();
    screen.scrollTop = screen.scrollHeight;
  };
  const type = (text) => post(address, { text });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const full = form.dataset.xterm && !form.elements.plain.checked;
    const answer = await post(form.dataset.start, { container: form.elements.container.value, full: full ? "1" : "" });
    const found = await answer.json();
    refused.hidden = answer.ok;
    if (!answer.ok) { refused.textContent = found.message; return; }
    address = found.stream;
    form.querySelector("button").disabled = true;
    const screened = full ? await xterm(place, form.dataset.xterm, (fields) => post(address, fields)) : null;
    [place.hidden, screen.hidden, line.hidden] = [!full, full, full];
    const source = new EventSource(address);
    if (!full) line.elements.text.focus();
    source.addEventListener("output", (each) => (screened?.write ?? say)(JSON.parse(each.data).text));
    source.addEventListener("end", (each) => {
      (screened?.end ?? say)(JSON.parse(each.data).text + "\n");
      source.close();
      line.hidden = true;
      form.querySelector("button").disabled = false;
    });
  });
  line.addEventListener("submit", (event) => {
    event.preventDefault();
    type(line.elements.text.value + "\n");
    line.elements.text.value = "";
  });
  for (const each of line.querySelectorAll("[data-sign]")) {
    each.addEventListener("click", () => type(String.fromCharCode(Number(each.dataset.sign))));
  }
}

// -- keys

const GO = { h: "/", p: "/l/pods", d: "/l/deployments.apps", s: "/l/services", n: "/l/nodes", e: "/l/events", m: "/map" };
let going = 0;

function pick(by) {
  const rows = [...document.querySelectorAll("#rows tbody tr[id]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  next.querySelector("a").focus();
  next.scrollIntoView({ block: "nearest" });
}

function key(event) {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && target.matches?.("input")) { target.blur(); return; }
  if (target.matches?.("input, textarea, select")) return;
  const was = going;
  going = 0;
  if (Date.now() - was < 1500 && GO[event.key]) { location.assign(GO[event.key]); return; }
  const actions = {
    "/": () => $("#search")?.focus(), f: () => $("#filter")?.focus(), "?": () => $("#keys").showModal(),
    g: () => { going = Date.now(); }, j: () => pick(1), k: () => pick(-1),
  };
  if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
}

// -- forms of objects: Enter in a field that names something new adds it

for (const each of document.querySelectorAll(".tree .pickers")) {
  each.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input, select")) return;
    event.preventDefault();
    each.querySelector("button").click();
  });
}

// -- begin

document.addEventListener("keydown", key);
for (const each of document.querySelectorAll("[data-submit]")) each.addEventListener("change", () => each.form.requestSubmit());
if (matchMedia("(max-width: 700px)").matches) $("#menu")?.removeAttribute("open");
const rows = $("#rows[data-live]");
if (rows) liveRows(rows);
const log = $("#log[data-live]");
if (log) liveLog(log);
const started = $("#shell");
if (started) shell(started);
tick();
setInterval(tick, 1000);
