(() => {
  "use strict";
  const one = (s, e = document) => e.querySelector(s), all = (s, e = document) => [...e.querySelectorAll(s)];
  const make = (name, kind, text, ...more) => {
    const e = document.createElement(name);
    if (kind) e.className = kind;
    if (text) e.textContent = text;
    e.append(...more);
    return e;
  };
  const form = one("#filters"), checks = all("details.c:not(.z)"), rules = all(".rule"), parts = [...all(".sec"), ...all(".doc")];
  form.hidden = false;

  // Filters. They stand behind the # of the address, as k=v; a check's id stands there alone.
  const hay = new Map(checks.map(c => [c, one("summary", c).textContent.toLowerCase()]));
  const home = new Map(checks.map(c => [c, c.closest(".doc").dataset.d]));
  const opened = new Map(rules.map(r => [r, r.open]));
  const apply = () => {
    const data = new FormData(form), q = String(data.get("q") || "").toLowerCase(), d = data.get("d") || "";
    const v = data.getAll("v"), l = data.getAll("l"), active = Boolean(q || d || v.length || l.length);
    let shown = 0;
    for (const c of checks) {
      c.hidden = !((!q || hay.get(c).includes(q)) && (!d || home.get(c) === d)
        && (!v.length || v.includes(c.dataset.v)) && (!l.length || l.includes(c.dataset.l)));
      shown += !c.hidden;
    }
    for (const r of rules) {
      const any = r.tagName === "DETAILS" && all("details.c", r).some(c => !c.hidden);
      r.hidden = active && !any;
      if (r.tagName === "DETAILS") r.open = active && (q || v.length || l.length) ? any : opened.get(r);
    }
    for (const p of parts) p.hidden = active && all(".rule", p).every(r => r.hidden);
    one("#count").textContent = shown + " of " + checks.length + " shown";
  };
  const keep = () => {
    const said = new URLSearchParams();
    for (const [k, v] of new FormData(form)) if (v) said.append(k, v);
    history.replaceState(null, "", "#" + said);
  };
  const take = said => {
    for (const e of all("input[type=checkbox]", form)) e.checked = said.getAll(e.name).includes(e.value);
    for (const e of all("input[type=search], select", form)) e.value = said.get(e.name) || "";
    apply();
  };
  const follow = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { /* it is no escape: as it stands */ }
    const found = document.getElementById(name), c = found && found.closest("details.c, details.rule");
    if (!found) { if (name.includes("=")) take(new URLSearchParams(location.hash.slice(1))); return; }
    if (!c) return;
    if (c.hidden) { form.reset(); apply(); }
    for (let e = c; e; e = e.parentElement.closest("details")) e.open = true;
    // Twice: the first frame opens it, only then is its place known.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      c.scrollIntoView();
      one("summary", c).focus({ preventScroll: true });
    }));
  };
  form.addEventListener("input", () => { apply(); keep(); });
  form.addEventListener("reset", () => setTimeout(() => { apply(); keep(); }));
  form.addEventListener("submit", e => e.preventDefault());
  addEventListener("hashchange", follow);
  addEventListener("keydown", e => {
    if (e.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) { e.preventDefault(); form.q.focus(); }
  });
  addEventListener("beforeprint", () => { for (const c of all("details.c")) if (!c.hidden && c.dataset.v === "fail") c.open = true; });

  // Octets. The escaped text can be read back, so that the page holds no byte twice.
  const read = text => {
    const out = [];
    for (let i = 0; i < text.length; i++) {
      if (text[i] === "\n") continue;
      if (text[i] !== "\\") { out.push(text.charCodeAt(i)); continue; }
      const name = text[++i];
      if (name === "x") { out.push(parseInt(text.substr(i + 1, 2), 16)); i += 2; }
      else out.push({ r: 13, n: 10, t: 9, "\\": 92 }[name]);
    }
    return out;
  };
  const hex = bytes => {
    let out = "";
    for (let i = 0; i < bytes.length; i += 16) {
      const row = bytes.slice(i, i + 16);
      out += i.toString(16).padStart(6, "0") + "  " + row.map(b => b.toString(16).padStart(2, "0")).join(" ").padEnd(47) + "  "
        + row.map(b => b > 31 && b < 127 ? String.fromCharCode(b) : ".").join("") + "\n";
    }
    return out;
  };
  const buttons = c => {
    for (const pre of all(".ev > pre", c)) {
      if (one(".dump", pre.parentElement)) continue;
      const button = make("button", "hx", "hex"), text = pre.textContent;
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.onclick = () => {
        const on = button.getAttribute("aria-pressed") === "false";
        pre.textContent = on ? hex(read(text)) : text;
        pre.className = on ? "hexed" : "";
        if (on) pre.tabIndex = 0; else pre.removeAttribute("tabindex");
        button.setAttribute("aria-pressed", on);
      };
      pre.previousElementSibling.append(" ", button);
    }
  };

  // Exchanges that are packed: zlib's format in base64.
  const pack = one("#wires");
  let packed = null;
  const unpack = () => packed ??= new Response(new Blob([Uint8Array.from(atob(pack.textContent), c => c.charCodeAt(0))])
    .stream().pipeThrough(new DecompressionStream("deflate"))).json();
  const event = ([when, kind, label, size, text, cut, unkept]) => {
    const dir = make("span", "dir", label, ...(size ? [" ", make("span", "mut", size)] : []));
    const e = make("div", "ev " + kind, "", make("span", "when", when), dir);
    if (text) e.append(make("pre", "", text));
    if (cut) e.append(make("span", "cut mut", cut + " more bytes are in the results"));
    if (unkept) e.append(make("span", "cut mut", unkept + " more bytes were not kept"));
    return e;
  };
  const link = (words, to) => { const a = make("a", "", words); a.href = to; a.rel = "noreferrer"; return a; };
  const draw = (c, [repeat, netcat, wires]) => {
    if (!wires.length) c.append(make("p", "mut", "The results hold no exchange of this check."));
    for (const [title, more, events] of wires) {
      const w = make("div", "wire", "", make("h5", "", title), ...events.map(event));
      if (more) w.append(make("p", "mut", more + " more events are in the results."));
      c.append(w);
    }
    if (repeat) {
      const pre = make("pre", "repeat", "", make("code", "", netcat ? repeat + "\n\n" + netcat : repeat));
      pre.tabIndex = 0;
      pre.setAttribute("aria-label", "Commands that repeat this");
      c.append(make("h5", "", "Repeat"), pre);
    }
    const pages = pack.dataset.pages, id = encodeURIComponent(c.id);
    c.append(make("p", "links", "", link("About this check", pages + "/checks/" + id + ".html"), " ",
      link("Dispute this verdict", pages + "/dispute.html?check=" + id)));
  };
  document.addEventListener("toggle", async e => {
    const c = e.target;
    if (!c.open || !c.matches("details.c") || c.dataset.drawn) return;
    c.dataset.drawn = "1";
    if (pack && !one(".links", c)) {
      try { draw(c, (await unpack())[c.id] ?? ["", "", []]); }
      catch { c.append(make("p", "say bad", "This browser cannot unpack the exchange; it is in the results.")); }
    }
    buttons(c);
  }, true);
  apply();
  follow();
})();
