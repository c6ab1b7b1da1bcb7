// dispute.html?check=ID: shows which check is meant and fills in its name in the issue form. Without it the page has the same link.
"use strict";
(() => {
  const check = new URLSearchParams(location.search).get("check") || "";
  // Only what can be the id of a check, and it is shown as text: the address may come from anywhere.
  if (!/^[a-z0-9][A-Za-z0-9._-]{0,199}$/.test(check)) return;
  const place = document.getElementById("dispute-check");
  const page = document.createElement("a");
  page.href = "checks/" + encodeURIComponent(check) + ".html";
  page.textContent = check;
  place.append("The check is ", page, "; the form has its name already.");
  const form = document.querySelector("#dispute-link a");
  const address = new URL(form.href);
  address.searchParams.set("title", "Verdict: " + check);
  address.searchParams.set("check", check);
  form.href = address.href;
})();
