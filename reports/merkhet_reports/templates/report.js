(() => {
  "use strict";
  const one = (s, e = document) => e.querySelector(s), all = (s, e = document) => [...e.querySelectorAll(s)];
  const form = one("#filters"), checks = all("details.check"), heads = all("#checks ~ h3, section h3");
  form.hidden = false;
  const hay = new Map(checks.map(c => [c, one("summary", c).textContent.toLowerCase()]));
  const apply = () => {
    const data = new FormData(form), q = String(data.get("q") || "").toLowerCase(), v = data.getAll("v"), l = data.getAll("l");
    let shown = 0;
    for (const c of checks) {
      c.hidden = !((!q || hay.get(c).includes(q)) && (!v.length || v.includes(c.dataset.v)) && (!l.length || l.includes(c.dataset.l)));
      shown += !c.hidden;
    }
    for (const h of heads) {
      let n = h.nextElementSibling, any = false;
      while (n && n.tagName === "DETAILS") { any = any || !n.hidden; n = n.nextElementSibling; }
      h.hidden = !any;
    }
    one("#count").textContent = shown + " of " + checks.length + " shown";
  };
  const follow = () => {
    const c = checks.find(c => c.id === decodeURIComponent(location.hash.slice(1)));
    if (c) { c.hidden = false; c.open = true; c.scrollIntoView(); one("summary", c).focus({ preventScroll: true }); }
  };
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", e => e.preventDefault());
  addEventListener("hashchange", follow);
  addEventListener("keydown", e => {
    if (e.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { e.preventDefault(); form.q.focus(); }
  });
  addEventListener("beforeprint", () => { for (const c of checks) if (!c.hidden && c.dataset.v === "fail") c.open = true; });
  // The escaped text can be read back, so that the page holds no byte twice.
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
  document.addEventListener("toggle", e => {
    const c = e.target;
    if (!c.open || !c.matches("details.check") || c.dataset.hex) return;
    c.dataset.hex = "1";
    for (const pre of all(".ev > pre", c)) {
      if (one(".dump", pre.parentElement)) continue;
      const button = document.createElement("button"), text = pre.textContent;
      button.type = "button"; button.className = "hx"; button.textContent = "hex"; button.setAttribute("aria-pressed", "false");
      button.onclick = () => {
        const on = button.getAttribute("aria-pressed") === "false";
        pre.textContent = on ? hex(read(text)) : text;
        pre.className = on ? "hexed" : "";
        if (on) pre.tabIndex = 0; else pre.removeAttribute("tabindex");
        button.setAttribute("aria-pressed", on);
      };
      pre.previousElementSibling.append(" ", button);
    }
  }, true);
  apply();
  follow();
})();
